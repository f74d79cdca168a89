package pipeline

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/component"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/pipeline/policies"
	"github.com/seaworthy-os/seaworthy/policy"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/policy/diff"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// DiffOptions say how the two systems are read. The policy tells which way a
// setting got worse; its waivers are the new side's.
type DiffOptions struct {
	CheckOptions
	// OldWaivers is the waiver file of the old side, "" for the new side's.
	OldWaivers string
}

// Diff compares two systems. Each is named by its os.yml files, separated by
// commas, by the folder that a build wrote, by a file of facts, or by a lock;
// a lock is compared with a lock only, since it tells nothing but digests.
func Diff(ctx context.Context, old, new string, o DiffOptions) (*diff.Result, error) {
	switch a, b := isLock(old), isLock(new); {
	case a && b:
		return diffLocks(old, new)
	case a || b:
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
	before, errOld := o.side(ctx, old, judgeOld)
	after, errNew := o.side(ctx, new, judge)
	if err := errors.Join(errOld, errNew); err != nil {
		return nil, err
	}
	return diff.Compare(*before, *after), nil
}

func isLock(path string) bool { return strings.HasSuffix(path, ".lock.json") }

// side reads one system, and decides on it.
func (o DiffOptions) side(ctx context.Context, name string, judge *policy.Prepared) (*diff.Side, error) {
	s := &diff.Side{Name: name}
	info, err := os.Stat(name)
	switch {
	case err == nil && info.IsDir():
		s.Facts, s.Recorded, err = builtFacts(name)
	case strings.HasSuffix(name, ".json") || err == nil && holdsFacts(name, info):
		s.Facts, err = storedFacts(name)
	default:
		o.Resolve.Files = strings.Split(name, ",")
		s.Facts, err = Facts(ctx, o.CheckOptions)
	}
	if err != nil {
		return nil, err
	}
	s.Decision, err = judge.Decide(ctx, s.Facts)
	return s, err
}

// holdsFacts tells facts from an os.yml, whatever the file is called. What is no
// regular file, such as the pipe of <(seaworthy facts os.yml), can only be facts:
// an os.yml has a folder.
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

// builtFacts are what a build left beside its image; nobody's signature is
// checked.
func builtFacts(dir string) (*facts.Facts, *decision.Decision, error) {
	f, err := storedFacts(filepath.Join(dir, factsFile))
	if err != nil {
		return nil, nil, err
	}
	d, err := ReadDecision(filepath.Join(dir, decisionFile))
	return f, d, err
}

func storedFacts(path string) (*facts.Facts, error) {
	r, err := os.Open(path)
	if err != nil {
		return nil, system.NotRead(path, err).
			Suggest("seaworthy build writes %s next to the image; seaworthy facts prints facts", factsFile)
	}
	defer r.Close()
	return decodeFacts(r, path)
}

// diffLocks compares what two locks pin.
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
		out = append(out, diff.Pin{Area: "kernel", Resource: "kernel:config", Digest: l.Kernel.Config})
	}
	if l.Policy != nil {
		out = append(out, diff.Pin{Area: "policy", Resource: diff.PolicyPin, Name: l.Policy.Name, Digest: l.Policy.Digest})
	}
	for _, r := range l.PolicyReferences() {
		out = append(out, diff.Pin{Area: "policy", Resource: "policy:" + policies.Scheme + r.Reference, Digest: r.Digest})
	}
	return append(out, diff.Pin{Area: "builder", Resource: "builder:seaworthy", Digest: l.Builder})
}
