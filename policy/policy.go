// Package policy decides what a system may do: it evaluates Rego rules on facts,
// applies waivers, and returns a decision with explained findings.
//
// Package sandbox confines the rules. If an evaluation goes wrong, the result is an
// error, never a pass.
package policy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/words"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/policy/engine"
	"github.com/seaworthy-os/seaworthy/policy/sandbox"
	"github.com/seaworthy-os/seaworthy/policy/waiver"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// DefaultPolicy is the pack that is used if no policy is named.
var DefaultPolicy = decision.Packs()[0]

// Options select the policies and the way to decide.
type Options struct {
	// Policy is the name of a built-in pack, or a folder of rules. It comes before
	// Policies. Without any policy it is DefaultPolicy. See Rules for the layout of a
	// folder.
	Policy string
	// Policies are evaluated separately, and the system has to pass all of them.
	Policies []Source
	// Isolate returns a command, bound to ctx, whose program calls Serve with its
	// stdin and stdout. Policies that are not built in are evaluated in that process.
	// Without Isolate they are evaluated in this process, where an endless call of a
	// builtin runs as long as the program.
	Isolate func(ctx context.Context) *exec.Cmd
	// Frameworks are the ids of the catalogues of controls that the decision answers.
	// They do not change the verdict.
	Frameworks []string
	// Scope is the scope of the facts, if they are about less than a system. Then
	// built-in rules about other things are not compiled, and Decide refuses facts of
	// another scope.
	Scope *facts.Scope
	// Waivers is the path of a waiver file, "" for none.
	Waivers string
	// FailOn is the lowest severity that denies: low (the default), medium, high or
	// critical. With "none" nothing denies.
	FailOn string
	// Now is the time for expiry dates. It must be set.
	Now time.Time
	// Dated: Now was given, and not taken from a clock. Only then is it in the decision,
	// so that two builds on different days give equal bytes.
	Dated bool
	// Deadline bounds the evaluation of built-in rules, by the clock. 0 is no bound:
	// built-in rules always end. Policies that are not built in have a budget of their
	// own.
	Deadline time.Duration
	// Tool is copied into the decision.
	Tool decision.Tool
}

// Decide evaluates the policies over the facts. A denied system is not an error: see
// ExitCode. Errors are *system.Error: ErrInput for wrong options, waivers and rules,
// ErrUnusable if the evaluation could not be completed.
func Decide(ctx context.Context, f *facts.Facts, o Options) (*decision.Decision, error) {
	p, err := Prepare(ctx, o)
	if err != nil {
		return nil, err
	}
	return p.Decide(ctx, f)
}

// Serve does one job of a process that Options.Isolate starts. The program of that
// process must call it with its stdin and stdout, and do nothing else.
func Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	return sandbox.Serve(ctx, in, out, func() (sandbox.Program[engine.Work, engine.Result], error) {
		l, err := engine.Builtin()
		if err != nil {
			return sandbox.Program[engine.Work, engine.Result]{}, err
		}
		return sandbox.Program[engine.Work, engine.Result]{Engine: l.Perform, Reference: engine.Reference, Modules: l.ModuleBytes()}, nil
	})
}

// Prepared are policies and waivers that have been read. So errors in the options are
// found before there are facts.
type Prepared struct {
	options Options
	failOn  string
	date    string
	waivers *waiver.Set
	*policies
}

// Prepare reads and checks everything that Options name. It joins all errors. They are
// ErrInput, or ErrUnusable if the sandbox had to stop a policy.
func Prepare(ctx context.Context, o Options) (*Prepared, error) {
	library, err := linked()
	if err != nil {
		return nil, err
	}
	return prepare(ctx, o, library)
}

// library is the built-in rules, with the functions that decisions need.
type library struct{ *engine.Library }

// linked returns the built-in rules of this program.
func linked() (*library, error) {
	l, err := engine.Builtin()
	return &library{l}, err
}

// prepare is Prepare with the built-in rules as a parameter.
func prepare(ctx context.Context, o Options, library *library) (*Prepared, error) {
	p := &Prepared{options: o}
	var errs [4]error
	p.failOn, errs[0] = checkFailOn(o.FailOn)
	if o.Now.IsZero() {
		errs[1] = system.BadInput("waivers cannot be checked without a time").Suggest("give --now")
	}
	p.waivers, errs[2] = waiver.Read(o.Waivers)
	p.date = o.Now.UTC().Format(time.DateOnly)
	p.policies, errs[3] = library.prepare(ctx, o, p.date)
	return p, errors.Join(errs[:]...)
}

// decide is Decide with the built-in rules as a parameter.
func decide(ctx context.Context, f *facts.Facts, o Options, library *library) (*decision.Decision, error) {
	p, err := prepare(ctx, o, library)
	if err != nil {
		return nil, err
	}
	return p.Decide(ctx, f)
}

// Policy describes the policy, as a decision does.
func (p *Prepared) Policy() decision.Policy { return p.about }

