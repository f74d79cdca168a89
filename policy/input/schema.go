package input

import (
	"encoding/json"
	"reflect"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// Schema describes the input of the rules to the compiler. It is made from the Go
// types. So `input.componets` is an error.
var Schema = sync.OnceValue(func() *ast.SchemaSet {
	s := ast.NewSchemaSet()
	s.Put(ast.SchemaRootRef, schemaOf(reflect.TypeFor[facts.Facts]()))
	return s
})

var rawJSON = reflect.TypeFor[json.RawMessage]()

// schemaOf is the JSON schema of a type. Pointers, maps and raw JSON can be anything.
func schemaOf(t reflect.Type) any {
	switch {
	case t == rawJSON:
		return map[string]any{}
	case t.Kind() == reflect.Struct:
		props := map[string]any{}
		for i := range t.NumField() {
			f := t.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name != "" && name != "-" {
				props[name] = schemaOf(f.Type)
			}
		}
		return map[string]any{"type": "object", "properties": props, "additionalProperties": false}
	case t.Kind() == reflect.Slice:
		return map[string]any{"type": "array", "items": schemaOf(t.Elem())}
	case t.Kind() == reflect.String:
		return map[string]any{"type": "string"}
	case t.Kind() == reflect.Bool:
		return map[string]any{"type": "boolean"}
	case t.Kind() == reflect.Int || t.Kind() == reflect.Int64:
		return map[string]any{"type": "integer"}
	}
	return map[string]any{}
}
