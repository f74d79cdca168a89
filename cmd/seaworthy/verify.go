package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
)

func (c *verbs) verify() *cobra.Command {
	var vf cli.VerifyFlags
	var format, rebuilt string
	var redirectTo []string
	var of opinionFlags
	cmd := &cobra.Command{
		Use:   "verify DIR|FILE|REFERENCE",
		Short: "Verify an image, or report why it is refused",
		Long: `Verify checks a folder that build wrote:

  - The signatures are valid, and each statement has the expected type.
  - Every file is the file that was signed, and there are no other files.
  - The statements agree with each other and with the decision.
  - The decision is still valid: no waiver has expired.
  - Each UKI has the command line of the decision, and the kernel and the initrd of the
    image. Its signature for Secure Boot is by the certificate in the provenance; with
    --secure-boot-cert, this must be one of the given certificates.

FILE is one file of such a folder. Verify then checks only this file, and says so.
REFERENCE is an image in a registry. Verify fetches it into a temporary folder, and makes
the same checks; if a statement is refused, it fetches no file of the image.
docs/verify.md lists all checks.

` + cli.ExitHelpPlain("a file cannot be read, or the registry cannot be reached"),
		Example: "  seaworthy verify --key seaworthy.pub dist/os\n  seaworthy verify --key seaworthy.pub registry.example.org/systems/os:1\n  seaworthy verify --key seaworthy.pub --require-policy hardened dist/os\n  seaworthy verify --trust trust.yml dist/os",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := cli.ApplyConfig(cmd); err != nil {
				return err
			}
			if err := cli.TextOrJSON(format); err != nil {
				return err
			}
			if vf.Trust != "" && len(of.keys) == 0 { // the trust policy says whose opinion counts
				vf.Opinion, of.file = of.file, ""
			}
			v, certs, err := vf.Checks(cmd.Context(), c.Streams)
			if err != nil {
				return err
			}
			if rebuilt != "" && !cli.Exists(rebuilt) {
				return cli.NoOutput("--rebuilt", rebuilt)
			}
			second, err := of.verifier(cmd.Context(), c, vf.Now)
			if err != nil {
				return err
			}
			if cli.IsReference(args[0]) {
				f, err := c.Fetch(cmd, args[0], redirectTo, cli.Seen{V: v, Certs: certs, Rebuilt: rebuilt}, nil)
				if err == nil {
					defer f.Close()
				}
				f.Rules, err = of.judge(second, f.R, f.Rules, err)
				return c.verified(args[0], format, f.R, f.Rules, err)
			}
			r, rules, err := c.verifyPath(v, args[0], rebuilt)
			if r != nil {
				defer r.Close()
			}
			if err == nil {
				err = cli.CheckBootImage(args[0], r, certs)
			}
			rules, err = of.judge(second, r, rules, err)
			return c.verified(args[0], format, r, rules, err)
		},
	}
	vf.Add(cmd)
	of.add(cmd)
	cli.AddAllowRedirect(cmd, &redirectTo)
	cli.AddTextOrJSON(cmd, &format)
	cmd.Flags().StringVar(&rebuilt, "rebuilt", "", "output folder of a second build; its image files must be the same (SUP-018)")
	return cmd
}

// verifyPath verifies an output folder, or one file of it. Rules about outputs need
// a whole folder.
func (c *verbs) verifyPath(v *verify.Verifier, path, rebuilt string) (*verify.Result, []verify.Ruling, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, cli.NoOutput("verify", path)
	case err != nil:
		return nil, nil, system.Unusable("verify %s", path).Because(err)
	case !info.IsDir() && rebuilt != "":
		return nil, nil, system.BadInput("--rebuilt compares whole images, but %s is one file", path).Suggest("give the folder that build wrote")
	case !info.IsDir():
		r, err := v.File(path, filepath.Join(filepath.Dir(path), "attestations"))
		return r, nil, err
	}
	return v.DirRules(path, rebuilt)
}

// verified prints the result of a verification, and returns its error.
func (c *verbs) verified(path, format string, r *verify.Result, rules []verify.Ruling, err error) error {
	if format == "json" {
		return c.verifyJSON(path, r, rules, err)
	}
	if err == nil {
		c.printVerified(path, r)
	}
	for _, one := range rules {
		fmt.Fprintf(c.Text, "  %s %s: %s\n", one.ID, one.State, cli.Printable(one.Message))
	}
	return err
}

func (c *verbs) printVerified(path string, r *verify.Result) {
	fmt.Fprintf(c.Text, "verified %s\n", path)
	for _, line := range r.Checked {
		fmt.Fprintf(c.Text, "  %s\n", cli.Printable(line))
	}
	for _, f := range r.Files {
		fmt.Fprintf(c.Text, "  %s  %s\n", f.Digest, cli.Printable(f.Name))
	}
	for _, q := range r.Requirements {
		fmt.Fprintf(c.Text, "  required: %s; found: %s\n", cli.Printable(q.What), cli.Printable(q.Found))
	}
	s := r.Summary
	fmt.Fprintf(c.Text, "  system %s, %s, image %s\n", cli.Printable(r.Name), cli.Printable(r.Arch), r.Artifact)
	fmt.Fprintf(c.Text, "  policy %s %s\n", cli.Printable(s.Policy), s.PolicyDigest)
	for _, d := range []struct{ name, digest string }{{"decision", s.Decision}, {"waivers", s.Waivers}, {"lock", s.Lock}} {
		if d.digest != "" {
			fmt.Fprintf(c.Text, "  %s %s\n", d.name, d.digest)
		}
	}
	if s.Decided != "" {
		fmt.Fprintf(c.Text, "  decided on %s\n", s.Decided)
	}
	if s.WaiversExpire != "" {
		fmt.Fprintf(c.Text, "  waivers are valid until %s\n", s.WaiversExpire)
	}
}

// verifyJSON prints the result as JSON, also after a failure. It returns the error
// of the verification, so that the exit code is the same.
func (c *verbs) verifyJSON(path string, r *verify.Result, rules []verify.Ruling, verr error) error {
	rep := verify.NewReport(path, r, verr)
	rep.Rules = rules
	if err := c.JSON(rep); err != nil {
		return err
	}
	return verr
}
