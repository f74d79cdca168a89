package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/attest/trust"
	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/pipeline"
	"github.com/seaworthy-os/seaworthy/pipeline/publish"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

func (c *verbs) trust() *cobra.Command {
	cmd := &cobra.Command{Use: "trust", Short: "Explain what a trust policy requires"}
	cmd.AddCommand(c.trustExplain())
	return cmd
}

func (c *verbs) trustExplain() *cobra.Command {
	var vf cli.VerifyFlags
	var rf cli.ResolveFlags
	var format string
	cmd := &cobra.Command{
		Use:   "explain DIR|IMAGE|oci://REFERENCE",
		Short: "Show what a trust policy requires of an image, and what is missing",
		Long: `Explain compares an image with the trust policy of --trust. DIR is a folder that build wrote.
IMAGE is the name of a component image. oci://REFERENCE is a system in a registry; explain
fetches it into a temporary folder. Explain lists each requirement, what was found, and what
is missing. It checks everything that verify checks, but does not stop at the first missing
signature.

` + cli.ExitHelpPlain("the image cannot be read, or a registry cannot be reached"),
		Example: "  seaworthy trust explain --trust trust.yml dist/os\n  seaworthy trust explain --trust trust.yml ghcr.io/org/app:1",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := cli.ApplyConfig(cmd); err != nil {
				return err
			}
			if err := cli.TextOrJSON(format); err != nil {
				return err
			}
			if vf.Trust == "" {
				return system.BadInput("trust explain needs a trust policy").Suggest("give --trust trust.yml; docs/trust.md describes the file")
			}
			p, err := vf.Policy(cmd.Context(), c.Streams)
			if err != nil {
				return err
			}
			t, err := trust.Load(vf.Trust, p.Now, pipeline.Keyless)
			if err != nil {
				return err
			}
			info, err := os.Stat(args[0])
			switch {
			case err == nil && info.IsDir():
				return c.explainSystem(t, p, args[0], format)
			case err != nil && !errors.Is(err, fs.ErrNotExist):
				return system.Unusable("%s", args[0]).Because(err)
			case strings.HasPrefix(args[0], "oci://"):
				return c.explainRemote(cmd, t, p, args[0], &rf, format)
			}
			found, err := pipeline.ExplainTrust(cmd.Context(), t, args[0], rf.Store())
			if err != nil {
				return err
			}
			return c.explainComponent(found, format)
		},
	}
	vf.AddRequirements(cmd)
	rf.AddComponents(cmd)
	cli.AddTextOrJSON(cmd, &format)
	return cmd
}

// explained is the output of trust explain as JSON.
type explained struct {
	SchemaVersion int                  `json:"schemaVersion"`
	Image         string               `json:"image"`
	Trusted       bool                 `json:"trusted"`
	Requirements  []verify.Requirement `json:"requirements"`
	Signatures    []signatureFound     `json:"signatures,omitempty"`
	Problems      []verify.Problem     `json:"problems,omitempty"`
}

// signatureFound is one signature or statement beside a component image.
type signatureFound struct {
	By      string `json:"by,omitempty"`
	What    string `json:"what"`
	Trusted bool   `json:"trusted"`
	Reason  string `json:"reason,omitempty"`
	// Says is what provenance says about the build. It is true only if Trusted is.
	Says *facts.Provenance `json:"says,omitempty"`
}

// provenanceText is provenance in one line.
func provenanceText(p *facts.Provenance) string {
	out := "built by " + cmp.Or(p.Builder, "an unnamed builder")
	if p.Source != "" {
		out += " from " + p.Source
	}
	if p.Ref != "" {
		out += " at " + p.Ref
	}
	return out
}

// explainSystem prints the requirements for a folder.
func (c *verbs) explainSystem(t *trust.Policy, p verify.Policy, dir, format string) error {
	v, err := t.Verifier(p)
	if err != nil {
		return err
	}
	name, list, verr := v.Explain(dir)
	return c.explained(dir, name, list, verr, format)
}

// explainRemote fetches a system, and prints its requirements. It fetches all files,
// also if the statements are refused.
func (c *verbs) explainRemote(cmd *cobra.Command, t *trust.Policy, p verify.Policy, reference string, rf *cli.ResolveFlags, format string) error {
	if err := rf.Online(reference); err != nil {
		return err
	}
	v, err := t.Verifier(p)
	if err != nil {
		return err
	}
	var name string
	var list []verify.Requirement
	var verr error
	fetched, err := publish.Fetch(cmd.Context(), reference, publish.Options{RedirectTo: rf.RedirectTo, Note: c.Note}, nil, publish.Checks{
		Statements: func(string, string) error { return nil },
		Whole:      func(dir string) error { name, list, verr = v.Explain(dir); return nil },
	})
	if err != nil {
		return err
	}
	if err := fetched.Close(); err != nil {
		return err
	}
	return c.explained(reference, name, list, verr, format)
}

