package engine

import (
	"reflect"
	"slices"
	"testing"

	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/policy/policytest"
)

// A set that was narrowed to a scope has fewer rules, and the same findings within
// the scope.
func TestNarrow(t *testing.T) {
	t.Parallel()
	plain, kept := precompiledPair(t)
	f := policytest.KernelAlone("command line")
	for _, l := range []*Library{plain, kept} {
		whole, err := builtinSet(l, "strict")
		if err != nil {
			t.Fatal(err)
		}
		narrow := l.Narrow(whole, f.Scope)
		if n := len(narrow.rules); n == 0 || n >= len(whole.rules) {
			t.Errorf("%d of %d rules are left", n, len(whole.rules))
		}
		inside := map[string]bool{}
		for _, r := range narrow.rules {
			inside[r.ID] = true
		}
		var results [2][]decision.Finding
		for i, s := range []*Set{whole, narrow} {
			p, err := compile(s, "2026-11-20", nil, true)
			if err != nil {
				t.Fatal(err)
			}
			if results[i], err = p.decide(t.Context(), f); err != nil {
				t.Fatal(err)
			}
		}
		want := slices.DeleteFunc(results[0], func(f decision.Finding) bool { return !inside[f.ID] })
		if !reflect.DeepEqual(want, results[1]) {
			t.Errorf("whole %+v\nnarrow %+v", want, results[1])
		}
	}
}
