package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/internal/words"
	"github.com/seaworthy-os/seaworthy/pipeline"
	"github.com/seaworthy-os/seaworthy/scanner/kernelvex"
)

func (c *verbs) kernelVEX() *cobra.Command {
	var sf cli.SignFlags
	var now string
	o := pipeline.KernelVEX{Version: cli.Version()}
	cmd := &cobra.Command{
		Use:   "vex --cves PATH --author AUTHOR IMAGE",
		Short: "Say which CVEs of Linux do not concern a kernel, because their code was not compiled",
		Long: `Vex prints an OpenVEX document about a kernel that component build compiled. IMAGE is the name
that component build printed. --cves is a CVE record of the kernel's CNA, a folder, or a zip
archive. In a folder or an archive, the files have the names CVE-*.json.

The document has a statement about each CVE. A CVE is not_affected if the compiler read none of
the source files that the record names. If the record says that the version has the fix or is
older than the vulnerability, the CVE is fixed or not_affected. All others are
under_investigation, with the reason.

With --key, --signer-command or --keyless, vex also signs the document. The statement is stored
beside the image in the layout, in place of an older one by the same signer. component push
pushes it too. docs/vulnerabilities.md says how to use and verify the document.

` + cli.ExitHelpPlain("the image cannot be read, or has no list of compiled files"),
		Example: "  seaworthy kernel vex --cves vulns/cve/published --author 'Example Ltd' seaworthy/kernel-hardened:6.12 > kernel.vex.json\n" +
			"  seaworthy check --vuln-db debian.json --vex kernel.vex.json os.yml",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := cli.ApplyConfig(cmd); err != nil {
				return err
			}
			o.Image = args[0]
			switch {
			case len(o.CVEs) == 0:
				return system.BadInput("no CVE records are given").Suggest("add --cves PATH")
			case o.Author == "":
				return system.BadInput("the document needs an author").Suggest("add --author with the name of the person or organization that answers for it")
			}
			err := cli.CheckArch(o.Arch)
			if err != nil {
				return err
			}
			if o.Now, err = cli.ParseNow(now); err != nil {
				return err
			}
			if o.Signer, err = c.optionalSigner(cmd, &sf, "kernel vex"); err != nil {
				return err
			}
			doc, cves, err := pipeline.MakeKernelVEX(cmd.Context(), o)
			if err != nil {
				return err
			}
			c.Note(fmt.Sprintf("%s: %d not affected, %d fixed, %d under investigation; %d rejected, and %s of other CNAs left out",
				words.Count(len(doc.Statements), "CVE", "CVEs"), doc.Count(kernelvex.NotAffected), doc.Count(kernelvex.Fixed), doc.Count(kernelvex.Unknown),
				cves.Rejected, words.Count(cves.Others, "record", "records")))
			return c.JSON(doc)
		},
	}
	fs := cmd.Flags()
	fs.StringArrayVar(&o.CVEs, "cves", nil, "CVE record, or folder or zip archive of CVE records (repeatable)")
	fs.StringVar(&o.Author, "author", "", "person or organization that makes the statements")
	fs.StringVar(&now, "now", "", "date of the statements: RFC 3339 or YYYY-MM-DD (default: the clock)")
	fs.StringVar(&o.Layout, "layout", "dist/components", "OCI layout that has the image")
	fs.StringVar(&o.Arch, "arch", runtime.GOARCH, "architecture: amd64 or arm64")
	sf.AddKey(cmd)
	sf.Keyless.Add(cmd)
	return cmd
}
