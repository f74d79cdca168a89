package pipeline

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

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

// SBOMPath returns the path of an SBOM in the output folder of a build. component is
// an id such as services/nginx, or "" for the whole system; format is spdx or
// cyclonedx. The error is fs.ErrNotExist if the folder has no SBOMs, and an ErrInput
// for an unknown format or component.
func SBOMPath(dir, component, format string) (string, error) {
	ending := map[string]string{"spdx": spdxEnding, "cyclonedx": cycloneDXEnding}[format]
	if ending == "" {
		return "", system.BadInput("unknown SBOM format --format %q", format).Suggest("use spdx or cyclonedx")
	}
	folder := filepath.Join(dir, sbomFolder)
	if component != "" {
		folder = filepath.Join(dir, componentSBOMs)
	}
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return "", err
	} else if err != nil {
		return "", system.Unusable("sbom").Because(err)
	}
	var names []string
	for _, e := range entries {
		stem, ok := strings.CutSuffix(e.Name(), ending)
		if !ok {
			continue
		}
		if component == "" || stem == strings.ReplaceAll(component, "/", "-") {
			return filepath.Join(folder, e.Name()), nil
		}
		names = append(names, stem)
	}
	return "", system.BadInput("%s has no SBOM for component %q", folder, component).Suggest("use one of %s", strings.Join(names, ", "))
}
