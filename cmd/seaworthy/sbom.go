package main

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/pipeline"
)

func (c *verbs) sbom() *cobra.Command {
	var format, component string
	cmd := &cobra.Command{
		Use:   "sbom DIR",
		Short: "Print the SBOM of an image, or of one of its components",
		Long: `Sbom prints an SBOM from DIR/sbom, where build wrote it. It does not verify signatures:
use seaworthy verify for that.

` + cli.ExitHelpPlain("a file cannot be read"),
		Example: "  seaworthy sbom dist/os > os.spdx.json\n  seaworthy sbom --format cyclonedx --component services/nginx dist/os",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := cli.ApplyConfig(cmd); err != nil {
				return err
			}
			path, err := pipeline.SBOMPath(args[0], component, format)
			if errors.Is(err, fs.ErrNotExist) {
				return noOutput("sbom", args[0])
			} else if err != nil {
				return err
			}
			f, err := os.Open(path)
			if err != nil {
				return system.Unusable("sbom").Because(err)
			}
			defer f.Close()
			_, err = io.Copy(c.Out, f)
			return err
		},
	}
	cmd.Flags().StringVar(&format, "format", "spdx", "spdx (SPDX 2.3) or cyclonedx (CycloneDX 1.6)")
	cli.Own(cmd, "format")
	cmd.Flags().StringVar(&component, "component", "", "component, as in findings: SECTION/NAME (services/nginx); default: the whole system")
	return cmd
}
