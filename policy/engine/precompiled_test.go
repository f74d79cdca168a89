package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/seaworthy-os/seaworthy/internal/words"
	"github.com/seaworthy-os/seaworthy/policy/policytest"
)

// precompiledPair is the built-in library twice: without and with the compiled rules of
// a build.
func precompiledPair(t *testing.T) (plain, kept *Library) {
	t.Helper()
	l, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := Precompile(&b); err != nil {
		t.Fatal(err)
	}
	one, two := *l, *l
	one.built = nil
	if two.built, err = two.readPrecompiled(b.String()); err != nil {
		t.Fatal(err)
	}
	return &one, &two
}

// Rules that a build has compiled have the same digest, descriptions, modules and
// findings as rules that are compiled here.
func TestPrecompiled(t *testing.T) {
	t.Parallel()
	plain, kept := precompiledPair(t)
	for _, pack := range slices.Sorted(maps.Keys(plain.Packs)) {
		a, err := builtinSet(plain, pack)
		if err != nil {
			t.Fatal(err)
		}
		b, err := builtinSet(kept, pack)
		if err != nil {
			t.Fatal(err)
		}
		if b.ready == nil {
			t.Fatalf("%s is not taken from what was compiled", pack)
		}
		if digest := kept.PackDigest(pack, b); digest != a.Digest() {
			t.Errorf("%s: digest %s; compiled before: %s", pack, a.Digest(), digest)
		}
		if a.Digest() != b.Digest() || !slices.Equal(a.active, b.active) || len(a.rules) != len(b.rules) {
			t.Errorf("%s: %s %v, %d rules; compiled before: %s %v, %d rules", pack, a.Digest(), a.active, len(a.rules), b.Digest(), b.active, len(b.rules))
		}
		pa, err := compile(a, "2026-11-20", nil, true)
		if err != nil {
			t.Fatal(err)
		}
		pb, err := compile(b, "2026-11-20", nil, true)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range a.rules {
			x, y := words.JSON(r.RuleInfo), words.JSON(b.rules[i].RuleInfo)
			if x != y || r.pkg != b.rules[i].pkg || !slices.Equal(r.defines, b.rules[i].defines) || r.place("fail") != b.rules[i].place("fail") {
				t.Errorf("%s: %s; compiled before: %s", r.ID, x, y)
			}
		}
		asked := operands(pb.query(b.rules))
		// The build has computed documents, and constants that only documents need.
		whole := operands(slices.DeleteFunc(pa.query(a.rules), func(x *ast.Expr) bool {
			return isKept(kept, x.Operand(1).Value.(ast.Ref)) && !slices.Contains(asked, x.Operand(1).String())
		}))
		if !slices.Equal(whole, asked) {
			t.Errorf("%s is asked for %s; compiled before: %s", pack, whole, asked)
		}
		if x, y := slices.Sorted(maps.Keys(pa.compiler.Modules)), slices.Sorted(maps.Keys(pb.compiler.Modules)); !slices.Equal(x, y) {
			t.Errorf("%s: modules %q; compiled before: %q", pack, x, y)
		}
		fa, err := pa.decide(t.Context(), policytest.Facts())
		if err != nil {
			t.Fatal(err)
		}
		fb, err := pb.decide(t.Context(), policytest.Facts())
		if err != nil {
			t.Fatal(err)
		}
		x, _ := json.Marshal(fa)
		y, _ := json.Marshal(fb)
		if !bytes.Equal(x, y) {
			t.Errorf("%s finds %s\ncompiled before: %s", pack, x, y)
		}
	}
}

// A build stores constants that follow from the tables, and none that depends on packs,
// the day or the policies in force.
func TestPrecompiledConstants(t *testing.T) {
	t.Parallel()
	_, kept := precompiledPair(t)
	for ref, want := range map[string]bool{
		"data.seaworthy.tables.kconfig.lines": true, "data.seaworthy.tables.kconfig.arranged": true, "data.seaworthy.given.kconfig": true,
		"data.seaworthy.tables.kconfig.rows": false, "data.seaworthy.kernel.options": false,
		"data.seaworthy.given.packs": false, "data.seaworthy.given.date": false, "data.seaworthy.given.policy": false,
	} {
		path := ast.MustParseRef(ref)
		if got := isKept(kept, path); got != want {
			t.Errorf("%s is kept: %t", ref, got)
		}
	}
}

// Compiled rules that are out of date or damaged are not used.
func TestPrecompiledStale(t *testing.T) {
	t.Parallel()
	l, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := Precompile(&b); err != nil {
		t.Fatal(err)
	}
	other := *l
	t2 := *l.Tree
	other.Tree = &t2
	t2.Modules = slices.Clone(t2.Modules)
	t2.Modules[0].Content = append(slices.Clone(t2.Modules[0].Content), '\n')
	if _, err := other.readPrecompiled(b.String()); err == nil {
		t.Error("compiled rules are used for other rules")
	}
	for _, cut := range []int{0, 1, 40, b.Len() / 2, b.Len() - 1} {
		if _, err := l.readPrecompiled(b.String()[:cut]); err == nil {
			t.Errorf("%d of %d bytes are used", cut, b.Len())
		}
	}
}

// isKept reports whether a build stores the value of a constant.
func isKept(l *Library, ref ast.Ref) bool {
	last := string(ref[len(ref)-1].Value.(ast.String))
	return l.built.data.at(ref) != nil || slices.ContainsFunc(l.built.constants[last], func(v *value) bool { return v.ref.Equal(ref) })
}

// operands are what a query asks for.
func operands(query ast.Body) []string {
	var out []string
	for _, x := range query {
		out = append(out, x.Operand(1).String())
	}
	return out
}

// Two concurrent queries ask for the same as one, and warm the same helpers.
func TestGroups(t *testing.T) {
	t.Parallel()
	_, kept := precompiledPair(t)
	s, err := builtinSet(kept, "strict")
	if err != nil {
		t.Fatal(err)
	}
	p, err := compile(s, "2026-11-20", nil, true)
	if err != nil {
		t.Fatal(err)
	}
	asked := func(bodies ...ast.Body) []string {
		var out []string
		for _, body := range bodies {
			out = append(out, operands(body)...)
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	parts := p.queries
	if len(parts) != 2 {
		t.Fatalf("%d queries", len(parts))
	}
	if got, want := asked(parts...), asked(p.query(s.rules)); !slices.Equal(got, want) {
		t.Errorf("the queries ask for %q, want %q", got, want)
	}
	for _, r := range s.groups()[0] {
		if !strings.Contains(r.from.Name, "/kernel/") {
			t.Errorf("rule %s is among those about the kernel", r.ID)
		}
	}
}

// An error of two queries is reported once.
func TestOneErrorOfTwoQueries(t *testing.T) {
	t.Parallel()
	a, b := errors.New("a"), errors.New("b")
	if err := once([]error{a, b, errors.New("a")}); err == nil || err.Error() != "a\nb" {
		t.Errorf("joined: %v", err)
	}
	if err := once(nil); err != nil {
		t.Errorf("of nothing: %v", err)
	}
}
