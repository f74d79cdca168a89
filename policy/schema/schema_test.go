package schema

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Each value is validated with each schema.
var schemas = []string{
	`true`, `false`, `{}`,
	`{"type": "integer"}`, `{"type": ["string", "null"]}`, `{"type": "number", "minimum": 1, "exclusiveMaximum": 10}`, `{"exclusiveMinimum": 0, "maximum": 7.5}`,
	`{"multipleOf": 0.5}`, `{"enum": [1, "a", null, [1, {"b": 2.0}], {"x": 1}]}`, `{"const": 1.0}`,
	`{"minLength": 2, "maxLength": 3}`, `{"pattern": "^[a-z]+$"}`, `{"format": "regex"}`, `{"format": "date"}`, `{"format": "ipv4"}`, `{"format": "ipv6"}`,
	`{"items": {"type": "integer"}, "minItems": 1, "maxItems": 2}`, `{"prefixItems": [{"type": "string"}], "items": false}`, `{"uniqueItems": true}`, `{"contains": {"const": 1}}`,
	`{"properties": {"a": {"type": "integer"}}, "required": ["a"], "additionalProperties": false}`, `{"patternProperties": {"^x": {"type": "string"}}, "additionalProperties": {"type": "integer"}}`,
	`{"propertyNames": {"maxLength": 1}}`, `{"minProperties": 1, "maxProperties": 1}`, `{"dependentRequired": {"a": ["b"]}}`,
	`{"allOf": [{"type": "integer"}, {"minimum": 2}]}`, `{"anyOf": [{"type": "string"}, {"minimum": 2}]}`, `{"oneOf": [{"type": "integer"}, {"minimum": 2}]}`, `{"not": {"type": "integer"}}`,
	`{"if": {"type": "integer"}, "then": {"minimum": 5}, "else": {"type": "string"}}`,
	`{"$defs": {"n": {"type": ["integer", "array"], "items": {"$ref": "#/$defs/n"}}}, "$ref": "#/$defs/n"}`, `{"properties": {"a": {"$ref": "#"}, "b": {"$ref": "#/properties/c~1d"}, "c/d": {"type": "string"}}}`,
	`{"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "t", "description": "d", "examples": [1], "default": 2, "type": "integer"}`,
}

var values = []string{
	`null`, `true`, `false`, `0`, `1`, `1.0`, `1e0`, `-0.5`, `7.5`, `8`, `10`, `2`, `5`, `1e2`, `0.1`, `123456789012345678901234567890`,
	`""`, `"a"`, `"ab"`, `"äöü"`, `"abcd"`, `"("`, `"2026-02-28"`, `"2026-02-30"`, `"1.2.3.4"`, `"::1"`, `"x1"`,
	`[]`, `[1]`, `[1, 1.0]`, `[1, "a"]`, `["a"]`, `["a", 1]`, `[1, 2, 3]`, `[1, {"b": 2}]`, `[[1, [2]], 3]`, `[["a"]]`, `[{"a": 1}, {"a": 1.0}]`,
	`{}`, `{"a": 1}`, `{"a": "x"}`, `{"a": 1, "b": 2}`, `{"x": 1}`, `{"x": "y"}`, `{"xy": "z", "q": 1}`, `{"b": "t"}`, `{"b": 1}`, `{"a": {"b": 3}}`, `{"long": 1}`,
}

func decode(t testing.TB, s string) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(s))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Another implementation gives the same result for each value.
func TestAgreesWithOtherImplementation(t *testing.T) {
	for i, text := range schemas {
		s, err := Compile(decode(t, text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		c := jsonschema.NewCompiler()
		c.DefaultDraft(jsonschema.Draft2020)
		c.AssertFormat()
		url := fmt.Sprintf("test:%d", i)
		if err := c.AddResource(url, decode(t, text)); err != nil {
			t.Fatal(err)
		}
		other, err := c.Compile(url)
		if err != nil {
			t.Fatal(err)
		}
		for _, value := range values {
			v := decode(t, value)
			if got, want := s.Validate(v), other.Validate(v); (len(got) == 0) != (want == nil) {
				t.Errorf("%s with %s: %v; the other implementation says %v", text, value, got, want)
			}
		}
	}
}

// A problem has the path of its value.
func TestPlaces(t *testing.T) {
	s, err := Compile(decode(t, `{"type": "object", "properties": {"list": {"items": {"type": "object", "required": ["a"], "properties": {"a": {"minimum": 3}}}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	got, _ := json.Marshal(s.Validate(decode(t, `{"list": [{"a": 3}, {}, {"a": 1}]}`)))
	const want = `[{"Path":["list","1"],"Text":"missing property \"a\""},{"Path":["list","2","a"],"Text":"minimum: got 1, want 3"}]`
	if string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Unsupported keywords and references to other documents are rejected.
func TestRefused(t *testing.T) {
	for _, text := range []string{
		`1`, `{"type": "intger"}`, `{"type": 1}`, `{"minimum": "1"}`, `{"minItems": -1}`, `{"minItems": 1.5}`, `{"pattern": "("}`, `{"patternProperties": {"(": {}}}`,
		`{"multipleOf": 0}`, `{"enum": []}`, `{"allOf": {}}`, `{"allOf": []}`, `{"properties": []}`, `{"items": []}`, `{"required": [1]}`,
		`{"$ref": "http://127.0.0.1/"}`, `{"$ref": "file:///etc/passwd"}`, `{"$ref": "#/nowhere"}`, `{"$ref": "#anchor"}`, `{"$schema": "http://127.0.0.1/"}`,
		`{"unevaluatedProperties": false}`, `{"$dynamicRef": "#x"}`, `{"minimun": 1}`, `{"format": "unheard-of"}`, `{"minimum": 1e999999999}`,
		strings.Repeat(`{"items": `, 1000) + "{}" + strings.Repeat("}", 1000),
	} {
		if _, err := Compile(decode(t, text)); err == nil {
			t.Errorf("%.80s is accepted", text)
		}
	}
}

// A schema that refers to itself without end is an error, and so is a number that is
// too large to compute with.
func TestEndless(t *testing.T) {
	for _, text := range []string{`{"$ref": "#"}`, `{"allOf": [{"$ref": "#"}]}`, `{"not": {"not": {"$ref": "#"}}}`, `{"minimum": 1}`, `{"type": "integer"}`} {
		s, err := Compile(decode(t, text))
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Validate(json.Number("-1e999999999"))) == 0 {
			t.Errorf("%s: no problem is reported", text)
		}
	}
}

func FuzzSchema(f *testing.F) {
	for i, s := range schemas {
		f.Add(s, values[i%len(values)])
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		v, err2 := jsonschema.UnmarshalJSON(strings.NewReader(value))
		if err != nil || err2 != nil {
			return
		}
		if s, err := Compile(doc); err == nil {
			s.Validate(v)
		}
	})
}
