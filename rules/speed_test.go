package rules_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"sync"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"

	"github.com/seaworthy-os/seaworthy/rules"
)

// outcomes evaluates the rules that have no fail in the same way as the engine.
const outcomes = `package seaworthy.outcomes

import data.seaworthy.outcome

of[name] := [outcome.fail(rule.found), outcome.not_applicable(rule.found)] if {
	some name, rule in data.seaworthy.rules
	not rule.fail
}
`

// compiled returns all rules without their tests. It compiles them once.
var compiled = sync.OnceValues(func() (*ast.Compiler, error) {
	all := map[string]*ast.Module{}
	err := fs.WalkDir(rules.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".rego" || isTest(name) {
			return err
		}
		content, err := fs.ReadFile(rules.FS(), name)
		if err != nil {
			return err
		}
		all[name], err = ast.ParseModuleWithOpts(name, string(content), ast.ParserOptions{RegoVersion: ast.RegoV1})
		return err
	})
	if err != nil {
		return nil, err
	}
	all["outcomes.rego"], err = ast.ParseModuleWithOpts("outcomes.rego", outcomes, ast.ParserOptions{RegoVersion: ast.RegoV1})
	if err != nil {
		return nil, err
	}
	return compile(all)
})

func compile(all map[string]*ast.Module) (*ast.Compiler, error) {
	compiler := ast.NewCompiler().WithStrict(true)
	if compiler.Compile(all); compiler.Failed() {
		return nil, compiler.Errors
	}
	return compiler, nil
}

// prepared returns a query for the results of all rules. active are the active
// packs; without any, all packs are active.
func prepared(t testing.TB, active ...string) rego.PreparedEvalQuery {
	t.Helper()
	compiler, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	tables := data(t)
	if len(active) > 0 {
		list := []any{}
		for _, name := range active {
			list = append(list, name)
		}
		tables["seaworthy"] = map[string]any{"active": list}
	}
	return prepare(t, "x = data.seaworthy.rules; y = data.seaworthy.outcomes.of", compiler, tables)
}

func prepare(t testing.TB, query string, compiler *ast.Compiler, tables map[string]any) rego.PreparedEvalQuery {
	t.Helper()
	q, err := rego.New(
		rego.Query(query), rego.Compiler(compiler), rego.StrictBuiltinErrors(true),
		rego.Store(inmem.NewFromObjectWithOpts(tables, inmem.OptRoundTripOnWrite(false), inmem.OptReturnASTValuesOnRead(true))),
	).PrepareForEval(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// good returns the good system of the Rego tests, as facts.
func good(t testing.TB) map[string]any {
	t.Helper()
	lib := modules(t)
	maps.DeleteFunc(lib, func(name string, _ *ast.Module) bool {
		return path.Dir(name) != "lib" || path.Base(name) == "lib_test.rego"
	})
	compiler, err := compile(lib)
	if err != nil {
		t.Fatal(err)
	}
	rs, err := prepare(t, "x = data.seaworthy.testing.good", compiler, data(t)).Eval(context.Background())
	if err != nil || len(rs) != 1 {
		t.Fatalf("the good system is undefined: %v %v", rs, err)
	}
	return rs[0].Bindings["x"].(map[string]any)
}

// BenchmarkStrict evaluates every rule for a system of ten components.
func BenchmarkStrict(b *testing.B) {
	system := good(b)
	components := system["components"].([]any)
	for i := len(components); i < 10; i++ {
		raw, err := json.Marshal(components[len(components)-1])
		if err != nil {
			b.Fatal(err)
		}
		var c map[string]any
		if err := json.Unmarshal(raw, &c); err != nil {
			b.Fatal(err)
		}
		c["id"], c["name"] = fmt.Sprintf("services/more%d", i), fmt.Sprintf("more%d", i)
		components = append(components, c)
	}
	system["components"] = components
	input, err := ast.InterfaceToValue(system)
	if err != nil {
		b.Fatal(err)
	}
	q := prepared(b)
	b.ReportAllocs()
	for b.Loop() {
		rs, err := q.Eval(context.Background(), rego.EvalParsedInput(input))
		if err != nil || len(rs) != 1 {
			b.Fatal(rs, err)
		}
	}
}

// BenchmarkCompile measures the step before: parsing and compiling all rules.
func BenchmarkCompile(b *testing.B) {
	for b.Loop() {
		all := modules(b)
		maps.DeleteFunc(all, func(name string, _ *ast.Module) bool { return isTest(name) })
		if _, err := compile(all); err != nil {
			b.Fatal(err)
		}
	}
}
