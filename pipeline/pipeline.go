// Package pipeline runs the steps: resolve, inventory, decide, assemble, seal. It is
// the only package that imports all steps; a step imports no other step. Check and
// Build run them in this order:
//
//	os.yml -> Resolve -> Inventory -> Decide -> Assemble -> Seal
//
// Inventory and Assemble share one pass over each image: the bytes are streamed to
// the scanner and, in Build, to a temporary output. Decide only gates the result: a
// system that passes is renamed into place and sealed, a denied one is deleted.
package pipeline

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"sync"
	"time"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder"
	"github.com/seaworthy-os/seaworthy/builder/component"
	"github.com/seaworthy-os/seaworthy/builder/image"
	"github.com/seaworthy-os/seaworthy/builder/image/secureboot"
	"github.com/seaworthy-os/seaworthy/builder/image/uki"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/kept"
	"github.com/seaworthy-os/seaworthy/internal/whence"
	"github.com/seaworthy-os/seaworthy/internal/words"
	"github.com/seaworthy-os/seaworthy/pipeline/policies"
	"github.com/seaworthy-os/seaworthy/policy"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/scanner"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
	"github.com/seaworthy-os/seaworthy/scanner/vuln"
)

// Step is a step of the pipeline, as progress and benchmarks name it.
type Step string

// The steps in order. Inventory and Assemble run in one pass.
const (
	Resolve   Step = "resolve"
	Inventory Step = "inventory"
	Decide    Step = "decide"
	Assemble  Step = "assemble"
	Seal      Step = "seal"
)

// Progress is called when a step begins, with detail "", and then with one line for
// each action of the step.
type Progress func(step Step, detail string)

// CheckOptions holds the inputs of Check.
type CheckOptions struct {
	Resolve builder.Options
	Policy  policy.Options
	// PolicySigners may sign policies from a registry; see policies.Options.
	PolicySigners verify.Signers
	// Trust is the path of the trust policy, which names the keys whose signatures on
	// component images are trusted. With "", no key is trusted and no signatures are
	// looked up.
	Trust string
	// Time is the time in outputs (SOURCE_DATE_EPOCH, else 1970). The policy has its
	// own clock.
	Time time.Time
	// TempDir is the folder for temporary files, "" for the system's folder.
	TempDir  string
	Progress Progress
	// NoSBOM leaves the SBOM and the index of files out of the image.
	NoSBOM bool
	// Vulnerabilities holds the databases and VEX documents for the packages of the
	// inventory or of stored facts.
	Vulnerabilities vuln.Options
	// anyTag is passed to policies.Options.
	anyTag bool
	// Inventories keeps inventories of images between runs. The zero value keeps
	// nothing.
	Inventories scanner.Cache
	// Shared keeps inventories for all machines of an organisation; nil for none.
	Shared scanner.Shared
	// FormatsMeant are the formats of the build that the decision is about. Build
	// uses its own formats. Without formats, rules about formats are unknown.
	FormatsMeant []string
}

// Checked is the result of Check.
type Checked struct {
	OS       *system.OS
	Facts    *facts.Facts
	Decision *decision.Decision
}

// Check resolves, inventories and decides. It writes only to the cache. An image
// whose inventory is in the cache is only verified.
func Check(ctx context.Context, o CheckOptions) (*Checked, error) {
	_, c, err := check(ctx, o, true)
	return c, err
}

