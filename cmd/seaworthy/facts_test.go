package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
)

// TestStoredFacts: the facts of real systems match the published schema, and lead
// to the same decision as the systems.
func TestStoredFacts(t *testing.T) {
	s := newSystem(t)
	for _, yml := range []string{s.path("minimal.yml"), s.path("insecure.yml")} {
		stored := yml + ".facts.json"
		text := s.run(cli.ExitPass, "facts", yml)
		validFacts(t, text)
		if err := os.WriteFile(stored, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		want := s.run(cli.ExitDenied, "check", "--policy", "strict", "--report", "json", yml)
		var got, errs bytes.Buffer
		code := run(t.Context(), []string{"check", "--policy", "strict", "--report", "json", "--facts", stored}, strings.NewReader(""), &got, &errs)
		if code != cli.ExitDenied || got.String() != want {
			t.Errorf("%s: exit code %d, or the decision differs\n%s", stored, code, errs.String())
		}
	}
}

func validFacts(t *testing.T, text string) {
	t.Helper()
	in := map[string]any{}
	schema, err := os.ReadFile("../../docs/facts.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, raw := range map[string][]byte{"document": []byte(text), "schema": schema} {
		var v any
		if err := json.Unmarshal(raw, &v); err != nil {
			t.Fatal(err)
		}
		in[name] = v
	}
	if ok, why := matches(t, in); !ok {
		t.Errorf("the facts do not match their schema: %v", why)
	}
	in["document"].(map[string]any)["kernel"].(map[string]any)["config"].(map[string]any)["present"] = "yes"
	if ok, _ := matches(t, in); ok {
		t.Error("malformed facts match the schema")
	}
}

// matches reports whether in.document matches in.schema, and why not.
func matches(t *testing.T, in map[string]any) (bool, any) {
	t.Helper()
	rs, err := rego.New(rego.Query("json.match_schema(input.document, input.schema)"), rego.Input(in)).Eval(t.Context())
	if err != nil || len(rs) != 1 {
		t.Fatalf("%v, %d results", err, len(rs))
	}
	pair := rs[0].Expressions[0].Value.([]any)
	return pair[0].(bool), pair[1]
}
