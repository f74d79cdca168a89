package pipeline

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/component"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/pipeline/policies"
	"github.com/seaworthy-os/seaworthy/policy"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/policy/diff"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// DiffOptions says how the two systems are read. The policy decides which change of
// a setting is weaker, and its waivers are those of the new side.
type DiffOptions struct {
	CheckOptions
	// OldWaivers is the waiver file of the old side, "" for the new side's.
	OldWaivers string
	// Folders maps the names of sides that are images in a registry to folders with
	// their DiffFiles.
	Folders map[string]string
}

// DiffFiles selects the files of an output folder that Diff reads.
func DiffFiles(paths []string) ([]string, error) {
	want := []string{factsFile, decisionFile}
	for _, path := range want {
		if !slices.Contains(paths, path) {
			return nil, system.Unusable("the image has no %s", path).Suggest("build it with this version of seaworthy, and push it again")
		}
	}
	return want, nil
}

// Diff compares two systems. Each is named by its os.yml files, separated by commas,
// by the output folder of a build, by a file of facts, or by a lock. A lock
// contains only digests, so it can only be compared with another lock; anything
// else is an ErrInput.
func Diff(ctx context.Context, old, new string, o DiffOptions) (*diff.Result, error) {
	from, to := o.inputOf(old), o.inputOf(new)
	switch {
	case from.kind == lockInput && to.kind == lockInput:
		return diffLocks(old, new)
	case from.kind == lockInput || to.kind == lockInput:
		return nil, system.BadInput("a lock can only be compared with another lock").
			Suggest("name two locks, or two systems: os.yml files, build folders, files of facts")
	}
	judge, err := o.prepare(ctx)
	if err != nil {
		return nil, err
	}
	judgeOld := judge
	if o.OldWaivers != "" {
		o.Policy.Waivers = o.OldWaivers
		if judgeOld, err = o.prepare(ctx); err != nil {
			return nil, err
		}
	}
	before, errOld := o.side(ctx, from, judgeOld)
	after, errNew := o.side(ctx, to, judge)
	if err := errors.Join(errOld, errNew); err != nil {
		return nil, err
	}
	return diff.Compare(*before, *after), nil
}

// diffInput is one side of a comparison, as the user named it.
type diffInput struct {
	name string
	kind inputKind
	dir  string // of a buildInput
}

// inputKind is the form of a side.
type inputKind int

const (
	systemInput inputKind = iota // os.yml files, separated by commas
	buildInput                   // the folder that a build wrote
	factsInput                   // a file or pipe with facts
	lockInput                    // a lock
)

// inputOf decides which form a name has. A name that does not exist is a list of
// os.yml files, whose reader reports it, unless its ending says otherwise.
func (o DiffOptions) inputOf(name string) diffInput {
	info, err := os.Stat(name)
	switch dir := o.Folders[name]; {
	case dir != "":
		return diffInput{name, buildInput, dir}
	case strings.HasSuffix(name, ".lock.json"):
		return diffInput{name: name, kind: lockInput}
	case err == nil && info.IsDir():
		return diffInput{name, buildInput, name}
	case strings.HasSuffix(name, ".json") || err == nil && holdsFacts(name, info):
		return diffInput{name: name, kind: factsInput}
	}
	return diffInput{name: name, kind: systemInput}
}

// holdsFacts reports whether an existing file contains facts, whatever its name. A
// pipe, such as that of <(seaworthy facts os.yml), can only contain facts, because
// paths in an os.yml are relative to its folder.
func holdsFacts(name string, info fs.FileInfo) bool {
	if !info.Mode().IsRegular() {
		return true
	}
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 512)
	n, _ := io.ReadFull(f, head)
	head = bytes.TrimSpace(head[:n])
	return bytes.HasPrefix(head, []byte("{")) && bytes.Contains(head, []byte(`"schemaVersion"`))
}

// side reads the facts of one system and decides.
func (o DiffOptions) side(ctx context.Context, in diffInput, judge *policy.Prepared) (*diff.Side, error) {
	s := &diff.Side{Name: in.name}
	var err error
	switch in.kind {
	case buildInput:
		s.Facts, s.Recorded, err = builtFacts(in.dir)
	case factsInput:
		s.Facts, err = storedFacts(in.name)
	default:
		o.Resolve.Files = strings.Split(in.name, ",")
		s.Facts, err = Facts(ctx, o.CheckOptions)
	}
	if err != nil {
		return nil, err
	}
	s.Decision, err = judge.Decide(ctx, s.Facts)
	return s, err
}

// builtFacts reads the facts and the decision in the output folder of a build. It
// verifies no signature.
func builtFacts(dir string) (*facts.Facts, *decision.Decision, error) {
	f, err := storedFacts(filepath.Join(dir, factsFile))
	if err != nil {
		return nil, nil, err
	}
	d, err := ReadDecision(filepath.Join(dir, decisionFile))
	return f, d, err
}

func storedFacts(path string) (*facts.Facts, error) {
	r, err := bounded.Open(path)
	if err != nil {
		return nil, system.NotRead(path, err).
			Suggest("seaworthy build writes %s next to the image; seaworthy facts prints facts", factsFile)
	}
	defer r.Close()
	return decodeFacts(r, path)
}

// diffLocks compares the pins of two locks.
func diffLocks(old, new string) (*diff.Result, error) {
	before, _, errOld := component.ReadLock(old)
	after, _, errNew := component.ReadLock(new)
	if err := errors.Join(errOld, errNew); err != nil {
		return nil, err
	}
	return diff.ComparePins(old, new, pins(before), pins(after)), nil
}

func pins(l *component.Lock) []diff.Pin {
	var out []diff.Pin
	for _, c := range l.Components {
		out = append(out, diff.Pin{Area: "components", Resource: "image:" + c.Name, Digest: c.Digest})
	}
	if l.Kernel != nil {
		for _, arch := range slices.Sorted(maps.Keys(l.Kernel.Configs)) {
			out = append(out, diff.Pin{Area: "kernel", Resource: "kernel:config:" + arch, Digest: l.Kernel.Configs[arch]})
		}
		if l.Kernel.Config != "" {
			out = append(out, diff.Pin{Area: "kernel", Resource: "kernel:config", Digest: l.Kernel.Config})
		}
	}
	if l.Policy != nil {
		out = append(out, diff.Pin{Area: "policy", Resource: diff.PolicyPin, Name: l.Policy.Name, Digest: l.Policy.Digest})
	}
	for _, r := range l.PolicyReferences() {
		out = append(out, diff.Pin{Area: "policy", Resource: "policy:" + policies.Scheme + r.Reference, Digest: r.Digest})
	}
	return append(out, diff.Pin{Area: "builder", Resource: "builder:seaworthy", Digest: l.Builder})
}
