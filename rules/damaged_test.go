package rules_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
)

// Facts can have null lists (nil in Go) and specs without optional fields. No
// rule may fail with an error because of that: an error in one rule removes the
// findings of all rules.
func TestDamagedFacts(t *testing.T) {
	system := good(t)
	components := system["components"].([]any)
	system["components"] = []any{components[4]} // one component is enough and faster
	delete(system["kernel"].(map[string]any), "modules")
	// The kernel tables do not read components. Without rows, they need no
	// time.
	whole, tableless := prepared(t), prepared(t, "none")
	eval := func(q rego.PreparedEvalQuery, what string) {
		input, err := ast.InterfaceToValue(system)
		if err != nil {
			t.Fatal(err)
		}
		rs, err := q.Eval(context.Background(), rego.EvalParsedInput(input))
		if err != nil || len(rs) != 1 {
			t.Errorf("without %s: %v", what, err)
		}
	}
	eval(whole, "anything missing")
	damage(system, "", func(pointer string) {
		if strings.HasPrefix(pointer, "/components/") {
			eval(tableless, pointer)
		} else {
			eval(whole, pointer)
		}
	})
}

// damage visits the value several times: once with each list and object in it
// set to null, and once without each field of a spec.
func damage(v any, at string, visit func(pointer string)) {
	switch v := v.(type) {
	case map[string]any:
		for key, child := range v {
			pointer := at + "/" + key
			switch child.(type) {
			case map[string]any, []any:
				v[key] = nil
				visit(pointer)
			}
			if strings.Contains(at, "/spec") {
				delete(v, key)
				visit(pointer)
			}
			v[key] = child
			damage(child, pointer, visit)
		}
	case []any:
		if strings.HasSuffix(at, "/settings") || strings.HasSuffix(at, "/params") {
			return // rows have the same form, so the first one is enough
		}
		if len(v) > 0 {
			damage(v[0], at+"/0", visit)
		}
	}
}

// Findings are plain JSON, whatever the facts contain.
func TestFindingsAreJSON(t *testing.T) {
	system := good(t)
	system["name"] = "a\"b\n"
	input, err := ast.InterfaceToValue(system)
	if err != nil {
		t.Fatal(err)
	}
	rs, err := prepared(t).Eval(context.Background(), rego.EvalParsedInput(input))
	if err != nil || len(rs) != 1 {
		t.Fatal(rs, err)
	}
	if _, err := json.Marshal(rs[0].Bindings); err != nil {
		t.Error(err)
	}
	if of, _ := rs[0].Bindings["y"].(map[string]any); len(of) < 100 {
		t.Errorf("the outcome of only %d rules", len(of))
	}
}