// check does the work of Check and also returns what was resolved. The store of the
// result is closed.
func check(ctx context.Context, o CheckOptions, recall bool) (*resolved, *Checked, error) {
	r, judge, err := o.resolve(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer r.Store.Close()
	scan := scanner.New(o.scanner())
	defer scan.Close()
	o.Progress.begin(Inventory)
	if err := inventory(ctx, r.Resolved, scan, r.OS.Components, recall, o); err != nil {
		return nil, nil, err
	}
	c, err := o.decide(ctx, r, scan, judge)
	return r, c, err
}

// BuildOptions holds the inputs of Build.
type BuildOptions struct {
	CheckOptions
	Formats []string
	// Tools finds the programs and files of this machine that formats need.
	Tools image.Tools
	// Small: see image.Options.
	Small bool
	// used are those that these formats need, found by Build.
	used []image.Used
	// OutputDir is the folder that Build replaces, usually dist/NAME.
	OutputDir string
	// SecureBoot signs the UKIs for the firmware. With nil, they are not signed.
	SecureBoot uki.Signer
	// Enrolled are the variables of Secure Boot in the firmware, from which PCR 7 is
	// predicted. With nil, it is not predicted.
	Enrolled []secureboot.Variable
	// Signer returns the signer of the image. A nil Signer builds without
	// attestations. Build calls it when all inputs are resolved, while it reads layers.
	// The caller can start the work earlier, because opening an encrypted key takes a
	// third of a second.
	Signer func() (attest.Signer, error)
	// signedAs is the name of the key in the reports of an unsigned second build,
	// which are compared with those of the first one.
	signedAs string
	// Version is the version of the program, for the provenance.
	Version string
	// Kept is the store of earlier builds: inventories, documents and the last image
	// of each system. Its contents become part of what is signed, so it should have a
	// Secret. The zero value keeps nothing. Build ignores Inventories.
	Kept kept.Store
}

// Built is the result of Build.
type Built struct {
	Checked
	Documents *scanner.Documents
	// Dir is the written folder: OutputDir, or OutputDir.denied.
	Dir    string
	Denied bool
	// SignedBy is the name of the signer (see attest.Signer), "" if nothing was
	// signed.
	SignedBy string
	// Tools are the programs and files of this machine that made the image.
	Tools []image.Used
	// Images are the image files relative to Dir; empty if the system was denied.
	Images []string
}

// Build runs all steps. A failed build leaves OutputDir unchanged. So does a denied
// one, which writes the decision to OutputDir.denied and returns no error.
func Build(ctx context.Context, o BuildOptions) (*Built, error) {
	if err := image.CheckFormats(o.Formats); err != nil {
		return nil, err
	}
	if err := o.checkSecureBoot(); err != nil {
		return nil, err
	}
	if err := replaceable(o.OutputDir); err != nil {
		return nil, err
	}
	o.FormatsMeant = o.Formats
	r, judge, err := o.resolve(ctx)
	if err != nil {
		return nil, err
	}
	defer r.Store.Close()
	tools, err := image.Require(o.Formats, r.OS.Arch, o.Tools, o.Small)
	if err := errors.Join(bootable(r.OS, o.Formats), err); err != nil {
		return nil, err
	}
	if _, asked := dataVolume(r.OS); asked {
		mke2fs, err := image.RequireData(o.Tools)
		if err != nil {
			return nil, err
		}
		tools = append(tools, mke2fs)
	}
	o.used = tools
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	wait := o.open(stop)
	out, err := newOutput(o.OutputDir)
	if err != nil {
		return nil, err
	}
	defer out.discard()
	scanning := o.scanner()
	scanning.Documents, scanning.Cache = true, o.Kept
	scan := scanner.New(scanning)
	defer scan.Close()

	o.Progress.begin(Assemble)
	last := o.lastOf(r.OS)
	made, err := last.again(ctx, r.Resolved, scan, o, out.dir)
	if made == nil && err == nil {
		made, err = assemble(ctx, r.Resolved, scan, o, out.dir, last.parts())
	}
	defer made.release()
	signer, keyErr := wait()
	if keyErr != nil {
		return nil, keyErr // and not the cancellation that followed
	}
	if err != nil {
		return nil, err
	}
	// The rules judge the command line that boots.
	r.OS.Kernel.Cmdline = image.WithParameters(r.OS.Kernel.Cmdline, made.parameters)
	if r.boot, err = o.examine(out.dir, r.OS.Name, made); err != nil {
		return nil, err
	}
	checked, err := o.decide(ctx, r, scan, judge)
	if err != nil {
		return nil, err
	}
	built := &Built{Checked: *checked, Images: made.files, Tools: o.used}
	if policy.ExitCode(checked.Decision) != 0 {
		built.Denied, built.Images = true, nil
		built.Dir, err = out.deny(checked)
		return built, err
	}
	o.Progress.begin(Seal)
	if built.Documents = made.documents; built.Documents == nil {
		if built.Documents, err = scan.Documents(ctx, r.OS); err != nil {
			return nil, err
		}
	}
	digests, err := seal(ctx, r.Resolved, built, o, out, signer, made.digests)
	if err != nil {
		return nil, err
	}
	last.keep(out.dir, made, digests)
	built.Dir, err = out.commit()
	return built, err
}

// resolve reads all inputs that the options name: os.yml and the manifests of its
// images, the policy and its waivers. Their errors are reported together before a
// layer is read.
func (o CheckOptions) resolve(ctx context.Context) (*resolved, *policy.Prepared, error) {
	o.Progress.begin(Resolve)
	var judge *policy.Prepared
	var policyErr error
	var wait sync.WaitGroup
	wait.Go(func() { judge, policyErr = o.prepare(ctx) })
	r, err := o.sources(ctx)
	wait.Wait()
	if policyErr != nil && r != nil {
		policyErr = errors.Join(policyErr, r.Store.Close())
	}
	if err := errors.Join(err, policyErr); err != nil {
		return nil, nil, err
	}
	for _, n := range r.Notes {
		if n.Works {
			o.Progress.say(Resolve, fmt.Sprintf("note: %s:%d:%d: %s: %s", n.Origin.File, n.Origin.Line, n.Origin.Column, n.Component, n.Text))
		}
	}
	o.Progress.say(Resolve, words.Count(len(r.OS.Components), "component", "components"))
	return r, judge, nil
}

// resolved is a resolved system with the attestations of its images.
type resolved struct {
	*builder.Resolved
	trust trusted
	// boot describes the written files. It is empty before a build.
	boot facts.Boot
}

// sources reads os.yml and finds its images and their attestations.
func (o CheckOptions) sources(ctx context.Context) (*resolved, error) {
	signers, err := o.signers()
	if err := errors.Join(o.Vulnerabilities.Check(), err); err != nil {
		return nil, err
	}
	r, err := builder.Resolve(ctx, o.Resolve)
	if err != nil {
		return nil, err
	}
	out := &resolved{Resolved: r}
	if out.trust, err = attestations(ctx, signers, r); err != nil {
		return nil, errors.Join(err, r.Store.Close())
	}
	return out, nil
}

// open opens the key of the image while the image is assembled: an encrypted key takes a
// third of a second. If that fails, stop is called with the error. The result waits for
// the signer, which is nil for an unsigned image.
func (o BuildOptions) open(stop context.CancelCauseFunc) (wait func() (attest.Signer, error)) {
	wait = sync.OnceValues(func() (attest.Signer, error) {
		if o.Signer == nil {
			return nil, nil
		}
		signer, err := o.Signer()
		if err != nil {
			stop(err)
		}
		return signer, err
	})
	go func() { _, _ = wait() }() // the error is in stop and in wait
	return wait
}

func (o CheckOptions) scanner() scanner.Options {
	return scanner.Options{TempDir: o.TempDir, Created: o.Time, Version: o.Policy.Tool.Version, Jobs: o.Resolve.Jobs, Cache: o.Inventories, Shared: o.Shared}
}

// decide makes a decision from the results of the scanner.
func (o CheckOptions) decide(ctx context.Context, r *resolved, scan *scanner.Scanner, judge *policy.Prepared) (*Checked, error) {
	f, err := o.facts(ctx, r, scan)
	if err != nil {
		return nil, err
	}
	d, err := o.judge(ctx, f, judge)
	if err != nil {
		return nil, err
	}
	c := &Checked{OS: r.OS, Facts: f, Decision: d}
	return c, checkLock(r.Lock, c)
}

// judge decides from facts alone.
func (o CheckOptions) judge(ctx context.Context, f *facts.Facts, judge *policy.Prepared) (*decision.Decision, error) {
	o.Progress.begin(Decide)
	d, err := judge.Decide(ctx, f)
	if err != nil {
		return nil, err
	}
	o.Progress.say(Decide, string(d.Verdict)+": "+d.Summary.Text())
	return d, nil
}

// addBuildContext adds the facts that the scanner does not know: the program, the
// lock, the formats, and settings of os.yml without effect.
func (o CheckOptions) addBuildContext(r *resolved, f *facts.Facts) {
	f.Builder, f.Kernel.Ucode, f.LockDigest = o.Policy.Tool.Version, r.OS.Kernel.Ucode, r.LockDigest
	f.Boot = r.boot
	r.trust.addTo(f)
	if !o.NoSBOM {
		f.SBOM.Inside = []string{"/" + path.Join(path.Dir(whence.Path), insideName(r.OS.Name)), "/" + whence.Path}
	}
	if l := r.Lock; l != nil {
		f.Lock = facts.Lock{Present: true, Builder: l.Builder}
		if l.Policy != nil {
			f.Lock.Policy, f.Lock.PolicyDigest = l.Policy.Name, l.Policy.Digest
		}
	}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(o.FormatsMeant))) {
		format, _ := image.Find(name)
		f.Formats = append(f.Formats, facts.Format{Name: name, Attributes: format.Xattrs, Verified: format.Verified})
	}
	for _, n := range r.Notes {
		if n.Works {
			continue
		}
		f.Ignored = append(f.Ignored, facts.Ignored{Key: n.Key, Value: n.Value, Component: n.Component, Reason: n.Text,
			Origin: facts.Origin{Layer: string(n.Origin.Layer), File: n.Origin.File, Line: n.Origin.Line, Column: n.Origin.Column}})
	}
}

