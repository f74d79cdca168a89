// Package input gives facts to rules: as values of Rego, and their schema to the
// compiler.
package input

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// Value is the facts as rules see them: equal to their JSON form. Every list and
// map exists, so an empty list is empty in each rule, and only fields that are
// documented as null are null. No JSON text is made: to write and parse a kernel's
// configuration alone takes longer than the rules.
func Value(f *facts.Facts) (ast.Value, error) {
	t, err := term(reflect.ValueOf(f).Elem(), false)
	if err != nil {
		return nil, system.Unusable("facts").Because(err)
	}
	return t.Value, nil
}

// eachField calls do for each field that the JSON form has.
func eachField(v reflect.Value, do func(name string, v reflect.Value, nullable bool) error) error {
	t := v.Type()
	for i := range t.NumField() {
		field := t.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if options == "omitempty" && v.Field(i).IsZero() {
			continue
		}
		if err := do(name, v.Field(i), facts.Nullable(field)); err != nil {
			return err
		}
	}
	return nil
}

func term(v reflect.Value, nullable bool) (*ast.Term, error) {
	switch v.Kind() {
	case reflect.String:
		return ast.InternedTerm(validText(v.String())), nil
	case reflect.Bool:
		return ast.InternedTerm(v.Bool()), nil
	case reflect.Int, reflect.Int64:
		return ast.NumberTerm(json.Number(strconv.FormatInt(v.Int(), 10))), nil
	case reflect.Pointer:
		if v.IsNil() {
			return ast.NullTerm(), nil
		}
		return term(v.Elem(), false)
	case reflect.Slice:
		if raw, ok := v.Interface().(json.RawMessage); ok {
			return rawTerm(raw)
		}
		return listTerm(v)
	case reflect.Map:
		if nullable && v.IsNil() {
			return ast.NullTerm(), nil
		}
		return mapTerm(v)
	}
	return structTerm(v)
}

func listTerm(v reflect.Value) (*ast.Term, error) {
	out := make([]*ast.Term, v.Len())
	for i := range out {
		var err error
		if out[i], err = term(v.Index(i), false); err != nil {
			return nil, err
		}
	}
	return ast.ArrayTerm(out...), nil
}

func mapTerm(v reflect.Value) (*ast.Term, error) {
	pairs := make([][2]*ast.Term, 0, v.Len())
	for it := v.MapRange(); it.Next(); {
		value, err := term(it.Value(), false)
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, ast.Item(ast.StringTerm(validText(it.Key().String())), value))
	}
	return ast.ObjectTerm(pairs...), nil
}

func structTerm(v reflect.Value) (*ast.Term, error) {
	pairs := make([][2]*ast.Term, 0, v.NumField())
	err := eachField(v, func(name string, v reflect.Value, nullable bool) error {
		value, err := term(v, nullable)
		pairs = append(pairs, ast.Item(ast.InternedTerm(name), value))
		return err
	})
	if err != nil {
		return nil, err
	}
	return ast.ObjectTerm(pairs...), nil
}

func rawTerm(raw json.RawMessage) (*ast.Term, error) {
	if len(raw) == 0 {
		return ast.NullTerm(), nil
	}
	value, err := ast.ValueFromReader(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	return ast.NewTerm(value), nil
}

// validText is s after a way through JSON: invalid UTF-8 is replaced.
func validText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}
