package recipe

import (
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/seaworthy-os/seaworthy/internal/health"
)

// labelConfig is the label that LinuxKit reads too.
const labelConfig = "org.mobyproject.config"

// imageConfig is the OCI config: labels, process and layer.
func imageConfig(rec *Recipe, arch, label string, lay *layer, when time.Time) ocispec.Image {
	created := when.UTC()
	labels := map[string]string{}
	for key, value := range map[string]string{
		ocispec.AnnotationTitle:       rec.Name,
		ocispec.AnnotationVersion:     rec.Version,
		ocispec.AnnotationDescription: rec.Description,
		ocispec.AnnotationLicenses:    rec.Licenses,
		ocispec.AnnotationSource:      rec.Source,
		ocispec.AnnotationCreated:     created.Format(time.RFC3339),
		labelConfig:                   label,
		health.Label:                  health.Encode(rec.Health),
	} {
		if value != "" {
			labels[key] = value
		}
	}
	ports := map[string]struct{}{}
	for _, p := range rec.Image.Ports {
		ports[p] = struct{}{}
	}
	img := ocispec.Image{
		Created:  &created,
		Platform: ocispec.Platform{OS: "linux", Architecture: arch},
		RootFS:   ocispec.RootFS{Type: "layers", DiffIDs: []digest.Digest{digest.Digest(lay.diffID)}},
		History:  []ocispec.History{{Created: &created, CreatedBy: "seaworthy component build " + rec.Name}},
	}
	img.Config = ocispec.ImageConfig{User: rec.Image.User, Env: rec.Image.Env, Entrypoint: rec.Image.Entrypoint, Cmd: rec.Image.Cmd,
		WorkingDir: rec.Image.Workdir, StopSignal: rec.Image.StopSignal, Labels: labels, ExposedPorts: ports}
	return img
}
