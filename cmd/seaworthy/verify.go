package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// verifyFlags are shared by verify and boot.
type verifyFlags struct {
	keys          []string
	requirePolicy string
	now           string
}

func (f *verifyFlags) add(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringArrayVar(&f.keys, "key", nil, "public key to believe (repeatable)")
	fs.StringVar(&f.requirePolicy, "require-policy", "", "NAME[@DIGEST] of the policy that the image must have passed")
	fs.StringVar(&f.now, "now", "", "time by which waivers expire, RFC 3339 or YYYY-MM-DD (default: the clock)")
}

func (f *verifyFlags) verifier() (*verify.Verifier, error) {
	now, err := parseNow(f.now)
	if err != nil {
		return nil, err
	}
	p := verify.Policy{Now: now}
	if f.requirePolicy != "" {
		if p.RequirePolicy, p.RequireDigest, err = verify.ParseRequirement(f.requirePolicy); err != nil {
			return nil, err
		}
	}
	for _, path := range f.keys {
		if strings.Contains(path, "://") {
			return nil, laterKey(path)
		}
		k, err := verify.LoadKey(path)
		if err != nil {
			return nil, err
		}
		p.Keys = append(p.Keys, k)
	}
	return verify.New(p)
}

func (c *cli) verify() *cobra.Command {
	var vf verifyFlags
	var format, rebuilt string
	cmd := &cobra.Command{
		Use:   "verify DIR|FILE",
		Short: "Believe an image, or say precisely why not",
		Long: `Verify checks a folder that build wrote: the signatures, what kind of statement each is,
that every file is the one that was signed and that there is no other, and that the
decision holds still. For one file of such a folder it checks that file, and says so.

` + exitHelp,
		Example: "  seaworthy verify --key seaworthy.pub dist/os\n  seaworthy verify --key seaworthy.pub --require-policy hardened dist/os",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := settle(cmd); err != nil {
				return err
			}
			if format != "text" && format != "json" {
				return usageError(fmt.Sprintf("--report %q", format), "verify reports as text or json")
			}
			v, err := vf.verifier()
			if err != nil {
				return err
			}
			r, err := c.verifyPath(v, args[0])
			if r != nil {
				defer r.Close()
			}
			rules, err := rulings(args[0], rebuilt, r, err)
			if format == "json" {
				return c.verifyJSON(args[0], r, rules, err)
			}
			if err == nil {
				c.sayVerified(args[0], r)
			}
			for _, one := range rules {
				fmt.Fprintf(c.out, "  %s %s: %s\n", one.ID, one.State, printable(one.Message))
			}
			return err
		},
	}
	vf.add(cmd)
	cmd.Flags().StringVar(&format, "report", "text", "text or json")
	cmd.Flags().StringVar(&rebuilt, "rebuilt", "", "output of a second build: the image's files must be the same there (SUP-018)")
	return cmd
}

// rulings answer the rules on outputs. A second build that differs refuses the
// image.
func rulings(path, rebuilt string, r *verify.Result, verr error) ([]verify.Ruling, error) {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		if rebuilt != "" && verr == nil {
			verr = usageError("--rebuilt compares whole images, and "+path+" is one file", "give the folder that build wrote")
		}
		return nil, verr
	}
	if rebuilt == "" || verr != nil {
		return verify.Rulings(verr, false, nil), verr
	}
	different, err := r.Compare(rebuilt)
	if err != nil {
		return verify.Rulings(nil, false, nil), err
	}
	if len(different) > 0 {
		err = &system.Error{Kind: system.ErrMismatch, What: fmt.Sprintf("%s and %s differ in %s", path, rebuilt, strings.Join(different, ", ")),
			Next: "build both from the same lock, with the same version of the builder and the same formats"}
	}
	return verify.Rulings(nil, true, different), err
}

// verifyPath verifies an output folder, or one file of it.
func (c *cli) verifyPath(v *verify.Verifier, path string) (*verify.Result, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, noOutput("verify", path)
	case err != nil:
		return nil, &system.Error{Kind: system.ErrUnusable, What: "verify " + path, Err: err}
	case info.IsDir():
		return v.Dir(path)
	}
	return v.File(path, filepath.Join(filepath.Dir(path), "attestations"))
}

// reference is what an image in a registry looks like, and a path does not.
var reference = regexp.MustCompile(`^oci://|@sha256:|^[^/]+[.:][^/]*/.+:[^/]+$`)

// noOutput says that there is no output folder, and whether a registry was
// meant.
func noOutput(verb, path string) error {
	if reference.MatchString(path) {
		return usageError(fmt.Sprintf("%s %s: an image in a registry does not work yet", verb, path), "give a folder that build wrote")
	}
	return &system.Error{Kind: system.ErrUnusable, What: verb + " " + path, Err: fs.ErrNotExist, Next: "give a folder that build wrote"}
}

func (c *cli) sayVerified(path string, r *verify.Result) {
	fmt.Fprintf(c.out, "verified %s\n", path)
	for _, line := range r.Checked {
		fmt.Fprintf(c.out, "  %s\n", printable(line))
	}
	for _, f := range r.Files {
		fmt.Fprintf(c.out, "  %s  %s\n", f.Digest, printable(f.Name))
	}
	s := r.Summary
	fmt.Fprintf(c.out, "  policy %s %s\n", printable(s.Policy), s.PolicyDigest)
	for _, d := range []struct{ name, digest string }{{"decision", s.Decision}, {"waivers", s.Waivers}, {"lock", s.Lock}} {
		if d.digest != "" {
			fmt.Fprintf(c.out, "  %s %s\n", d.name, d.digest)
		}
	}
	if s.WaiversExpire != "" {
		fmt.Fprintf(c.out, "  waivers are valid until %s\n", s.WaiversExpire)
	}
}

// verifyJSON prints the outcome, good or bad, and keeps the exit code.
func (c *cli) verifyJSON(path string, r *verify.Result, rules []verify.Ruling, verr error) error {
	enc := json.NewEncoder(c.out)
	enc.SetIndent("", "  ")
	rep := verify.NewReport(path, r, verr)
	rep.Rules = rules
	if err := enc.Encode(rep); err != nil {
		return err
	}
	return verr
}
