package pipeline

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// The SBOMs in the output folder of a build: sbom/NAME.spdx.json for the system and
// sbom/components/SECTION-NAME.spdx.json for a component.
const (
	sbomFolder      = "sbom"
	componentSBOMs  = sbomFolder + "/components"
	spdxEnding      = ".spdx.json"
	cycloneDXEnding = ".cdx.json"
)

// insideName is the name of the SBOM inside an image.
func insideName(system string) string { return system + spdxEnding + ".zst" }

// insideWindow is enough for an SBOM, whose parts are alike. The tables of the best level
// or of a large window take more memory than the rest of the work.
const insideWindow = 1 << 20

// insideSBOM is the SBOM inside an image. It is compressed: a system that runs from
// memory keeps its files there.
func insideSBOM(spdx []byte) ([]byte, error) {
	w, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBetterCompression), zstd.WithWindowSize(insideWindow), zstd.WithLowerEncoderMem(true), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	return w.EncodeAll(spdx, nil), w.Close()
}

// SBOMPath returns the path of an SBOM in the output folder of a build. component is
// an id such as services/nginx, or "" for the whole system; format is spdx or
// cyclonedx. The error is fs.ErrNotExist if the folder has no SBOMs, and an ErrInput
// for an unknown format or component.
func SBOMPath(dir, component, format string) (string, error) {
	var paths []string
	for _, folder := range []string{sbomFolder, componentSBOMs} {
		entries, err := os.ReadDir(filepath.Join(dir, folder))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", system.Unusable("sbom").Because(err)
		}
		for _, e := range entries {
			paths = append(paths, folder+"/"+e.Name())
		}
	}
	path, err := FindSBOM(paths, component, format)
	return filepath.Join(dir, path), err
}

// FindSBOM is SBOMPath for a list of the paths in an output folder.
func FindSBOM(paths []string, component, format string) (string, error) {
	ending := map[string]string{"spdx": spdxEnding, "cyclonedx": cycloneDXEnding}[format]
	if ending == "" {
		return "", system.BadInput("unknown SBOM format --format %q", format).Suggest("use spdx or cyclonedx")
	}
	folder := sbomFolder
	if component != "" {
		folder = componentSBOMs
	}
	var names []string
	for _, p := range paths {
		stem, ok := strings.CutSuffix(path.Base(p), ending)
		if !ok || path.Dir(p) != folder {
			continue
		}
		if component == "" || stem == strings.ReplaceAll(component, "/", "-") {
			return p, nil
		}
		names = append(names, stem)
	}
	if len(names) == 0 {
		return "", fs.ErrNotExist
	}
	return "", system.BadInput("the image has no SBOM for component %q", component).Suggest("use one of %s", strings.Join(names, ", "))
}
