package rules_test

import (
	"bytes"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/format"
)

const rulesPackage = "data.seaworthy.rules."

// ruleFiles returns the files that contain one rule each, by rule id.
func ruleFiles(t testing.TB, all map[string]*ast.Module) map[string]*ast.Module {
	t.Helper()
	out := map[string]*ast.Module{}
	for name, m := range all {
		pkg := m.Package.Path.String()
		if !strings.HasPrefix(pkg, rulesPackage) {
			continue
		}
		id := strings.TrimSuffix(path.Base(name), ".rego")
		if want := rulesPackage + strings.ReplaceAll(id, "-", "_"); pkg != want {
			t.Errorf("%s: package %s, want %s", name, pkg, want)
		}
		out[id] = m
	}
	if len(out) < 60 {
		t.Fatalf("only %d rules", len(out))
	}
	return out
}

// Each rule has the metadata that reports, packs and docs need.
func TestMetadata(t *testing.T) {
	var (
		idShape      = regexp.MustCompile(`^[A-Z]{3}-\d{3}$`)
		controlShape = regexp.MustCompile(`^(CIS-D \d|PSS-[BR] |NSA |800-190 \d|ANSSI R\d|SRG-OS-\d|CRA I|SSDF [A-Z])`)
		levels       = packs(t)
	)
	for id, m := range ruleFiles(t, modules(t)) {
		var meta *ast.Annotations
		for _, a := range m.Annotations {
			if a.Scope == "package" {
				meta = a
			}
		}
		if meta == nil {
			t.Errorf("%s: no METADATA", id)
			continue
		}
		text := func(key string) string {
			s, _ := meta.Custom[key].(string)
			if s == "" {
				t.Errorf("%s: no custom.%s", id, key)
			}
			return s
		}
		if !idShape.MatchString(id) || text("id") != id {
			t.Errorf("%s: custom.id is %q", id, meta.Custom["id"])
		}
		if meta.Title == "" || strings.TrimSpace(meta.Description) == "" {
			t.Errorf("%s: no title or description", id)
		}
		if !slices.Contains([]string{"low", "medium", "high", "critical"}, text("severity")) {
			t.Errorf("%s: severity %q", id, meta.Custom["severity"])
		}
		text("remediation")
		text("since")
		if inputs, _ := meta.Custom["inputs"].([]any); len(inputs) == 0 {
			t.Errorf("%s: custom.inputs names none", id)
		}
		controls, ok := meta.Custom["controls"].([]any)
		if !ok {
			t.Errorf("%s: no custom.controls", id)
		}
		for _, c := range controls {
			if s, _ := c.(string); !controlShape.MatchString(s) {
				t.Errorf("%s: control %q is of no known catalogue", id, c)
			}
		}
		level := text("pack")
		for name, p := range levels {
			if slices.Contains(p.Rules, id) != (name == level) {
				t.Errorf("%s: says pack %q; in packs/%s.yaml: %v", id, level, name, name != level)
			}
		}
	}
}

func TestPacks(t *testing.T) {
	levels := packs(t)
	all := ruleFiles(t, modules(t))
	includes := map[string]string{"baseline": "", "hardened": "baseline", "strict": "hardened"}
	if len(levels) != len(includes) {
		t.Errorf("%d packs, want %d", len(levels), len(includes))
	}
	for name, want := range includes {
		p := levels[name]
		if p.Includes != want {
			t.Errorf("%s includes %q, want %q", name, p.Includes, want)
		}
		if !slices.IsSorted(p.Rules) {
			t.Errorf("%s: rules are not sorted", name)
		}
		for _, id := range p.Rules {
			if all[id] == nil {
				t.Errorf("%s names %s, which is not there", name, id)
			}
		}
	}
}

// Each rule has tests in which it has findings and tests in which it has none,
// and a test for each other result that it can have. TestRego checks that these
// tests pass.
func TestTests(t *testing.T) {
	all := modules(t)
	names := map[string][]string{}
	for _, m := range all {
		pkg := m.Package.Path.String()
		if id, ok := strings.CutPrefix(pkg, "data.seaworthy.test."); ok {
			for _, r := range m.Rules {
				names[strings.ReplaceAll(id, "_", "-")] = append(names[strings.ReplaceAll(id, "_", "-")], string(r.Head.Name))
			}
		}
	}
	for id, m := range ruleFiles(t, all) {
		need := []string{"test_fires", "test_silent"}
		for _, r := range m.Rules {
			if r.Head.Name == "unknown" {
				need = append(need, "test_unknown")
			}
		}
		for _, prefix := range need {
			if !slices.ContainsFunc(names[id], func(n string) bool { return strings.HasPrefix(n, prefix) }) {
				t.Errorf("%s: no test called %s...", id, prefix)
			}
		}
	}
}

// Rules use only stock builtins whose result depends only on their arguments.
// So the same facts give the same findings on every machine.
func TestBuiltins(t *testing.T) {
	stock := map[string]*ast.Builtin{}
	for _, b := range ast.Builtins {
		stock[b.Name] = b
	}
	forbidden := regexp.MustCompile(`^(http|net|io|opa|rand|time|trace|uuid|providers|graphql|rego)\.`)
	for name, m := range modules(t) {
		ast.WalkExprs(m, func(e *ast.Expr) bool {
			if !e.IsCall() {
				return false
			}
			op := e.Operator().String()
			if b := stock[op]; b != nil && (b.Nondeterministic || forbidden.MatchString(op)) {
				t.Errorf("%s: calls %s", name, op)
			}
			return false
		})
		ast.WalkTerms(m, func(term *ast.Term) bool {
			if call, ok := term.Value.(ast.Call); ok {
				op := call[0].String()
				if b := stock[op]; b != nil && (b.Nondeterministic || forbidden.MatchString(op)) {
					t.Errorf("%s: calls %s", name, op)
				}
			}
			return false
		})
	}
}

// The files are in the form of `opa fmt`. `make test-opa` checks this with the
// real opa.
func TestFormat(t *testing.T) {
	walk(t, ".rego", func(name string, content []byte) {
		formatted, err := format.SourceWithOpts(name, content, format.Opts{RegoVersion: ast.RegoV1})
		if err != nil {
			t.Error(err)
		} else if !bytes.Equal(formatted, content) {
			t.Errorf("%s is not formatted: run `opa fmt -w rules`", name)
		}
	})
}
