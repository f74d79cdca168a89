package engine

import (
	"maps"
	"slices"
	"testing"

	"github.com/seaworthy-os/seaworthy/policy/folder"
)

// Every built-in parameter is declared with a type and a description, and agrees
// with its schema.
func TestBuiltinParameters(t *testing.T) {
	t.Parallel()
	l, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	s, err := paramsSchema(l.Tree)
	if err != nil {
		t.Fatal(err)
	}
	set, from, err := l.params()
	if err != nil {
		t.Fatal(err)
	}
	if a, b := slices.Sorted(maps.Keys(set)), slices.Sorted(maps.Keys(s.props)); !slices.Equal(a, b) {
		t.Fatalf("%s has %v, its schema %v", from.Name, a, b)
	}
	for name, p := range s.props {
		if p.Description == "" {
			t.Errorf("%s has no description", name)
		}
		for _, err := range s.check(from, []string{folder.ParamsKey, name}, name, set[name]) {
			t.Error(err)
		}
	}
	rules, err := l.Rules()
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, r := range rules {
		for _, p := range r.Params {
			used[p] = true
		}
	}
	for name := range set {
		if !used[name] {
			t.Errorf("no rule reads parameter %s", name)
		}
	}
	for name := range used {
		if _, ok := set[name]; !ok {
			t.Errorf("rules read parameter %s, which does not exist", name)
		}
	}
}
