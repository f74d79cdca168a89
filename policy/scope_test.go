package policy

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/words"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/policy/policytest"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// Missing parts of a system are neither passed nor unknown, in any pack.
func TestScope(t *testing.T) {
	t.Parallel()
	for _, given := range [][]string{nil, {"command line"}, {"sysctls"}, {"command line", "sysctls"}} {
		d, err := Decide(context.Background(), policytest.KernelAlone(given...), Options{Policy: "strict", Now: testNow})
		if err != nil {
			t.Fatal(err)
		}
		kinds := map[string]bool{}
		for _, f := range d.Findings {
			kind, _, _ := strings.Cut(f.Resource, ":")
			kinds[kind] = true
			if f.State == decision.StateUnknown {
				t.Errorf("%v: %s on %s is unknown: %s", given, f.ID, f.Resource, f.Message)
			}
			if len(f.Edits) > 0 {
				t.Errorf("%v: %s edits an os.yml, but there is none", given, f.ID)
			}
			if !slices.ContainsFunc(d.Rules, func(r decision.Rule) bool { return r.ID == f.ID }) {
				t.Errorf("%v: %s is not among the rules", given, f.ID)
			}
		}
		if !kinds["kernel"] || kinds["cmdline"] != slices.Contains(given, "command line") || kinds["sysctl"] != slices.Contains(given, "sysctls") || kinds["component"] {
			t.Errorf("%v: findings on %v", given, kinds)
		}
		note := "not checked: " + strings.Join(policytest.KernelAlone(given...).Scope.Missing, ", ")
		if slices.Contains(d.Notes, note) != (len(given) < 2) || !strings.HasPrefix(d.Notes[0], "a kernel alone") {
			t.Errorf("%v: notes %q", given, d.Notes)
		}
		devmem := one(t, d, "KCF-011", "kernel:CONFIG_DEVMEM")
		if want := (decision.Origin{Layer: "config", File: "boot/config", Line: 12, Column: 1}); devmem.State != decision.StateFail || *devmem.Origin != want {
			t.Errorf("%v: %s at %+v", given, devmem.State, devmem.Origin)
		}
		if slices.Contains(given, "sysctls") {
			set := one(t, d, "SYS-001", "sysctl:kernel.kptr_restrict")
			if want := (decision.Origin{Layer: "sysctl", File: "a.conf", Line: 3, Column: 1}); *set.Origin != want {
				t.Errorf("sysctl at %+v", set.Origin)
			}
			unset := one(t, d, "SYS-004", "sysctl:kernel.yama.ptrace_scope")
			if unset.Origin != nil && unset.Origin.Layer != "default" {
				t.Errorf("a sysctl that is not set has the origin %+v", unset.Origin)
			}
		}
	}
}

// A policy without rules about a kernel must not pass one.
func TestScopeEmpty(t *testing.T) {
	t.Parallel()
	f := policytest.KernelAlone()
	f.Components = policytest.Facts().Components
	_, err := run(t, policytest.BaseFS(), f, Options{})
	policytest.WantError(t, err, system.ErrUnusable, "has no rule about kernel config")
}

// Rules that are not compiled for a scope have no findings in it. Facts of another
// scope are refused.
func TestScopeNarrow(t *testing.T) {
	t.Parallel()
	f := policytest.KernelAlone("command line")
	o := Options{Policy: "strict", Now: testNow}
	want, err := Decide(t.Context(), f, o)
	if err != nil {
		t.Fatal(err)
	}
	o.Scope = f.Scope
	p, err := Prepare(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.Decide(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := words.JSON(want), words.JSON(got); !reflect.DeepEqual(want, got) {
		t.Errorf("whole %s\nnarrow %s", a, b)
	}
	for _, other := range []*facts.Facts{policytest.Facts(), policytest.KernelAlone()} {
		_, err := p.Decide(t.Context(), other)
		policytest.WantError(t, err, system.ErrUnusable, "other facts than those of this system")
	}
}
