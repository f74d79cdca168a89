package rules_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
)

// prepared compiles all rules without their tests for one query.
func prepared(t testing.TB, query string) rego.PreparedEvalQuery {
	t.Helper()
	all := modules(t)
	for name := range all {
		if isTest(name) {
			delete(all, name)
		}
	}
	return prepare(t, query, all)
}

func prepare(t testing.TB, query string, all map[string]*ast.Module) rego.PreparedEvalQuery {
	t.Helper()
	compiler := ast.NewCompiler().WithStrict(true)
	if compiler.Compile(all); compiler.Failed() {
		t.Fatal(compiler.Errors)
	}
	q, err := rego.New(
		rego.Query(query), rego.Compiler(compiler), rego.StrictBuiltinErrors(true),
		rego.Store(inmem.NewFromObjectWithOpts(data(t), inmem.OptRoundTripOnWrite(false), inmem.OptReturnASTValuesOnRead(true))),
	).PrepareForEval(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// good is the good system of the Rego tests, as facts.
func good(t testing.TB) map[string]any {
	t.Helper()
	rs, err := prepare(t, "x = data.seaworthy.testing.good", modules(t)).Eval(context.Background())
	if err != nil || len(rs) != 1 {
		t.Fatalf("the good system is undefined: %v %v", rs, err)
	}
	return rs[0].Bindings["x"].(map[string]any)
}

// BenchmarkStrict evaluates every rule over a system of ten components.
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
	q := prepared(b, "x = data.seaworthy.rules")
	b.ReportAllocs()
	for b.Loop() {
		rs, err := q.Eval(context.Background(), rego.EvalParsedInput(input))
		if err != nil || len(rs) != 1 {
			b.Fatal(rs, err)
		}
	}
}

// BenchmarkCompile is what comes before: parse and compile all rules.
func BenchmarkCompile(b *testing.B) {
	for b.Loop() {
		prepared(b, "x = data.seaworthy.rules")
	}
}
