package main

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/builder/component"
	"github.com/seaworthy-os/seaworthy/builder/image/inspect"
	"github.com/seaworthy-os/seaworthy/builder/image/inspect/text"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/pipeline"
	"github.com/seaworthy-os/seaworthy/pipeline/publish"
	"github.com/seaworthy-os/seaworthy/policy/report"
)

// inspectReports are the formats of image inspect.
var inspectReports = []string{"json", "text"}

func (c *verbs) image() *cobra.Command {
	cmd := &cobra.Command{Use: "image", Short: "Describe image files"}
	var reports, certs, redirectTo []string
	var arch string
	inspectCmd := &cobra.Command{
		Use:   "inspect FILE|DIR|REFERENCE",
		Short: "Describe an image file and what is inside: disk, ISO, kernel, initrd, UKI, file system, tar",
		Long: `Inspect describes an image file of any origin, and looks inside: a disk image has a
partition, the partition has a file system, and the file system has a Unified Kernel Image
with a kernel, an initrd and a command line. It needs no root, mounts nothing and writes no
files. docs/images.md lists what it understands.

DIR is a folder that build wrote: each image file in it is described. REFERENCE is an image in
a registry: a system that was pushed, or a component image. Inspect fetches a system into a
temporary folder. --arch chooses the architecture of a component image.

Inspect verifies nothing: an image can contain any text. A signature is compared with the
program that it signs. It is called trusted only if its certificate is one that --cert gives.
Use seaworthy verify for images that seaworthy built.

Damage is reported as a problem of the damaged part, and the exit status stays 0.

Exit status:
  0  done
  2  usage error, or the file does not exist
  3  failed: the file cannot be read, or is not understood`,
		Example: `  seaworthy image inspect dist/os/os-efi.qcow2
  seaworthy image inspect --cert db.crt --report json debian.iso`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := cli.ApplyConfig(cmd); err != nil {
				return err
			}
			list, err := cli.ParseWanted(reports, checkInspectReport)
			if err != nil {
				return err
			}
			certificates, err := certificatesOf(certs)
			if err != nil {
				return err
			}
			info, statErr := os.Stat(args[0])
			var r *inspect.Report
			if statErr == nil && info.IsDir() || cli.IsReference(args[0]) {
				r, err = c.inspectStored(cmd, args[0], arch, redirectTo, certificates)
			} else {
				r, err = inspectImage(args[0], certificates)
			}
			if err != nil {
				return err
			}
			return c.WriteWanted(list, func(w io.Writer, format string, _ report.Options) error {
				if format == "text" {
					return text.Write(w, r)
				}
				return cli.EncodeJSON(w, r)
			})
		},
	}
	inspectCmd.Flags().StringArrayVar(&reports, "report", nil, "report as FORMAT or FORMAT=FILE (repeatable): "+cli.TextOrJSONUsage+" (default text)")
	cli.Own(inspectCmd, "report")
	cli.AddAllowRedirect(inspectCmd, &redirectTo)
	inspectCmd.Flags().StringVar(&arch, "arch", runtime.GOARCH, "architecture of a component image: amd64, arm64 or riscv64")
	cli.Own(inspectCmd, "arch")
	inspectCmd.Flags().StringArrayVar(&certs, "cert", nil, "certificate of a trusted signer of EFI programs, PEM or DER (repeatable)")
	cmd.AddCommand(inspectCmd)
	return cmd
}

func checkInspectReport(format string) error {
	for _, f := range inspectReports {
		if f == format {
			return nil
		}
	}
	return system.BadInput("unknown report format %q", format).Suggest("use text or json")
}

// inspectImage describes one image file.
func inspectImage(path string, certificates []*x509.Certificate) (*inspect.Report, error) {
	f, size, err := bounded.OpenImage(path)
	if err != nil {
		return nil, system.NotRead(path, err)
	}
	defer f.Close()
	return inspect.Describe(path, f, size, inspect.Options{Certificates: certificates})
}

// certificatesOf reads the certificates that flags name.
func certificatesOf(paths []string) ([]*x509.Certificate, error) {
	var out []*x509.Certificate
	var errs []error
	for _, p := range paths {
		found, err := readCertificates(p)
		out, errs = append(out, found...), append(errs, err)
	}
	return out, errors.Join(errs...)
}

// inspectStored describes a folder of image files, a folder that was pushed, or a
// component image.
func (c *verbs) inspectStored(cmd *cobra.Command, name, arch string, redirectTo []string, certificates []*x509.Certificate) (*inspect.Report, error) {
	if !cli.IsReference(name) {
		return pipeline.InspectFolder(name, name, certificates)
	}
	o := publish.Options{RedirectTo: redirectTo, Note: c.Note}
	pushed, err := publish.IsFolder(cmd.Context(), name, o)
	if err != nil {
		return nil, err
	}
	if !pushed {
		return pipeline.InspectComponent(cmd.Context(), strings.TrimPrefix(name, "oci://"), component.Options{Arch: arch, RedirectTo: redirectTo})
	}
	any := publish.Checks{Statements: func(string, string) error { return nil }, Whole: func(string) error { return nil }}
	f, err := publish.Fetch(cmd.Context(), name, o, nil, any)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return pipeline.InspectFolder(f.Dir, name, certificates)
}

// maxCertificates bounds a file of certificates.
const maxCertificates = 1 << 20

// readCertificates reads one DER certificate, or the PEM certificates of a file.
func readCertificates(path string) ([]*x509.Certificate, error) {
	data, err := bounded.ReadFile(path, maxCertificates)
	if err != nil {
		return nil, system.NotRead(path, err)
	}
	bad := func(err error) error {
		return system.BadInput("%s is not a certificate", path).Because(err).Suggest("give an X.509 certificate as PEM or DER")
	}
	if cert, err := x509.ParseCertificate(data); err == nil {
		return []*x509.Certificate{cert}, nil
	}
	var out []*x509.Certificate
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, bad(err)
		}
		out = append(out, cert)
	}
	if len(out) == 0 {
		return nil, bad(nil)
	}
	return out, nil
}
