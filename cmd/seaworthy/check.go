package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/pipeline"
	"github.com/seaworthy-os/seaworthy/policy"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

func (c *verbs) check() *cobra.Command {
	var rf cli.ResolveFlags
	var pf cli.PolicyFlags
	var stored string
	var certs []string
	cmd := &cobra.Command{
		Use:   "check OS.yml... | IMAGE... | --facts FILE",
		Short: "Check a system against the policy, without building it",
		Long: `Check resolves a system, makes an inventory of every component, and applies the policy.
It writes only the requested reports.

The cache keeps the scan result of each image under the image's digest. Check hashes the
bytes of an image each time, but scans an image only once.

Several files are merged, in order, into one system. "-" is standard input. A file can be an
https URL; such an os.yml must not refer to files of this machine.

IMAGE is an image file of any origin: a disk, an ISO, a UKI, a tar, a squashfs, or the files
of a kernel+initrd (os-kernel, os-initrd.img, os-cmdline). The facts then come from the image
alone. A rule about something that the image does not say, such as the names of component
images, is unknown. A file whose name ends in .yml or .yaml is always an os.yml.

With --facts, check uses facts that were stored before. It then needs no images, and makes
the same decision.

` + cli.ExitHelp,
		Example: "  seaworthy check os.yml\n  seaworthy check --policy hardened --waivers waivers.yml --report sarif=os.sarif os.yml",
		RunE: func(cmd *cobra.Command, files []string) error {
			if err := errors.Join(checkArgs(cmd, files), cli.ApplyConfig(cmd)); err != nil {
				return err
			}
			reports, err := cli.ParseReports(pf.Reports)
			if err != nil {
				return err
			}
			o, done, err := c.ScanOptions(cmd, &rf, &pf, files)
			if err != nil {
				return err
			}
			defer done()
			d, err := c.checkOrFacts(cmd, stored, certs, o)
			if err != nil {
				return err
			}
			if err := c.WriteReports(reports, d, ""); err != nil {
				return err
			}
			return exitWith(policy.ExitCode(d))
		},
	}
	rf.Add(cmd)
	rf.AddVulnerabilities(cmd)
	pf.Add(cmd)
	rf.AddRescan(cmd)
	rf.AddMemory(cmd)
	rf.AddFormats(cmd)
	cmd.Flags().StringVar(&stored, "facts", "", "check stored facts, written by seaworthy facts (-: standard input)")
	cmd.Flags().StringArrayVar(&certs, "secure-boot-cert", nil, "certificate of a known signer of the programs in IMAGE, PEM or DER (repeatable)")
	cli.Own(cmd, "secure-boot-cert")
	cli.Own(cmd, "facts") // the environment must not choose what is checked
	return cmd
}

func (c *verbs) checkOrFacts(cmd *cobra.Command, stored string, certs []string, o pipeline.CheckOptions) (*decision.Decision, error) {
	if stored != "" {
		return c.checkFacts(cmd, stored, o)
	}
	image, err := imageFiles(cmd, o.Resolve.Files, certs)
	if err != nil {
		return nil, err
	}
	if image != nil {
		return pipeline.CheckImage(cmd.Context(), *image, o)
	}
	checked, err := pipeline.Check(cmd.Context(), o)
	if err != nil {
		return nil, err
	}
	return checked.Decision, nil
}

// exitWith ends the program with a decision's exit code.
func exitWith(code int) error {
	if code == cli.ExitPass {
		return nil
	}
	return cli.ExitError(code)
}
