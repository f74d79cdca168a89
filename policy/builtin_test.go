package policy

import (
	"context"
	"slices"
	"testing"

	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/policy/policytest"
)

// Every built-in pack compiles strictly, runs in the sandbox, and has a finding for
// each of its rules.
func TestBuiltinPacks(t *testing.T) {
	var below []string
	for _, name := range decision.Packs() {
		d, err := Decide(context.Background(), policytest.Facts(), Options{Policy: name, Now: testNow, Tool: decision.Tool{Name: "seaworthy"}})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var ids []string
		for _, r := range d.Rules {
			ids = append(ids, r.ID)
			if !slices.ContainsFunc(d.Findings, func(f decision.Finding) bool { return f.ID == r.ID }) {
				t.Errorf("%s: no finding of %s", name, r.ID)
			}
		}
		for _, id := range below {
			if !slices.Contains(ids, id) {
				t.Errorf("%s lacks %s, which a weaker pack has", name, id)
			}
		}
		below = ids
	}
}

// The rules that decision lists as rules of verify are the rules that read the
// output.
func TestVerifyRules(t *testing.T) {
	t.Parallel()
	var got []string
	rules, err := Rules(context.Background(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rules {
		if slices.Contains(r.Inputs, "output") {
			got = append(got, r.ID)
		}
	}
	want := []string{decision.RuleSubjects, decision.RuleReproduced, decision.RuleSealed}
	if !slices.Equal(got, want) {
		t.Errorf("rules that read the output: %v, want %v", got, want)
	}
}

func TestPackRank(t *testing.T) {
	t.Parallel()
	l, err := linked()
	if err != nil {
		t.Fatal(err)
	}
	if n := len(decision.Packs()); len(l.Packs) != n {
		t.Errorf("%d packs are built in, but decision lists %d", len(l.Packs), n)
	}
	for i, name := range decision.Packs() {
		p := l.Packs[name]
		switch {
		case p == nil:
			t.Errorf("no pack %s", name)
		case decision.PackRank(name) != i+1:
			t.Errorf("%s has rank %d", name, decision.PackRank(name))
		case i > 0 && !slices.Contains(p.Includes, decision.Packs()[i-1]):
			t.Errorf("%s does not include %s", name, decision.Packs()[i-1])
		}
	}
	if decision.PackRank("dir:ours") != 0 {
		t.Error("a folder has a rank among packs")
	}
}

func TestBuiltinRules(t *testing.T) {
	all, err := Rules(context.Background(), Options{Policy: ""})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		if len(r.Packs) == 0 {
			t.Errorf("%s is in no pack", r.ID)
		}
	}
}

// BenchmarkDecide measures one decision without preparation: read, parse, compile,
// run.
func BenchmarkDecide(b *testing.B) {
	f := policytest.Facts()
	for b.Loop() {
		if _, err := Decide(context.Background(), f, Options{Policy: "strict", Now: testNow}); err != nil {
			b.Fatal(err)
		}
	}
}
