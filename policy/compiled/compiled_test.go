package compiled

import (
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
)

const everything = `package a.b

import data.c

default allow := false

allow if {
	some i, x in input.list
	x.n > -1.5e3
	not c.denied[x.name] with input.user as "u" with data.z as {1, "two", null}
	every k, v in x.map { startswith(k, "é"); v != true }
} else := {"why": [1, [], {}], x: y} if {
	x := concat("", ["a", input.name])
	y := {z | some z in input.zs}
	count({k: v | some k, v in input.m}) == count([w | w := input.ws[_]])
}

set contains [x, y] if { x := input.x; y := f(x, 2) }

f(x, n) := x * n if n > 0
f(_, 0) := set()

object[k] := v if some k, v in input.o
deep.er[k].still contains 1 if some k in input.ks
`

func compiledModule(t testing.TB, text string) *ast.Module {
	t.Helper()
	m, err := ast.ParseModuleWithOpts("a.rego", text, ast.ParserOptions{RegoVersion: ast.RegoV1})
	if err != nil {
		t.Fatal(err)
	}
	c := ast.NewCompiler()
	if c.Compile(map[string]*ast.Module{"a.rego": m}); c.Failed() {
		t.Fatal(c.Errors)
	}
	return c.Modules["a.rego"]
}

// Decode returns what Encode wrote, with the places of rules and expressions but not
// of terms.
func TestRoundTrip(t *testing.T) {
	m := compiledModule(t, everything)
	raw, err := Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Rules) != len(m.Rules) || !got.Package.Equal(m.Package) {
		t.Fatalf("%s with %d rules", got.Package, len(got.Rules))
	}
	for i, r := range m.Rules {
		if !r.Equal(got.Rules[i]) || r.String() != got.Rules[i].String() || got.Rules[i].Module != got {
			t.Errorf("%s\nbecomes\n%s", r, got.Rules[i])
		}
	}
	if a, b := places(m), places(got); a != b {
		t.Errorf("places %s\nbecome %s", a, b)
	}
}

func places(m *ast.Module) string {
	var all string
	ast.WalkNodes(m, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.Term, ast.Args: // has the place of its terms
			return false
		}
		if l := n.Loc(); l != nil {
			all += l.String() + " "
		}
		return false
	})
	return all
}

// The compiler removes template strings and declarations. A module that still has
// them is rejected, because the encoding cannot express them.
func TestNotCompiled(t *testing.T) {
	m, err := ast.ParseModuleWithOpts("a.rego", everything, ast.ParserOptions{RegoVersion: ast.RegoV1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Encode(m); err == nil {
		t.Error("a module that is not compiled is encoded")
	}
}

func FuzzDecode(f *testing.F) {
	raw, err := Encode(compiledModule(f, everything))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add(raw[:len(raw)/2])
	f.Fuzz(func(t *testing.T, raw []byte) {
		if m, err := Decode(raw); err == nil && m == nil {
			t.Error("Decode returns neither a module nor an error")
		}
	})
}
