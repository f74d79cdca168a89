package policy

import (
	"bytes"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/engine"
	"github.com/seaworthy-os/seaworthy/policy/folder"
	"github.com/seaworthy-os/seaworthy/policy/policytest"
	"github.com/seaworthy-os/seaworthy/rules"
)

// outcomeFS returns a rule folder with the built-in library for outcomes, and an
// allowance for one key.
func outcomeFS(t *testing.T, body string) fstest.MapFS {
	t.Helper()
	outcome, err := fs.ReadFile(rules.FS(), "lib/outcome.rego")
	if err != nil {
		t.Fatal(err)
	}
	return policytest.With(policytest.BaseFS(), map[string]string{
		"lib/outcome.rego": string(outcome),
		"lib/lib.rego":     "package seaworthy.lib\n\nresource(c) := sprintf(\"component:%s\", [c.id])\n\nallowed(f) := {\"resource\": f.resource, \"reason\": \"it has to\"} if f.key == \"needed\"\n",
		"os/CAP-001.rego":  policytest.RuleFile("CAP-001", body),
	})
}

const foundTwo = `found contains {"id": "CAP-001", "resource": r, "key": k, "message": "m"} if some r, k in {"kernel:A": "needed", "kernel:B": "bad"}
`

// Each element of found fails unless it is allowed, if the rule does not define fail.
func TestFoundBecomesFail(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		"found":                  {foundTwo, "kernel:A not-applicable it has to; kernel:B fail m"},
		"and not_applicable":     {foundTwo + "\nnot_applicable contains {\"resource\": \"kernel:C\", \"reason\": \"no C\"}", "kernel:A not-applicable it has to; kernel:B fail m; kernel:C not-applicable no C"},
		"and unknown":            {foundTwo + "\nunknown contains {\"resource\": \"kernel:C\", \"reason\": \"no C\"}", "kernel:A not-applicable it has to; kernel:B fail m; kernel:C unknown no C"},
		"and fail":               {foundTwo + "\nfail contains f if some f in found", "kernel:A fail m; kernel:B fail m"},
		"and both":               {foundTwo + "\nfail contains f if some f in found\n\nnot_applicable contains {\"resource\": \"kernel:C\", \"reason\": \"no C\"}", "kernel:A fail m; kernel:B fail m; kernel:C not-applicable no C"},
		"names of the ending":    {"import data.params as lib\n\n" + foundTwo + "\nf := lib.allowed\n\nn contains f\n\nunknown contains {\"resource\": \"kernel:C\", \"reason\": \"no C\"} if count(n) == 1", "kernel:A not-applicable it has to; kernel:B fail m; kernel:C unknown no C"},
		"found is a function":    {"found(x) := x\n\nunknown contains {\"resource\": \"kernel:C\", \"reason\": found(\"no C\")}", "kernel:C unknown no C"},
		"a set of several parts": {foundTwo + "\nfound contains {\"id\": \"CAP-001\", \"resource\": \"kernel:C\", \"key\": \"bad\", \"message\": \"m\"}", "kernel:A not-applicable it has to; kernel:B fail m; kernel:C fail m"},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, f := range mustRun(t, outcomeFS(t, c.body), policytest.Facts(), Options{}).Findings {
				got = append(got, f.Resource+" "+string(f.State)+" "+f.Message)
			}
			slices.Sort(got)
			if s := strings.Join(got, "; "); s != c.want {
				t.Errorf("got %s, want %s", s, c.want)
			}
		})
	}
}

// Errors have the position of found, because the rest of the ending is in no file.
func TestFoundErrors(t *testing.T) {
	unknown := "unknown contains {\"resource\": \"kernel:C\", \"reason\": \"no C\"}\n\n"
	for name, c := range map[string]struct {
		body  string
		kind  error
		words []string
	}{
		"an object":        {unknown + "found[x] if some x in input.components", system.ErrInput, []string{"found must be a set", "os/CAP-001.rego:16:1: "}},
		"a list":           {unknown + "found := [c | some c in input.components]", system.ErrInput, []string{"found must be a set"}},
		"a set as a value": {"found := {c | some c in input.components}", system.ErrInput, []string{"found must be a set"}},
		"several shapes":   {foundTwo + "\nfound := 1", system.ErrInput, []string{"conflict"}},
		"no finding":       {unknown + "found contains \"oops\"", system.ErrUnusable, []string{"malformed fail: \"oops\" is not an object", "os/CAP-001.rego:16:1: "}},
		"nothing":          {"checked contains \"kernel:A\"", system.ErrInput, []string{"must define found, fail, unknown or not_applicable"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := run(t, outcomeFS(t, c.body), policytest.Facts(), Options{})
			policytest.WantError(t, err, c.kind, c.words...)
		})
	}
}

// The rules of a folder are completed for evaluation and for their tests, and need no
// import for it.
func TestFoundInFolder(t *testing.T) {
	dir := t.TempDir()
	policytest.WriteFile(t, dir, "OWN-001.rego", strings.ReplaceAll(policytest.RuleFile("OWN-001", foundTwo), "CAP-001", "OWN-001"))
	policytest.WriteFile(t, dir, "OWN-001_test.rego", `package seaworthy.rules.OWN_001_test

import data.seaworthy.outcome
import data.seaworthy.rules.OWN_001

found := OWN_001.fail

test_fires if {f.key | some f in found} == {"bad"}

test_same if outcome.fail(OWN_001.found) == found

test_allowed if {n.reason | some n in OWN_001.not_applicable} == {"it has to"}
`)
	base := outcomeFS(t, foundTwo)
	d := mustRun(t, base, policytest.Facts(), Options{Policy: dir})
	if f := one(t, d, "OWN-001", "kernel:B"); f.State != "fail" {
		t.Errorf("%+v", f)
	}
	if f := one(t, d, "OWN-001", "kernel:A"); f.State != "not-applicable" {
		t.Errorf("%+v", f)
	}
	tree, err := folder.Read(base, "rules/", folder.BuiltinLimits)
	if err != nil {
		t.Fatal(err)
	}
	l, err := engine.New(tree)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := (&library{l}).test(t.Context(), Options{Policy: dir}, &out); err != nil || !strings.Contains(out.String(), "PASS: 3/3") {
		t.Errorf("%v\n%s", err, &out)
	}
}
