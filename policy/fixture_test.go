package policy

import (
	"context"
	"testing"
	"testing/fstest"
	"time"

	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/policy/engine"
	"github.com/seaworthy-os/seaworthy/policy/folder"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

var testNow = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// locked returns facts of a system that was resolved with a lock.
func locked(f *facts.Facts, digest string) *facts.Facts {
	f.LockDigest = digest
	return f
}

// run decides with the pack baseline of a rule folder.
func run(t *testing.T, fs fstest.MapFS, f *facts.Facts, o Options) (*decision.Decision, error) {
	t.Helper()
	tree, err := folder.Read(fs, "rules/", folder.BuiltinLimits)
	if err != nil {
		return nil, err
	}
	l, err := engine.New(tree)
	if err != nil {
		return nil, err
	}
	if o.Now.IsZero() {
		o.Now, o.Dated = testNow, true
	}
	o.Tool = decision.Tool{Name: "seaworthy", Version: "test"}
	return decide(context.Background(), f, o, &library{l})
}

func mustRun(t *testing.T, fs fstest.MapFS, f *facts.Facts, o Options) *decision.Decision {
	t.Helper()
	d, err := run(t, fs, f, o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// one returns the only finding of a rule on a resource.
func one(t *testing.T, d *decision.Decision, id, resource string) decision.Finding {
	t.Helper()
	var found []decision.Finding
	for _, f := range d.Findings {
		if f.ID == id && f.Resource == resource {
			found = append(found, f)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d findings of %s on %s, want 1: %+v", len(found), id, resource, d.Findings)
	}
	return found[0]
}
