package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

func (c *cli) sbom() *cobra.Command {
	var format, component string
	cmd := &cobra.Command{
		Use:   "sbom DIR",
		Short: "Print the SBOM of an image, or of one of its components",
		Long: `Sbom prints an SBOM from DIR/sbom, where build wrote it. It does not verify signatures:
use seaworthy verify for that.

` + exitHelpPlain,
		Example: "  seaworthy sbom dist/os > os.spdx.json\n  seaworthy sbom --format cyclonedx --component services/nginx dist/os",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := applyConfig(cmd); err != nil {
				return err
			}
			suffix := map[string]string{"spdx": ".spdx.json", "cyclonedx": ".cdx.json"}[format]
			if suffix == "" {
				return system.BadInput("unknown SBOM format --format %q", format).Suggest("use spdx or cyclonedx")
			}
			path, err := sbomPath(args[0], component, suffix)
			if err != nil {
				return err
			}
			f, err := os.Open(path)
			if err != nil {
				return system.Unusable("sbom").Because(err)
			}
			defer f.Close()
			_, err = io.Copy(c.out, f)
			return err
		},
	}
	cmd.Flags().StringVar(&format, "format", "spdx", "spdx (SPDX 2.3) or cyclonedx (CycloneDX 1.6)")
	own(cmd, "format")
	cmd.Flags().StringVar(&component, "component", "", "component, as in findings: SECTION/NAME (services/nginx); default: the whole system")
	return cmd
}

// sbomPath finds the file of a component. The error lists the components that
// exist.
func sbomPath(dir, component, suffix string) (string, error) {
	folder := filepath.Join(dir, "sbom")
	if component != "" {
		folder = filepath.Join(folder, "components")
	}
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return "", noOutput("sbom", dir)
	} else if err != nil {
		return "", system.Unusable("sbom").Because(err)
	}
	var names []string
	for _, e := range entries {
		stem, ok := strings.CutSuffix(e.Name(), suffix)
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
