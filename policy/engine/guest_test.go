package engine

import (
	"encoding/json"
	"testing"

	"github.com/seaworthy-os/seaworthy/policy/folder"
	"github.com/seaworthy-os/seaworthy/policy/policytest"
	"github.com/seaworthy-os/seaworthy/policy/sandbox"
)

// Built-in modules and facts earn a guest time. Its own rules do not.
func TestCredit(t *testing.T) {
	t.Parallel()
	l, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, f := range l.Modules {
		total += len(f.Content)
	}
	own := &folder.Tree{
		Modules: []folder.File{{Path: "OWN-001.rego", Name: "OWN-001.rego", Content: []byte(policytest.RuleFile("OWN-001", policytest.Fires("OWN-001", "x := 1")))}},
	}
	adjusts := &folder.Tree{
		Data:  []folder.File{{Path: "data/p.json", Name: "data/p.json", Content: []byte(`{"params": {"registries": ["docker.io/seaworthy"]}}`)}},
		Packs: []folder.File{{Path: "packs/p.yaml", Name: "packs/p.yaml", Content: []byte("ours: {includes: strict}")}},
	}
	for name, c := range map[string]struct {
		t           *folder.Tree
		least, most int
	}{"own rules": {own, 0, 0}, "all built-in rules": {adjusts, total * 3 / 4, total}} {
		got := 0
		if _, err := l.Perform(t.Context(), NewJob(sandbox.Open, "ours", "dir", "ours", c.t), func(bytes int) { got += bytes }); err != nil {
			t.Fatal(name, err)
		}
		if got < c.least || got > c.most {
			t.Errorf("%s earn %d bytes, want %d to %d", name, got, c.least, c.most)
		}
	}

	size := func(w Work) int {
		raw, err := json.Marshal(w)
		if err != nil {
			t.Fatal(err)
		}
		return len(raw) - w.GuestBytes()
	}
	small := size(Work{Facts: policytest.Facts()})
	f := policytest.Facts()
	for range 1000 {
		f.Components = append(f.Components, f.Components[0])
	}
	if large := size(Work{Facts: f}); large < small+100_000 {
		t.Errorf("a system of %d bytes, and one of a thousand components more of %d", small, large)
	}
	long := folder.Tree{Modules: []folder.File{{Path: "a.rego", Name: "a.rego", Content: make([]byte, 2<<20)}}}
	if got := size(Work{Facts: policytest.Facts(), Tree: long}) - small; got > 100 {
		t.Errorf("a long rule counts for %d bytes of facts", got)
	}
}

// The reference of the budget compiles, and has its result.
func TestReference(t *testing.T) {
	t.Parallel()
	if err := Reference(); err != nil {
		t.Error(err)
	}
}
