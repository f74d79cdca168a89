package policy

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/folder"
	"github.com/seaworthy-os/seaworthy/policy/policytest"
)

const limitRule = `
fail contains {"id": "OWN-001", "resource": sprintf("component:%s", [c.id]), "key": "k", "message": sprintf("%v", [data.params.limit])} if some c in input.components
`

const limitSchema = `{"type": "object", "properties": {
	"limit": {"type": "integer", "minimum": 1, "default": 7, "description": "how many"},
	"names": {"type": "array", "items": {"type": "string", "pattern": "^[a-z]+$"}}
}}`

// A folder can declare its own parameters, with defaults, and set them.
func TestOwnParameters(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ data, want string }{{"", "7"}, {`{"params": {"limit": 9}}`, "9"}} {
		files := map[string]string{"OWN-001.rego": policytest.RuleFile("OWN-001", limitRule), folder.SchemaPath: limitSchema}
		if c.data != "" {
			files["data/p.json"] = c.data
		}
		o := Options{Policy: ownFolder(t, "ours", files), Now: testNow}
		d, err := Decide(context.Background(), policytest.Facts(), o)
		if err != nil {
			t.Fatal(err)
		}
		if f := one(t, d, "OWN-001", "component:services/web"); f.Message != c.want {
			t.Errorf("limit %s, want %s", f.Message, c.want)
		}
		if p := d.Policy.Parts[0]; p.Adjusted != nil {
			t.Errorf("its own parameter adjusts %v", p.Adjusted)
		}
		params, err := Parameters(context.Background(), o)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(params, func(p Parameter) bool { return p.Name == "limit" })
		if i < 0 || params[i].Type != "integer" || params[i].Description != "how many" || fmt.Sprint(params[i].Default) != "7" || fmt.Sprint(params[i].Value) != c.want {
			t.Errorf("%+v", params)
		}
		rules, err := Rules(context.Background(), o)
		if err != nil || len(rules) != 1 || strings.Join(rules[0].Params, " ") != "limit" {
			t.Errorf("%v, %+v", err, rules)
		}
	}
}

func TestWrongParameters(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		schema, data string
		words        []string
	}{
		"unknown":          {"", "{\"params\": {\n  \"alowed\": []}}", []string{`unknown parameter "alowed"`, "p.json:2:13"}},
		"built in, type":   {"", `{"params": {"registries": "x"}}`, []string{"/params/registries", "p.json:1:27", "array"}},
		"built in, within": {"", "{\"params\": {\"registries\": [\"a\",\n 3]}}", []string{"/params/registries/1", "p.json:2:2", "string"}},
		"built in, deep": {"", `{"params": {"denied_packages": [{"name": "x", "versions": "(", "reason": "r"}]}}`,
			[]string{"/params/denied_packages/0/versions", "regex"}},
		"several":           {"", `{"params": {"registries": 1, "masked_paths": ["x"]}}`, []string{"/params/registries", "/params/masked_paths/0"}},
		"no object":         {"", `{"params": []}`, []string{"must be an object"}},
		"own, type":         {limitSchema, `{"params": {"limit": "x"}}`, []string{"/params/limit", "integer"}},
		"own, bound":        {limitSchema, `{"params": {"limit": 0}}`, []string{"/params/limit", "minimum"}},
		"own, pattern":      {limitSchema, `{"params": {"limit": 1, "names": ["a", "B"]}}`, []string{"/params/names/1"}},
		"own, default":      {`{"properties": {"limit": {"type": "integer", "default": "x"}}}`, "", []string{"params.schema.json", "/properties/limit/default"}},
		"own, huge":         {`{"properties": {"limit": {"type": "number"}}}`, `{"params": {"limit": 1e999999999}}`, []string{"p.json:1:22", "too large"}},
		"own, huge default": {`{"properties": {"limit": {"type": "number", "default": -1e999999999}}}`, "", []string{"params.schema.json:1:56", "too large"}},
		"own, no type":      {`{"properties": {"limit": {"description": "x"}}}`, "", []string{"has no type"}},
		"own, built in":     {`{"properties": {"registries": {"type": "array"}}}`, "", []string{"is built in"}},
		"nothing declared":  {`{"type": "object"}`, "", []string{"declares no parameter"}},
		"no schema":         {`{"properties": {"limit": {"type": "intger"}}}`, "", []string{"not a JSON schema"}},
		"no JSON":           {`{"properties": `, "", []string{"params.schema.json"}},
		"elsewhere":         {`{"properties": {"limit": {"type": "integer", "$ref": "http://127.0.0.1/x"}}}`, "", []string{"must not refer to another document"}},
		"a file":            {`{"properties": {"limit": {"type": "integer", "$ref": "file:///etc/passwd"}}}`, "", []string{"must not refer to another document"}},
		"another dialect":   {`{"$schema": "http://127.0.0.1/schema", "properties": {"limit": {"type": "integer"}}}`, "", []string{"$schema \"http://127.0.0.1/schema\" is not supported"}},
		"a bad pattern":     {`{"properties": {"limit": {"type": "string", "pattern": "("}}}`, "", []string{"not a JSON schema"}},
		"read, undeclared":  {`{"properties": {"limit": {"type": "integer"}}}`, "", []string{"unknown parameter limit"}},
		"no schema for two": {"", `{"params": {"limit": 3}}`, []string{`unknown parameter "limit"`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{"OWN-001.rego": policytest.RuleFile("OWN-001", limitRule)}
			if c.schema != "" {
				files[folder.SchemaPath] = c.schema
			}
			if c.data != "" {
				files["data/p.json"] = c.data
			}
			_, err := Prepare(context.Background(), Options{Policy: ownFolder(t, "ours", files), Now: testNow})
			if err == nil {
				t.Fatal("no error")
			}
			policytest.WantError(t, err, system.ErrInput, c.words...)
		})
	}
}
