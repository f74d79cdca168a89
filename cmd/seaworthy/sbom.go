package main

import (
	"errors"
	"io"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/pipeline"
)

func (c *verbs) sbom() *cobra.Command {
	var format, component string
	var df cli.DocumentFlags
	var rf cli.ResolveFlags
	cmd := &cobra.Command{
		Use:   "sbom DIR|IMAGE|REFERENCE",
		Short: "Print the SBOM of an image, or of one of its components",
		Long: `Sbom prints an SBOM from DIR/sbom, where build wrote it. It does not verify signatures:
use seaworthy verify for that. REFERENCE is an image in a registry. Sbom then fetches only the
attestations and the SBOM, and verifies their signatures with --key.

IMAGE is an image file of any origin. Sbom then makes an SBOM from the files in it.

` + cli.ExitHelpPlain("a file cannot be read, or the registry cannot be reached"),
		Example: "  seaworthy sbom dist/os > os.spdx.json\n  seaworthy sbom --format cyclonedx --component services/nginx dist/os\n" +
			"  seaworthy sbom --key seaworthy.pub registry.example.org/systems/os:1",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := cli.ApplyConfig(cmd); err != nil {
				return err
			}
			dir := args[0]
			if pipeline.IsImage(dir) {
				return c.imageSBOM(cmd, dir, component, format)
			}
			if cli.IsReference(dir) {
				f, err := df.Fetch(c.Streams, cmd, dir, &rf, func(paths []string) ([]string, error) {
					path, err := pipeline.FindSBOM(paths, component, format)
					if errors.Is(err, fs.ErrNotExist) {
						err = system.Unusable("image %s has no SBOM", dir).Suggest("build it again, and push it again")
					}
					return []string{path}, err
				})
				if err != nil {
					return err
				}
				defer f.Close()
				dir = f.Dir
			}
			path, err := pipeline.SBOMPath(dir, component, format)
			if errors.Is(err, fs.ErrNotExist) {
				return cli.NoOutput("sbom", args[0])
			} else if err != nil {
				return err
			}
			f, err := bounded.Open(path)
			if err != nil {
				return system.Unusable("sbom").Because(err)
			}
			defer f.Close()
			_, err = io.Copy(c.Out, f)
			return err
		},
	}
	df.Add(cmd)
	cli.AddAllowRedirect(cmd, &rf.RedirectTo)
	cmd.Flags().StringVar(&format, "format", "spdx", "spdx (SPDX 2.3) or cyclonedx (CycloneDX 1.6)")
	cli.Own(cmd, "format")
	cmd.Flags().StringVar(&component, "component", "", "component, as in findings: SECTION/NAME (services/nginx); default: the whole system")
	return cmd
}
