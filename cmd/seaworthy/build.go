package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/builder/image"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/pipeline"
	"github.com/seaworthy-os/seaworthy/policy"
)

func (c *verbs) build() *cobra.Command {
	var rf cli.ResolveFlags
	var pf cli.PolicyFlags
	var sb secureBootFlags
	var sf cli.SignFlags
	var outputDir string
	var noSBOM, small bool
	cmd := &cobra.Command{
		Use:   "build OS.yml...",
		Short: "Build a system that passes the policy, and sign it",
		Long: `Build resolves a system, makes an inventory of its images, assembles the new image, applies
the policy, and signs.

If the policy denies the system, build writes only the decision, to OUTPUT.denied. The
output of an earlier build does not change.

The cache keeps the results of earlier scans and the last image of the system. A rebuild
hashes all bytes again, but makes only the parts that have changed.

Several files are merged, in order, into one system. "-" is standard input. A file can be an
https URL.

` + cli.ExitHelp,
		Example: "  seaworthy key generate\n  seaworthy build --key seaworthy.key os.yml\n  seaworthy build --unsigned --format tar os.yml",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			if err := cli.ApplyConfig(cmd); err != nil {
				return err
			}
			// All flags are checked before any input is read.
			reports, err := cli.ParseReports(pf.Reports)
			err = errors.Join(err, image.CheckFormats(rf.Formats), sf.Check("build"))
			if err != nil {
				return err
			}
			check, done, err := c.ScanOptions(cmd, &rf, &pf, files)
			if err != nil {
				return err
			}
			defer done()
			firmware, err := sb.signer(cmd.Context(), c)
			if err != nil {
				return err
			}
			o := pipeline.BuildOptions{CheckOptions: check, Formats: rf.Formats, Tools: image.Tools{Dirs: rf.Tools}, Small: small, OutputDir: outputDir, Version: cli.Version(), SecureBoot: firmware}
			o.NoSBOM = noSBOM
			if o.Enrolled, err = sb.variables(); err != nil {
				return err
			}
			o.Kept = rf.Kept(cmd)
			if o.OutputDir == "" {
				o.OutputDir = filepath.Join("dist", rf.SystemName(files))
			}
			if err := cli.OutsideOf(o.OutputDir, reports); err != nil {
				return err
			}
			if o.Signer, err = sf.Start(cmd.Context(), c.Streams, slices.Contains(files, "-")); err != nil {
				return err
			}
			built, err := pipeline.Build(cmd.Context(), o)
			if err != nil {
				return err
			}
			if err := c.WriteReports(reports, built.Decision, built.SignedBy); err != nil {
				return err
			}
			c.printBuilt(built, outputDirText(o.OutputDir, built.Denied))
			return exitWith(policy.ExitCode(built.Decision))
		},
	}
	rf.Add(cmd)
	rf.AddVulnerabilities(cmd)
	pf.Add(cmd)
	rf.AddFormats(cmd)
	rf.AddRescan(cmd)
	rf.AddMemory(cmd)
	sb.add(cmd)
	fs := cmd.Flags()
	fs.StringArrayVar(&rf.Tools, "tools", nil, "folder with programs and files that image formats need; PATH and Debian's folders are searched after it (repeatable)")
	fs.BoolVar(&small, "small", false, "compress the initrd as much as possible, with xz; building and booting take longer")
	fs.StringVar(&outputDir, "output-dir", "", "folder to write (default dist/NAME)")
	fs.BoolVar(&noSBOM, "no-sbom", false, "leave the SBOM and the index of files out of the image")
	sf.Add(cmd, "build without signatures; verify will refuse the image")
	sf.AddCertificate(cmd)
	sf.Keyless.Add(cmd)
	return cmd
}

func outputDirText(dir string, denied bool) string {
	if denied {
		return dir + ".denied"
	}
	return dir
}

// printBuilt prints where the output is.
func (c *verbs) printBuilt(b *pipeline.Built, dir string) {
	if b.Denied {
		fmt.Fprintf(c.Err, "seaworthy: not built; the decision is in %s\n", dir)
		return
	}
	fmt.Fprintf(c.Err, "seaworthy: built %s: %s\n", dir, strings.Join(b.Images, " "))
}
