package facts_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

var update = flag.Bool("update", false, "write docs/facts.schema.json")

const schemaFile = "../../docs/facts.schema.json"

// object is a JSON object whose members keep their order.
type object []member

type member struct {
	name  string
	value any
}

func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		name, _ := json.Marshal(m.name)
		value, err := json.Marshal(m.value)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// comments are the comments in the source for types ("Facts") and their fields
// ("Facts.Arch").
func comments(t *testing.T) map[string]string {
	t.Helper()
	var decls []ast.Decl
	for _, name := range []string{"facts.go", "attested.go", "boot.go", "containerd.go", "program.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		decls = append(decls, file.Decls...)
	}
	out := map[string]string{}
	say := func(name string, groups ...*ast.CommentGroup) {
		for _, g := range groups {
			if text := strings.Join(strings.Fields(g.Text()), " "); text != "" {
				out[name] = text
			}
		}
	}
	for _, d := range decls {
		decl, ok := d.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, s := range decl.Specs {
			typ, ok := s.(*ast.TypeSpec)
			if !ok {
				continue
			}
			say(typ.Name.Name, decl.Doc)
			fields, ok := typ.Type.(*ast.StructType)
			if !ok {
				continue
			}
			for _, f := range fields.Fields.List {
				for _, name := range f.Names {
					say(typ.Name.Name+"."+name.Name, f.Doc, f.Comment)
				}
			}
		}
	}
	return out
}

// maker generates the schema of the types, one definition for each.
type maker struct {
	comments    map[string]string
	definitions object
	done        map[string]bool
}

func (m *maker) of(t reflect.Type, nullable bool) object {
	kind := func(name string) object {
		if nullable {
			return object{{"type", []string{name, "null"}}}
		}
		return object{{"type", name}}
	}
	switch {
	case t == reflect.TypeFor[json.RawMessage]():
		return object{}
	case t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct:
		return object{{"anyOf", []any{m.of(t.Elem(), false), object{{"type", "null"}}}}}
	case t.Kind() == reflect.Pointer:
		return m.of(t.Elem(), true)
	case t.Kind() == reflect.Struct:
		m.define(t)
		return object{{"$ref", "#/definitions/" + t.Name()}}
	case t.Kind() == reflect.Slice:
		return append(kind("array"), member{"items", m.of(t.Elem(), false)})
	case t.Kind() == reflect.Map:
		return append(kind("object"), member{"additionalProperties", m.of(t.Elem(), false)})
	case t.Kind() == reflect.Bool:
		return kind("boolean")
	case t.Kind() == reflect.String:
		return kind("string")
	}
	return kind("integer")
}

func (m *maker) define(t reflect.Type) {
	if m.done[t.Name()] {
		return
	}
	m.done[t.Name()] = true
	m.definitions = append(m.definitions, member{t.Name(), nil})
	at := len(m.definitions) - 1
	m.definitions[at].value = m.body(t)
}

func (m *maker) body(t reflect.Type) object {
	props, required := object{}, []string{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if options != "omitempty" {
			required = append(required, name)
		}
		one := m.of(f.Type, facts.Nullable(f))
		if name == "schemaVersion" {
			one = object{{"const", facts.SchemaVersion}}
		}
		if text := m.comments[t.Name()+"."+f.Name]; text != "" {
			if one.has("$ref") { // draft 07 ignores members beside a reference
				one = object{{"allOf", []any{one}}}
			}
			one = append(object{{"description", text}}, one...)
		}
		props = append(props, member{name, one})
	}
	out := object{{"type", "object"}}
	if text := m.comments[t.Name()]; text != "" {
		out = append(object{{"description", text}}, out...)
	}
	return append(out, object{{"additionalProperties", false}, {"required", required}, {"properties", props}}...)
}

func (o object) has(name string) bool { return len(o) > 0 && o[0].name == name }

// The published schema matches the types and their comments.
func TestSchema(t *testing.T) {
	t.Parallel()
	m := maker{comments: comments(t), done: map[string]bool{"Facts": true}}
	schema := object{{"$schema", "http://json-schema.org/draft-07/schema#"}, {"title", "Seaworthy facts"}}
	schema = append(schema, m.body(reflect.TypeFor[facts.Facts]())...)
	schema = append(schema, member{"definitions", m.definitions})
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(schema); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(schemaFile, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, b.Bytes()) {
		t.Errorf("%s is not what the types say: go test ./scanner/facts -run TestSchema -update", schemaFile)
	}
	for name := range m.done {
		if m.comments[name] == "" {
			t.Errorf("type %s has no comment", name)
		}
	}
}