// explained prints the requirements for a system, and returns verr.
func (c *verbs) explained(dir, name string, list []verify.Requirement, verr error, format string) error {
	if format == "json" {
		out := explained{SchemaVersion: 1, Image: name, Trusted: verr == nil, Requirements: orEmpty(list)}
		if verr != nil {
			out.Problems = verify.NewReport(dir, nil, verr).Problems
		}
		if err := c.JSON(out); err != nil {
			return err
		}
		return verr
	}
	if name != "" {
		fmt.Fprintf(c.Text, "%s: system %s\n", dir, cli.Printable(name))
	}
	c.printRequirements(list)
	return verr
}

// explainComponent prints the requirements for a component image.
func (c *verbs) explainComponent(t *pipeline.Trusted, format string) error {
	var verr error
	for _, r := range t.Requirements {
		if r.Missing != "" && verr == nil {
			verr = system.Mismatch("%s: %s", t.Image, r.Missing).Suggest("use an image that meets the trust policy, or correct the policy")
		}
	}
	out := explained{SchemaVersion: 1, Image: t.Image, Trusted: verr == nil, Requirements: orEmpty(t.Requirements)}
	for _, a := range t.Attestations {
		out.Signatures = append(out.Signatures, signatureFound{By: a.Key, What: cmp.Or(a.PredicateType, "signature"), Trusted: a.Verified, Reason: a.Reason, Says: a.Provenance})
	}
	if format == "json" {
		if err := c.JSON(out); err != nil {
			return err
		}
		return verr
	}
	fmt.Fprintln(c.Text, cli.Printable(t.Image))
	for _, s := range out.Signatures {
		state := "trusted"
		if !s.Trusted {
			state = "not trusted: " + s.Reason
		}
		fmt.Fprintf(c.Text, "  found: %s by %s; %s\n", cli.Printable(s.What), cli.Printable(cmp.Or(s.By, "an unknown signer")), cli.Printable(state))
		if s.Says != nil {
			fmt.Fprintf(c.Text, "           says: %s\n", cli.Printable(provenanceText(s.Says)))
		}
	}
	if t.Truncated {
		fmt.Fprintln(c.Text, "  the list of signatures is truncated")
	}
	c.printRequirements(t.Requirements)
	return verr
}

func (c *verbs) printRequirements(list []verify.Requirement) {
	for _, r := range list {
		state := "met"
		if r.Missing != "" {
			state = "MISSING"
		}
		fmt.Fprintf(c.Text, "  %-7s  required: %s\n           found:    %s\n", state, cli.Printable(r.What), cli.Printable(r.Found))
		if r.Missing != "" {
			fmt.Fprintf(c.Text, "           missing:  %s\n", cli.Printable(r.Missing))
		}
	}
}

// orEmpty is a list that is not null in JSON.
func orEmpty(list []verify.Requirement) []verify.Requirement {
	if list == nil {
		return []verify.Requirement{}
	}
	return list
}

func (c *verbs) countersign() *cobra.Command {
	var vf cli.VerifyFlags
	var sf cli.SignFlags
	cmd := &cobra.Command{
		Use:   "countersign DIR",
		Short: "Check a signed image, and add a second signature",
		Long: `Countersign verifies an image that another person or machine built and signed, and then adds
your signature to it. A trust policy can require several signatures (threshold). The new
signature covers the provenance, on which all other statements of the image depend.

--key is your private key; --keyless signs with an identity. --trusted-key or --trust names
the trusted signers of the image. With --trust, the image must meet the trust policy, except
for signatures that are still missing.

` + cli.ExitHelpPlain("a file cannot be read or written"),
		Example: "  seaworthy countersign --key mine.key --trust trust.yml dist/os\n  seaworthy countersign --key mine.key --trusted-key seaworthy.pub dist/os",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := cli.ApplyConfig(cmd); err != nil {
				return err
			}
			if err := sf.Check("countersign"); err != nil {
				return err
			}
			p, err := vf.Policy(cmd.Context(), c.Streams)
			if err != nil {
				return err
			}
			p.Countersigning = true
			v, err := vf.Trusted(p)
			if err != nil {
				return err
			}
			if !cli.Exists(args[0]) {
				return cli.NoOutput("countersign", args[0])
			}
			signer, err := sf.Signer(cmd.Context(), c.Streams)
			if err != nil {
				return err
			}
			if err := pipeline.Countersign(cmd.Context(), args[0], v, signer); err != nil {
				return err
			}
			id, err := signer.Identify(cmd.Context())
			if err != nil {
				return err
			}
			fmt.Fprintf(c.Err, "seaworthy: countersigned %s with %s\n", args[0], cli.Printable(id))
			return nil
		},
	}
	sf.AddKey(cmd)
	sf.AddCertificate(cmd)
	sf.Keyless.Add(cmd)
	cmd.Flags().StringArrayVar(&vf.Keys, "trusted-key", nil, "public key of the signer whose image you accept (repeatable: one of them is enough)")
	vf.AddRequirements(cmd)
	return cmd
}
