package compiled

import (
	"slices"
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
	got, err := Decode(string(raw), func(int) bool { return true })
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

// Decode returns only the rules that are wanted, with their places.
func TestSomeRules(t *testing.T) {
	m := compiledModule(t, everything)
	raw, err := Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	for wanted, r := range m.Rules {
		got, err := Decode(string(raw), func(i int) bool { return i == wanted })
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Rules) != 1 || !got.Rules[0].Equal(r) || got.Rules[0].Location.String() != r.Location.String() {
			t.Errorf("%s at %v\nbecomes\n%s at %v", r, r.Location, got.Rules[0], got.Rules[0].Location)
		}
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
		if m, err := Decode(string(raw), func(i int) bool { return i%2 == 0 }); err == nil && m == nil {
			t.Error("Decode returns neither a module nor an error")
		}
	})
}

const nested = `{"a": {"b": {"c": [1, {"d": 2}]}, "é": [], "": {}}, "rows": [{"k": "v", "n": [null, true]}, "text", {3: {"x"}}, [[["deep"]]]], "none": null}`

// Every part of a value is the same, whether it is decoded alone or with the whole.
func TestParts(t *testing.T) {
	for _, text := range []string{nested, `[1, "a", {"b": 3}]`, `{1: "number"}`, `{{"set"}: 2, "b": 3}`, `"text"`, `{}`, `[]`, `{"x": {1, 2}}`} {
		whole := ast.MustParseTerm(text)
		raw, err := EncodeTerm(whole)
		if err != nil {
			t.Fatal(err)
		}
		paths := [][]string{{}, {"none"}, {"x"}, {"0"}, {"1"}, {"00"}, {"+1"}, {"-1"}, {"9"}, {"b"}, {"2", "b"}, {"a", "b", "c", "1", "d"},
			{"a"}, {"a", "b"}, {"a", "b", "c"}, {"a", "b", "c", "0"}, {"a", "b", "c", "0", "x"}, {"a", "é"}, {"a", ""}, {"a", "", "x"}, {"rows"}, {"rows", "0"}, {"rows", "0", "k"},
			{"rows", "0", "n", "1"}, {"rows", "0", "n", "2"}, {"rows", "1"}, {"rows", "1", "0"}, {"rows", "2"}, {"rows", "2", "3"}, {"rows", "3", "0", "0", "0"}, {"rows", "4"}, {"none", "x"}}
		shared := NewValue(string(raw))
		for _, path := range slices.Concat(paths[1:], paths, paths[1:]) {
			want := child(whole, path)
			for _, v := range []*Value{NewValue(string(raw)), shared} {
				got, err := v.Get(path...)
				if err != nil || (got == nil) != (want == nil) || got != nil && !got.Equal(want) {
					t.Errorf("%s: %q is %v (%v), want %v", text, path, got, err, want)
				}
			}
		}
	}
}

// A damaged value is an error or decodes to something else; it never panics.
func FuzzValue(f *testing.F) {
	raw, err := EncodeTerm(ast.MustParseTerm(nested))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw, "a", "b")
	f.Add(raw[:len(raw)/2], "rows", "0")
	f.Fuzz(func(t *testing.T, raw []byte, a, b string) {
		v := NewValue(string(raw))
		_, _ = v.Get(a, b)
		_, _ = v.Get(a)
		if got, err := v.Get(); err == nil && got == nil {
			t.Error("neither a value nor an error")
		}
	})
}
