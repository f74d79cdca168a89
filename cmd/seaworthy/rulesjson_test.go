package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
)

// The JSON of rules list and rules show matches the published schema, which has every
// field of it.
func TestRulesSchema(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../docs/rules.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema any
	if err := json.Unmarshal(raw, &schema); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{"rules list", "rules list --params", "rules show CAP-001", "rules show KCF-001", "rules show RES-001"} {
		var out, errs bytes.Buffer
		if code := run(t.Context(), append(strings.Fields(args), "--report", "json"), strings.NewReader(""), &out, &errs); code != cli.ExitPass {
			t.Fatalf("%s: exit code %d: %s", args, code, &errs)
		}
		var document map[string]any
		if err := json.Unmarshal(out.Bytes(), &document); err != nil {
			t.Fatal(err)
		}
		in := map[string]any{"document": document, "schema": schema}
		if ok, why := matches(t, in); !ok {
			t.Errorf("%s does not match docs/rules.schema.json: %v", args, why)
		}
		document["more"] = true
		if ok, _ := matches(t, in); ok {
			t.Errorf("%s: an unknown field matches docs/rules.schema.json", args)
		}
	}
}
