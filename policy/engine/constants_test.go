package engine

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/seaworthy-os/seaworthy/policy/policytest"
)

// The precomputed constants do not depend on the input, and change no finding.
func TestConstants(t *testing.T) {
	t.Parallel()
	l, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	plain := *l
	plain.built = nil // a build has computed most of them already
	s, err := builtinSet(&plain, "strict")
	if err != nil {
		t.Fatal(err)
	}
	slow, err := compile(s, "2026-11-20", nil, false)
	if err != nil {
		t.Fatal(err)
	}
	quick, err := compile(s, "2026-11-20", nil, true)
	if err != nil {
		t.Fatal(err)
	}
	quick.ours = true
	f := policytest.Facts()
	f.Kernel.Present, f.Kernel.Version = true, "6.12.1"
	f.Kernel.Config.Present = true
	f.Kernel.Config.Options = map[string]string{"CONFIG_X86_64": "y", "CONFIG_MODULES": "y", "CONFIG_DEVMEM": "y", "CONFIG_STRICT_KERNEL_RWX": "y"}
	for i := range precomputeAfter + 1 { // an evaluation leaves nothing behind for the next one
		want, err := slow.decide(context.Background(), f)
		if err != nil {
			t.Fatal(err)
		}
		got, err := quick.decide(context.Background(), f)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Error("other findings")
		}
		if precomputed := quick.known.Load() != nil; precomputed != (i+1 >= precomputeAfter) {
			t.Errorf("decision %d: precomputed %t", i+1, precomputed)
		}
	}
	if slow.known.Load() != nil {
		t.Error("rules of a guest were evaluated without limits")
	}
	known := map[string]*ast.Term{}
	for _, k := range *quick.known.Load() {
		known[strings.TrimPrefix(k.ref.String(), "data.seaworthy.")] = k.value
	}
	for _, name := range []string{"given.kconfig", "tables.kconfig.lines", "lib.known_caps", "lib.by_repository"} {
		if known[name] == nil {
			t.Errorf("%s is computed for each system", name)
		}
	}
	for _, name := range []string{"tables.kconfig.rows", "lib.containers", "kernel.arch", "lib.caps", "rules.CAP_001.fail"} {
		if known[name] != nil {
			t.Errorf("%s is %v for every input", name, known[name])
		}
	}
}