func (p Progress) begin(s Step) {
	if p != nil {
		p(s, "")
	}
}

func (p Progress) say(s Step, detail string) {
	if p != nil {
		p(s, detail)
	}
}

// at adds the component to an error without a position.
func at(c *system.Component, err error) error {
	var e *system.Error
	if errors.As(err, &e) && e.Pos.File != "" {
		return err
	}
	if errors.As(err, &e) {
		placed := *e
		placed.Pos = c.Pos
		placed.What = c.ID() + ": " + e.What
		return &placed
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, component.ErrAgain) {
		return err
	}
	return system.Unusable("%s", c.ID()).At(c.Pos).Because(err)
}

// prepare fetches and reads the policies.
func (o CheckOptions) prepare(ctx context.Context) (*policy.Prepared, error) {
	if slices.ContainsFunc(o.Policy.Policies, func(s policy.Source) bool { return policies.InRegistry(s.Name) }) {
		fetch := policies.Options{Signers: o.PolicySigners, AnyTag: o.anyTag, Cache: o.Resolve.Cache, Offline: o.Resolve.Offline, RedirectTo: o.Resolve.RedirectTo}
		if o.Resolve.Locked && len(o.Resolve.Files) > 0 {
			lock, _, err := builder.ReadLock(o.Resolve)
			if err != nil {
				return nil, nil //nolint:nilerr // Resolve reports the error
			}
			fetch.Locked = lock.PolicyReferences()
		}
		var err error
		if o.Policy.Policies, err = policies.Fetch(ctx, o.Policy.Policies, fetch); err != nil {
			return nil, err
		}
	}
	return policy.Prepare(ctx, o.Policy)
}
