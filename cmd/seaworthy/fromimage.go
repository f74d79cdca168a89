package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/pipeline"
	"github.com/seaworthy-os/seaworthy/scanner"
)

// ofSystems are flags of check that have no meaning for an image file.
var ofSystems = []string{"components", "locked", "format", "trust", "name", "rescan"}

// imageFiles are the arguments of check if they are image files, nil if they are
// os.yml files.
func imageFiles(cmd *cobra.Command, paths, certs []string) (*pipeline.ImageFiles, error) {
	images := 0
	for _, p := range paths {
		if pipeline.IsImage(p) {
			images++
		}
	}
	switch {
	case images == 0 && len(certs) > 0:
		return nil, system.BadInput("--secure-boot-cert is for image files, and %s is not an image file", paths[0]).Suggest("leave out --secure-boot-cert")
	case images == 0:
		return nil, nil
	case images < len(paths):
		return nil, system.BadInput("image files and os.yml files cannot be checked together").Suggest("check them separately")
	}
	out := &pipeline.ImageFiles{Paths: paths}
	if cmd.Flags().Changed("arch") {
		out.Arch = cmd.Flag("arch").Value.String()
	}
	var err error
	out.Certificates, err = certificatesOf(certs)
	return out, err
}

// imageSBOM prints an SBOM that is made from an image file.
func (c *verbs) imageSBOM(cmd *cobra.Command, path, component, format string) error {
	if format != "spdx" && format != "cyclonedx" {
		return system.BadInput("unknown SBOM format --format %q", format).Suggest("use spdx or cyclonedx")
	}
	d, err := pipeline.ImageDocuments(cmd.Context(), pipeline.ImageFiles{Paths: []string{path}}, pipeline.CheckOptions{Progress: c.Progress()})
	if err != nil {
		return err
	}
	one := scanner.ComponentDocuments{SPDX: d.SPDX, CycloneDX: d.CycloneDX}
	if component != "" {
		var names []string
		found := false
		for _, made := range d.Components {
			if made.ID == component {
				one, found = made, true
			}
			names = append(names, made.ID)
		}
		if !found {
			return system.BadInput("%s has no component %q", path, component).Suggest("use one of %s", strings.Join(names, ", "))
		}
	}
	text := one.SPDX
	if format == "cyclonedx" {
		text = one.CycloneDX
	}
	_, err = c.Out.Write(text)
	return err
}