// Decide evaluates the policies over the facts, and does not change the facts. It can
// be called any number of times, also concurrently.
func (p *Prepared) Decide(ctx context.Context, f *facts.Facts) (*decision.Decision, error) {
	if s := p.options.Scope; s != nil && !reflect.DeepEqual(s, f.Scope) {
		return nil, system.Unusable("the policy was prepared for other facts than those of this system").Report()
	}
	findings, err := p.evaluate(ctx, f, p.options.Deadline)
	if err != nil {
		return nil, err
	}
	rules := p.rules
	if f.Scope != nil {
		if findings, rules, err = p.within(f.Scope, findings); err != nil {
			return nil, err
		}
	}
	if f.FromImage != nil {
		findings = p.unsaid(f, findings)
	}
	d := &decision.Decision{
		SchemaVersion: decision.SchemaVersion,
		System:        describe(f),
		Tool:          p.options.Tool,
		Policy:        p.about,
		FailOn:        p.failOn,
		Findings:      findings,
		Waivers:       p.waivers.List,
		WaiversDigest: p.waivers.Digest,
		Rules:         rules,
		Notes:         notes(f),
	}
	if p.options.Dated {
		d.Date = p.date
	}
	p.waivers.Apply(d, f, p.options.Now)
	d.Frameworks = p.frameworks.Answer(d.Findings, f.Arch)
	d.Summary = decision.Count(d.Findings)
	d.Verdict = verdict(d)
	return d, nil
}

// describe copies the facts that reports show about the system itself.
func describe(f *facts.Facts) decision.System {
	s := decision.System{
		Name: f.Name, Arch: f.Arch, Kernel: f.Kernel.Version, LockDigest: f.LockDigest,
		Sources:    make([]decision.Source, 0, len(f.Sources)),
		Components: make([]decision.Component, 0, len(f.Components)),
	}
	for _, src := range f.Sources {
		s.Sources = append(s.Sources, decision.Source(src))
	}
	for i := range f.Components {
		c := &f.Components[i]
		origin := decision.Origin(c.Image.Origin)
		line := decision.Component{
			ID: c.ID, Image: c.Image.Name, Digest: c.Image.Digest,
			Packages: len(c.SBOM.Packages),
			Files:    c.SBOM.Coverage.Files, OwnedFiles: c.SBOM.Coverage.Owned,
			Origin: &origin,
		}
		if line.Image == "" {
			line.Image = c.Image.Reference
		}
		if d := c.SBOM.Distro; d != nil {
			line.Distro = d.PrettyName
		}
		s.Components = append(s.Components, line)
	}
	return s
}

// notes are what a reader must know before reading the findings.
func notes(f *facts.Facts) []string {
	if f.Scope != nil {
		return scopeNotes(f.Scope)
	}
	var out []string
	if f.FromImage != nil {
		out = imageNotes(f.FromImage)
	}
	out = append(append(out, vulnerabilities(f.Vulnerabilities)), unmatched(f)...)
	for _, s := range f.Vulnerabilities.VEXUnused {
		out = append(out, "VEX: "+s)
	}
	for i := range f.Components {
		if list := f.Components[i].SBOM.Unreadable; len(list) > 0 {
			out = append(out, f.Components[i].ID+": these files look like software but could not be read, so their packages are unknown:  "+few(list))
		}
		if f.Components[i].Files.Truncated {
			out = append(out, f.Components[i].ID+": the file list is truncated; rules about files that are not listed are unknown")
		}
	}
	return out
}

// vulnerabilities names the databases that the packages were matched with, and their
// dates.
func vulnerabilities(v facts.VulnerabilityScan) string {
	if !v.Scanned {
		return "vulnerabilities: not scanned (no vulnerability database was given)"
	}
	note := "vulnerabilities: scanned by " + v.Database + ", " + words.Count(v.Records, "record", "records")
	if v.Modified != "" {
		note += ", the newest of " + v.Modified
	}
	if n := len(v.VEX); n > 0 {
		note += "; " + words.Count(n, "VEX document", "VEX documents") + " (" + strings.Join(v.VEX, ", ") + ")"
	}
	return note
}

// unmatched lists the packages that no database covers, and the components whose
// packages could not be matched at all.
func unmatched(f *facts.Facts) []string {
	packages := map[string]int{}
	var out []string
	for i := range f.Components {
		for _, u := range f.Components[i].SBOM.Unmatched {
			if u.Packages > 0 {
				packages[u.Type+": "+u.Reason] += u.Packages
			} else {
				out = append(out, fmt.Sprintf("vulnerabilities: no package of %s was matched: %s", f.Components[i].ID, u.Reason))
			}
		}
	}
	for _, what := range slices.Sorted(maps.Keys(packages)) {
		out = append(out, "vulnerabilities: "+words.Count(packages[what], "package was", "packages were")+" not matched, "+what)
	}
	return out
}

// maxPaths is the number of paths that a note lists.
const maxPaths = 20

// few joins a list and truncates a long one.
func few(list []string) string {
	if len(list) <= maxPaths {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:maxPaths], ", "), len(list)-maxPaths)
}
