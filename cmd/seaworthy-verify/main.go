// Command seaworthy-verify verifies systems that seaworthy built. It is small, and
// starts fast: for an initramfs, a hypervisor host or a netboot server. It makes the
// checks of `seaworthy verify`, except those of EFI programs, and verifies keys and
// certificates of your own certificate authority. It uses no network.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/seaworthy-os/seaworthy/attest/trust"
	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/safetext"
)

const usage = `Verify a system that seaworthy built, or report why it is refused.

Usage: seaworthy-verify [FLAGS] DIR|FILE

DIR is a folder that build wrote. FILE is one file of such a folder: only this file is then
checked. The content of EFI programs is not compared with the decision; seaworthy verify
does that.

Flags:
  --key FILE             trusted public key (repeatable: one of them is enough)
  --trust FILE           trust policy, instead of --key
  --name NAME            expected name of the system
  --image DIGEST         expected digest of the image, sha256:HEX
  --require-policy P     policy that the image must have passed: NAME[@DIGEST]
  --not-older-than TIME  refuse a decision that is older, or has no time
  --now TIME             current time (default: the clock)
  --quiet                print nothing if the image is accepted

Times are YYYY-MM-DD, or as in RFC 3339.

Exit status:
  0  accepted
  2  usage error or malformed input
  3  failed: a file cannot be read
  4  refused
`

// The exit codes of seaworthy.
const (
	exitUsage  = 2
	exitNoEval = 3
	exitRefuse = 4
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// texts is a flag that can be repeated.
type texts []string

func (t *texts) String() string     { return strings.Join(*t, ",") }
func (t *texts) Set(s string) error { *t = append(*t, s); return nil }

// options are the flags.
type options struct {
	keys                                texts
	trust, policy, since, now, name, id string
	quiet                               bool
}

func run(args []string, stdout, stderr io.Writer) int {
	out, errs := safetext.NewWriter(stdout), safetext.NewWriter(stderr)
	var o options
	fs := flag.NewFlagSet("seaworthy-verify", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Var(&o.keys, "key", "")
	fs.StringVar(&o.trust, "trust", "", "")
	fs.StringVar(&o.name, "name", "", "")
	fs.StringVar(&o.id, "image", "", "")
	fs.StringVar(&o.policy, "require-policy", "", "")
	fs.StringVar(&o.since, "not-older-than", "", "")
	fs.StringVar(&o.now, "now", "", "")
	fs.BoolVar(&o.quiet, "quiet", false, "")
	err := fs.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(out, usage)
		return 0
	case err != nil:
		return report(errs, system.BadInput("%v", err).Suggest("see seaworthy-verify --help"))
	case fs.NArg() != 1:
		return report(errs, system.BadInput("give one folder or file, after the flags").Suggest("see seaworthy-verify --help"))
	}
	// A script may pass an unset variable: an empty value must not mean "not required".
	fs.Visit(func(f *flag.Flag) {
		if f.Value.String() == "" || f.Name == "key" && strings.Contains(","+f.Value.String()+",", ",,") {
			err = errors.Join(err, system.BadInput("--%s is empty", f.Name))
		}
	})
	if err != nil {
		return report(errs, err)
	}
	v, err := o.verifier()
	if err != nil {
		return report(errs, err)
	}
	r, err := check(v, fs.Arg(0))
	if err != nil {
		return report(errs, err)
	}
	defer r.Close()
	if !o.quiet {
		show(out, fs.Arg(0), r)
	}
	return 0
}

// verifier makes the verifier for the flags.
func (o *options) verifier() (*verify.Verifier, error) {
	p := verify.Policy{Name: o.name, Image: o.id}
	if err := p.SetTimes(o.now, o.since); err != nil {
		return nil, err
	}
	if o.policy != "" {
		var err error
		if p.RequirePolicy, p.RequireDigest, err = verify.ParseRequirement(o.policy); err != nil {
			return nil, err
		}
	}
	for _, path := range o.keys {
		k, err := verify.LoadKey(path)
		if err != nil {
			return nil, err
		}
		p.Keys = append(p.Keys, k)
	}
	if o.trust == "" {
		return verify.New(p)
	}
	t, err := trust.Load(o.trust, p.Now, trustOptions()...)
	if err != nil {
		return nil, err
	}
	return t.Verifier(p)
}

func check(v *verify.Verifier, path string) (*verify.Result, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, system.BadInput("%s", path).Because(err).Suggest("give a folder that build wrote")
	case info.IsDir():
		return v.Dir(path)
	}
	return v.File(path, "")
}

func show(w io.Writer, path string, r *verify.Result) {
	fmt.Fprintf(w, "verified %s\n", path)
	for _, line := range r.Checked {
		fmt.Fprintf(w, "  %s\n", safetext.Clean(line))
	}
	for _, q := range r.Requirements {
		fmt.Fprintf(w, "  required: %s; found: %s\n", safetext.Clean(q.What), safetext.Clean(q.Found))
	}
	fmt.Fprintf(w, "  system %s, %s, image %s\n", safetext.Clean(r.Name), safetext.Clean(r.Arch), r.Artifact)
}

// report prints each error with its next step, and returns the exit code.
func report(w io.Writer, err error) int {
	for _, p := range verify.NewReport("", nil, err).Problems {
		fmt.Fprintf(w, "seaworthy-verify: %s\n", safetext.Clean(p.Message))
		if p.Next != "" {
			fmt.Fprintf(w, "  next: %s\n", safetext.Clean(p.Next))
		}
	}
	switch {
	case errors.Is(err, system.ErrMismatch):
		return exitRefuse
	case errors.Is(err, system.ErrInput):
		return exitUsage
	}
	return exitNoEval
}
