package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/attest/trust"
	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/pipeline"
)

// verifyFlags are the flags of verify and boot.
type verifyFlags struct {
	keys     []string
	identity identityFlags
	trust    string
	// opinion is the file of a second opinion, which the trust policy judges.
	opinion       string
	requirePolicy string
	name, image   string
	since         string
	now           string
	// certs are the certificates that may have signed the UKI.
	certs []string
}

func (f *verifyFlags) add(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringArrayVar(&f.keys, "key", nil, "trusted public key: a PEM file, or NAME://KEY for the plugin sigstore-kms-NAME (repeatable: one of them is enough)")
	f.identity.add(cmd)
	f.addRequirements(cmd)
}

// addRequirements adds all flags except those that say who is trusted.
func (f *verifyFlags) addRequirements(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVar(&f.trust, "trust", "", "trust policy, instead of --key: who must have signed, and what the statements must say (docs/trust.md)")
	fs.StringVar(&f.requirePolicy, "require-policy", "", "policy that the image must have passed: NAME[@DIGEST]")
	fs.StringVar(&f.name, "name", "", "expected name of the system; an image of another system is refused")
	fs.StringVar(&f.image, "image", "", "expected digest of the image, sha256:HEX, as verify prints it; any other image is refused")
	fs.StringVar(&f.since, "not-older-than", "", "refuse a decision that is older than this time, or has no time: RFC 3339 or YYYY-MM-DD")
	fs.StringArrayVar(&f.certs, "secure-boot-cert", nil, "certificate that must have signed the UKI of the image (repeatable: one of them is enough)")
	fs.StringVar(&f.now, "now", "", "current time, to decide which waivers have expired: RFC 3339 or YYYY-MM-DD (default: the clock)")
}

// addOpinion adds --second-opinion, for trust policies that require one.
func (f *verifyFlags) addOpinion(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.opinion, "second-opinion", "", "file that seaworthy rebuild wrote, if the trust policy requires a second opinion")
}

// checks are the verifier, and the certificates of which one must have signed the
// UKI.
func (f *verifyFlags) checks(ctx context.Context, c *verbs) (*verify.Verifier, []*x509.Certificate, error) {
	v, err := f.verifier(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	certs, err := f.certificates()
	return v, certs, err
}

func (f *verifyFlags) verifier(ctx context.Context, c *verbs) (*verify.Verifier, error) {
	p, err := f.policy(ctx, c)
	if err != nil {
		return nil, err
	}
	return f.trusted(p)
}

// trusted makes the verifier for the signers of --trust, or of --key.
func (f *verifyFlags) trusted(p verify.Policy) (*verify.Verifier, error) {
	if f.trust == "" {
		return verify.New(p)
	}
	if len(p.Keys)+len(p.Authorities) > 0 {
		return nil, system.BadInput("--trust cannot be used together with --key or --identity").Suggest("list the keys and identities in the trust policy")
	}
	t, err := trust.Load(f.trust, p.Now, pipeline.Keyless)
	if err != nil {
		return nil, err
	}
	return t.Verifier(p)
}

// policy has the requirements of the flags.
func (f *verifyFlags) policy(ctx context.Context, c *verbs) (verify.Policy, error) {
	now, day, err := cli.ParseTime("now", f.now)
	if err != nil {
		return verify.Policy{}, err
	}
	if f.now == "" {
		now = time.Now().UTC()
	}
	if day {
		// A day means its last second: a decision of the same day must not be in
		// the future.
		now = now.AddDate(0, 0, 1).Add(-time.Second)
	}
	p := verify.Policy{Name: f.name, Image: f.image, Now: now, SecondOpinion: f.opinion}
	if p.NotOlderThan, _, err = cli.ParseTime("not-older-than", f.since); err != nil {
		return p, err
	}
	if f.since != "" && p.NotOlderThan.IsZero() {
		p.NotOlderThan = time.Unix(0, 0) // year 1 is the zero Time, which means "not given"
	}
	if f.requirePolicy != "" {
		if p.RequirePolicy, p.RequireDigest, err = verify.ParseRequirement(f.requirePolicy); err != nil {
			return p, err
		}
	}
	for _, path := range f.keys {
		k, err := c.publicKey(ctx, path)
		if err != nil {
			return p, err
		}
		p.Keys = append(p.Keys, k)
	}
	return p, f.identity.addTo(&p)
}

func (c *verbs) verify() *cobra.Command {
	var vf verifyFlags
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
  - What firmware starts is what was decided: the command line in the UKI is that of the
    decision, kernel and initrd in it are the files of the image, and the certificate that
    signed it is that of the provenance, and one of --secure-boot-cert.

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
			if vf.trust != "" && len(of.keys) == 0 { // the trust policy says whose opinion counts
				vf.opinion, of.file = of.file, ""
			}
			v, certs, err := vf.checks(cmd.Context(), c)
			if err != nil {
				return err
			}
			if rebuilt != "" && !exists(rebuilt) {
				return noOutput("--rebuilt", rebuilt)
			}
			second, err := of.verifier(cmd.Context(), c, vf.now)
			if err != nil {
				return err
			}
			if isReference(args[0]) {
				f, err := c.fetch(cmd, args[0], redirectTo, seen{v: v, certs: certs, rebuilt: rebuilt}, nil)
				if err == nil {
					defer f.Close()
				}
				f.rules, err = of.judge(second, f.r, f.rules, err)
				return c.verified(args[0], format, f.r, f.rules, err)
			}
			r, rules, err := c.verifyPath(v, args[0], rebuilt)
			if r != nil {
				defer r.Close()
			}
			if err == nil {
				err = checkBootImage(args[0], r, certs)
			}
			rules, err = of.judge(second, r, rules, err)
			return c.verified(args[0], format, r, rules, err)
		},
	}
	vf.add(cmd)
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
		return nil, nil, noOutput("verify", path)
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

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
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
