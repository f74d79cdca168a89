package policy

import (
	"context"
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/policy/policytest"
)

const schemaFile = "../docs/decision.schema.json"

func readSchema(t *testing.T) map[string]any {
	t.Helper()
	raw, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	if err := json.Unmarshal(raw, &schema); err != nil {
		t.Fatal(err)
	}
	return schema
}

// The published schema and the Go types have the same fields and the same required
// fields.
func TestSchemaMatchesTypes(t *testing.T) {
	schema := readSchema(t)
	definitions := schema["definitions"].(map[string]any)
	var check func(path string, s map[string]any, typ reflect.Type)
	check = func(path string, s map[string]any, typ reflect.Type) {
		if ref, ok := s["$ref"].(string); ok {
			s = definitions[strings.TrimPrefix(ref, "#/definitions/")].(map[string]any)
		}
		switch typ.Kind() {
		case reflect.Pointer:
			check(path, s, typ.Elem())
		case reflect.Slice:
			if typ.Elem().Kind() == reflect.Struct {
				check(path+"[]", s["items"].(map[string]any), typ.Elem())
			}
		case reflect.Struct:
			props, _ := s["properties"].(map[string]any)
			var required, fields, names []string
			for i := range typ.NumField() {
				name, opts, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
				if name == "-" {
					continue
				}
				fields = append(fields, name)
				if opts != "omitempty" {
					required = append(required, name)
				}
				sub, ok := props[name].(map[string]any)
				if !ok {
					t.Errorf("%s: the schema has no %q", path, name)
					continue
				}
				check(path+"."+name, sub, typ.Field(i).Type)
			}
			for name := range props {
				names = append(names, name)
			}
			var listed []string
			for _, r := range s["required"].([]any) {
				listed = append(listed, r.(string))
			}
			for _, l := range [][]string{required, fields, names, listed} {
				slices.Sort(l)
			}
			if !slices.Equal(fields, names) {
				t.Errorf("%s: fields %v, properties %v", path, fields, names)
			}
			if !slices.Equal(required, listed) {
				t.Errorf("%s: always written %v, required %v", path, required, listed)
			}
		}
	}
	check("decision", schema, reflect.TypeFor[decision.Decision]())
}

// Real decisions are valid by the schema, and a changed one is not.
func TestSchemaValidates(t *testing.T) {
	schema := readSchema(t)
	valid := func(d any) (bool, any) {
		t.Helper()
		raw, err := json.Marshal(map[string]any{"document": d, "schema": schema})
		if err != nil {
			t.Fatal(err)
		}
		var in any
		if err := json.Unmarshal(raw, &in); err != nil {
			t.Fatal(err)
		}
		rs, err := rego.New(rego.Query("json.match_schema(input.document, input.schema)"), rego.Input(in)).Eval(context.Background())
		if err != nil || len(rs) != 1 {
			t.Fatalf("%v, %d results", err, len(rs))
		}
		pair := rs[0].Expressions[0].Value.([]any)
		return pair[0].(bool), pair[1]
	}
	waivers := policytest.WriteFile(t, t.TempDir(), "w.yml", goodWaiver)
	f := locked(policytest.Facts(), "sha256:x")
	f.Components[1].Spec = nil
	d := mustRun(t, policytest.BaseFS(), f, Options{Policy: "hardened", Waivers: waivers})
	if ok, why := valid(d); !ok {
		t.Errorf("a decision with waivers and unknowns: %v", why)
	}
	for _, pack := range []string{"baseline"} {
		d, err := Decide(context.Background(), policytest.Facts(), Options{Policy: pack, Now: testNow})
		if err != nil {
			t.Fatal(err)
		}
		if ok, why := valid(d); !ok {
			t.Errorf("%s: %v", pack, why)
		}
	}
	for name, spoil := range map[string]func(){
		"state":    func() { d.Findings[0].State = "ok" },
		"resource": func() { d.Findings[0].Resource = "web" },
		"verdict":  func() { d.Verdict = "maybe" },
		"digest":   func() { d.Policy.Digest = "md5:x" },
	} {
		saved, first := *d, d.Findings[0]
		spoil()
		if ok, _ := valid(d); ok {
			t.Errorf("%s: a changed decision is valid", name)
		}
		*d = saved
		d.Findings[0] = first
	}
}
