package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
)

// verifyFlags are shared by verify and boot.
type verifyFlags struct {
	keys          []string
	requirePolicy string
	name, image   string
	since         string
	now           string
}

func (f *verifyFlags) add(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringArrayVar(&f.keys, "key", nil, "public key to trust (repeatable)")
	fs.StringVar(&f.requirePolicy, "require-policy", "", "NAME[@DIGEST] of the policy that the image must have passed")
	fs.StringVar(&f.name, "name", "", "name of the system that is meant: an image of another is refused")
	fs.StringVar(&f.image, "image", "", "digest of the image that is meant, sha256:HEX, as verify prints it: any other is refused")
	fs.StringVar(&f.since, "not-older-than", "", "refuse a decision that was made before this time, or does not say when; RFC 3339 or YYYY-MM-DD")
	fs.StringVar(&f.now, "now", "", "time by which waivers expire, RFC 3339 or YYYY-MM-DD (default: the clock)")
}

func (f *verifyFlags) verifier() (*verify.Verifier, error) {
	now, day, err := parseTime("now", f.now)
	if err != nil {
		return nil, err
	}
	if f.now == "" {
		now = time.Now().UTC()
	}
	if day {
		// A day is not over before its end: a decision of that day is not of
		// the future.
		now = now.AddDate(0, 0, 1).Add(-time.Second)
	}
	p := verify.Policy{Name: f.name, Image: f.image, Now: now}
	if p.NotOlderThan, _, err = parseTime("not-older-than", f.since); err != nil {
		return nil, err
	}
	if f.since != "" && p.NotOlderThan.IsZero() {
		p.NotOlderThan = time.Unix(0, 0) // of the year 1, and given all the same
	}
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
		Short: "Accept an image, or say precisely why not",
		Long: `Verify checks a folder that build wrote: the signatures, what kind of statement each is,
that every file is the one that was signed and that there is no other, that the statements
agree with each other and with the decision, and that it holds still. For one file of such
a folder it checks that file, and says so. docs/verify.md has every check.

` + exitHelpPlain,
		Example: "  seaworthy verify --key seaworthy.pub dist/os\n  seaworthy verify --key seaworthy.pub --require-policy hardened dist/os",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := applyConfig(cmd); err != nil {
				return err
			}
			if err := textOrJSON(format); err != nil {
				return err
			}
			v, err := vf.verifier()
			if err != nil {
				return err
			}
			r, rules, err := c.verifyPath(v, args[0], rebuilt)
			if r != nil {
				defer r.Close()
			}
			if format == "json" {
				return c.verifyJSON(args[0], r, rules, err)
			}
			if err == nil {
				c.sayVerified(args[0], r)
			}
			for _, one := range rules {
				fmt.Fprintf(c.text, "  %s %s: %s\n", one.ID, one.State, printable(one.Message))
			}
			return err
		},
	}
	vf.add(cmd)
	addTextOrJSON(cmd, &format)
	cmd.Flags().StringVar(&rebuilt, "rebuilt", "", "output of a second build: the image's files must be the same there (SUP-018)")
	return cmd
}

// verifyPath verifies an output folder, or one file of it. Only a whole folder
// answers the rules on outputs. A second build that differs refuses the image.
func (c *cli) verifyPath(v *verify.Verifier, path, rebuilt string) (*verify.Result, []verify.Ruling, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, noOutput("verify", path)
	case err != nil:
		return nil, nil, system.Unusable("verify %s", path).Because(err)
	case rebuilt != "" && !exists(rebuilt):
		return nil, nil, noOutput("--rebuilt", rebuilt)
	case !info.IsDir() && rebuilt != "":
		return nil, nil, system.BadInput("--rebuilt compares whole images, and %s is one file", path).Suggest("give the folder that build wrote")
	case !info.IsDir():
		r, err := v.File(path, filepath.Join(filepath.Dir(path), "attestations"))
		return r, nil, err
	}
	r, done, verr := v.Folder(path)
	var second *verify.Comparison
	err = verr
	switch {
	case rebuilt == "":
	case verr != nil:
		second = &verify.Comparison{Problem: "the image was not verified"}
	default:
		if second, err = r.Compare(rebuilt); err != nil {
			second = &verify.Comparison{Problem: err.Error()}
		} else {
			err = second.Differs(path, rebuilt)
		}
	}
	return r, verify.Rulings(done, verr, second), err
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// reference is what an image in a registry looks like, and a path does not.
var reference = lazyre.New(`^oci://|@sha256:|^[^/]+[.:][^/]*/.+:[^/]+$`)

// noOutput says that there is no output folder, and whether a registry was
// meant.
func noOutput(verb, path string) error {
	if reference.MatchString(path) {
		return system.BadInput("%s %s: an image in a registry does not work yet", verb, path).Suggest("give a folder that build wrote")
	}
	return system.BadInput("%s %s", verb, path).Because(fs.ErrNotExist).Suggest("give a folder that build wrote")
}

func (c *cli) sayVerified(path string, r *verify.Result) {
	fmt.Fprintf(c.text, "verified %s\n", path)
	for _, line := range r.Checked {
		fmt.Fprintf(c.text, "  %s\n", printable(line))
	}
	for _, f := range r.Files {
		fmt.Fprintf(c.text, "  %s  %s\n", f.Digest, printable(f.Name))
	}
	s := r.Summary
	fmt.Fprintf(c.text, "  system %s, %s, image %s\n", printable(r.Name), printable(r.Arch), r.Artifact)
	fmt.Fprintf(c.text, "  policy %s %s\n", printable(s.Policy), s.PolicyDigest)
	for _, d := range []struct{ name, digest string }{{"decision", s.Decision}, {"waivers", s.Waivers}, {"lock", s.Lock}} {
		if d.digest != "" {
			fmt.Fprintf(c.text, "  %s %s\n", d.name, d.digest)
		}
	}
	if s.Decided != "" {
		fmt.Fprintf(c.text, "  decided on %s\n", s.Decided)
	}
	if s.WaiversExpire != "" {
		fmt.Fprintf(c.text, "  waivers are valid until %s\n", s.WaiversExpire)
	}
}

// verifyJSON prints the outcome, good or bad, and keeps the exit code.
func (c *cli) verifyJSON(path string, r *verify.Result, rules []verify.Ruling, verr error) error {
	rep := verify.NewReport(path, r, verr)
	rep.Rules = rules
	if err := c.json(rep); err != nil {
		return err
	}
	return verr
}
