// Package policy decides what a system would really be allowed to do: it
// evaluates a pack of Rego rules over facts, applies waivers, and gives a
// decision with every finding explained.
//
// Rules run in a sandbox: an allow-list of builtins that reach neither network
// nor environment, clock nor files, a deadline and bounds on memory and output.
// Whatever goes wrong there is an error: no mishap is ever a pass.
package policy

import (
	"context"
	"time"

	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// DefaultDeadline bounds one evaluation where Options names none. A whole pack
// takes well below a second.
const DefaultDeadline = 30 * time.Second

// DefaultPolicy is the pack that is taken where none is named.
const DefaultPolicy = "baseline"

// Options say what is decided by.
type Options struct {
	// Policy is the name of a built-in pack, or a folder of rules; "" is
	// DefaultPolicy. See Rules for the layout of a folder.
	Policy string
	// Waivers is the path of a waiver file, "" for none.
	Waivers string
	// FailOn is the lowest severity that denies: low (the default), medium,
	// high, critical; or none: report, never deny.
	FailOn string
	// Now is what expiry is judged by. It must be set.
	Now time.Time
	// Deadline bounds the evaluation; 0 is DefaultDeadline.
	Deadline time.Duration
	// Tool and LockDigest are copied into the decision.
	Tool       decision.Tool
	LockDigest string
}

// Decide evaluates the policy over the facts. A denied system is no error: see
// ExitCode. Errors are *system.Error: ErrInput for options, waivers and rules
// that are wrong, ErrUnusable where the evaluation could not be completed.
func Decide(ctx context.Context, f *facts.Facts, o Options) (*decision.Decision, error) {
	library, err := builtin()
	if err != nil {
		return nil, err
	}
	return decide(ctx, f, o, library)
}

// decide is Decide with the built-in rules as a parameter.
func decide(ctx context.Context, f *facts.Facts, o Options, library *library) (*decision.Decision, error) {
	failOn, err := checkFailOn(o.FailOn)
	if err != nil {
		return nil, err
	}
	if o.Now.IsZero() {
		return nil, input("no time to judge expiry by", "give --now or a clock")
	}
	waivers, err := readWaivers(o.Waivers)
	if err != nil {
		return nil, err
	}
	set, err := library.choose(o.Policy)
	if err != nil {
		return nil, err
	}
	date := o.Now.UTC().Format(time.DateOnly)
	program, err := compile(set, date)
	if err != nil {
		return nil, err
	}
	deadline := o.Deadline
	if deadline <= 0 {
		deadline = DefaultDeadline
	}
	results, err := program.run(ctx, f, deadline, maxHeap)
	if err != nil {
		return nil, err
	}
	findings, err := explain(set, f, results)
	if err != nil {
		return nil, err
	}
	d := &decision.Decision{
		SchemaVersion: decision.SchemaVersion,
		System:        describe(f, o.LockDigest),
		Tool:          o.Tool,
		Policy:        decision.Policy{Name: set.name, Digest: set.digest(), Rules: len(set.rules)},
		FailOn:        failOn,
		Date:          date,
		Findings:      findings,
		Waivers:       waivers.list,
		WaiversDigest: waivers.digest,
		Rules:         set.describe(),
		Notes:         notes(f),
	}
	waivers.apply(d, f, o.Now)
	d.Summary = summarize(d.Findings)
	d.Verdict = verdict(d)
	return d, nil
}

// describe copies what a report says about the system itself.
func describe(f *facts.Facts, lockDigest string) decision.System {
	s := decision.System{
		Name: f.Name, Arch: f.Arch, Kernel: f.Kernel.Version, LockDigest: lockDigest,
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

// notes are what a reader must know before the findings.
func notes(f *facts.Facts) []string {
	out := []string{"vulnerabilities: not scanned (no vulnerability database was given)"}
	for i := range f.Components {
		if f.Components[i].Files.Truncated {
			out = append(out, f.Components[i].ID+": more files stood out than are listed; rules saw the first ones only")
		}
	}
	return out
}
