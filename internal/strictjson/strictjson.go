// Package strictjson reads JSON that others wrote, and refuses what two readers
// could understand differently. encoding/json alone takes the last of two
// members of one name, and "Status" for "status"; most other readers do not.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Decode reads the one JSON value of data into v as encoding/json does. It
// refuses an object that has a member twice, a member that differs from a field
// of v in the case of its letters alone, and anything after the value. Members
// that v does not know are ignored, but must not be there twice either.
func Decode(data []byte, v any) error { return decode(data, v, rules{exact: true}) }

// DecodeKnown is Decode, and refuses members that v does not know.
func DecodeKnown(data []byte, v any) error { return decode(data, v, rules{exact: true, known: true}) }

// DecodeFolded is Decode for documents of writers who do not care about the
// case of names, such as image configurations: only two members that v takes
// for one are refused.
func DecodeFolded(data []byte, v any) error { return decode(data, v, rules{}) }

// Check is Decode without a value: no member stands twice in one object.
func Check(data []byte) error {
	return check(data, nil, rules{})
}

// CheckNames is Check, and no two members of the outermost object differ in the
// case of their letters alone.
func CheckNames(data []byte) error { return check(data, nil, rules{names: true}) }

// CheckFor is Decode for one who decodes into v in another way: v stays as it is.
func CheckFor(data []byte, v any) error {
	return check(data, reflect.TypeOf(v), rules{exact: true})
}

// Error is a place where the JSON is not as it should be.
type Error struct {
	// Offset counts bytes from 0.
	Offset int64
	What   string
}

func (e *Error) Error() string { return fmt.Sprintf("byte %d: %s", e.Offset, e.What) }

type rules struct {
	exact bool // names are compared letter by letter
	known bool // members that the value does not know are refused
	names bool // names of the outermost object are folded, whatever it is
}

func decode(data []byte, v any, r rules) error {
	if err := check(data, reflect.TypeOf(v), r); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	if r.known {
		d.DisallowUnknownFields()
	}
	err := d.Decode(v)
	if t := (*json.UnmarshalTypeError)(nil); errors.As(err, &t) {
		return &Error{t.Offset, err.Error()}
	}
	return err
}

// check walks the value; t is what it is decoded into, nil for anything.
func check(data []byte, t reflect.Type, r rules) error {
	if !json.Valid(data) {
		return invalid(data)
	}
	w := walker{data: data, rules: r}
	return w.value(t, 0)
}

// invalid says what is wrong with data that is not one JSON value.
func invalid(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	var raw json.RawMessage
	err := d.Decode(&raw)
	switch s := (*json.SyntaxError)(nil); {
	case err == nil:
		return &Error{d.InputOffset(), "more follows the value"}
	case errors.As(err, &s):
		return &Error{s.Offset, err.Error()}
	}
	return &Error{int64(len(data)), "the JSON is cut short"}
}

// maxDepth is how deep values may be nested: far deeper than those that we know.
const maxDepth = 500

// walker goes through JSON that is known to be valid.
type walker struct {
	data []byte
	pos  int
	rules
}

// next skips white space and what separates values, and gives the byte there.
func (w *walker) next() byte {
	for {
		switch c := w.data[w.pos]; c {
		case ' ', '\t', '\r', '\n', ',', ':':
			w.pos++
		default:
			return c
		}
	}
}

func (w *walker) fail(format string, args ...any) error {
	return &Error{int64(w.pos), fmt.Sprintf(format, args...)}
}

func (w *walker) value(t reflect.Type, depth int) error {
	if depth > maxDepth {
		return w.fail("nested deeper than %d", maxDepth)
	}
	switch w.next() {
	case '{':
		return w.object(plain(t), depth)
	case '[':
		t = plain(t)
		if t != nil && (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) {
			t = t.Elem()
		} else {
			t = nil
		}
		for w.pos++; w.next() != ']'; {
			if err := w.value(t, depth+1); err != nil {
				return err
			}
		}
		w.pos++
	case '"':
		w.text()
	default: // a number, true, false or null
		for w.pos < len(w.data) && !strings.ContainsRune(" \t\r\n,]}", rune(w.data[w.pos])) {
			w.pos++
		}
	}
	return nil
}

// text passes a string and gives it with its quotes.
func (w *walker) text() []byte {
	start := w.pos
	for w.pos++; w.data[w.pos] != '"'; w.pos++ {
		if w.data[w.pos] == '\\' {
			w.pos++
		}
	}
	w.pos++
	return w.data[start:w.pos]
}

// name is a string without quotes and escapes.
func (w *walker) name() (string, error) {
	quoted := w.text()
	inner := quoted[1 : len(quoted)-1]
	if bytes.IndexFunc(inner, func(r rune) bool { return r == '\\' || r >= utf8.RuneSelf }) < 0 {
		return string(inner), nil
	}
	var s string
	if err := json.Unmarshal(quoted, &s); err != nil {
		return "", w.fail("%v", err)
	}
	return s, nil
}

func (w *walker) object(t reflect.Type, depth int) error {
	var known map[string]field
	var inner reflect.Type
	if t != nil && t.Kind() == reflect.Struct {
		known = fields(t)
	} else if t != nil && t.Kind() == reflect.Map {
		inner = t.Elem()
	}
	seen := map[string]bool{}
	for w.pos++; w.next() != '}'; {
		name, err := w.name()
		if err != nil {
			return err
		}
		value, same := inner, name
		if known != nil {
			if f, ok := known[fold(name)]; ok {
				if w.exact && f.name != name {
					return w.fail("member %q: it is written %q", name, f.name)
				}
				value, same = f.of, f.name
			}
		}
		if w.names && depth == 0 {
			same = fold(name)
		}
		if seen[same] {
			return w.fail("member %q is there twice", name)
		}
		seen[same] = true
		if err := w.value(value, depth+1); err != nil {
			return err
		}
	}
	w.pos++
	return nil
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

// plain is t without pointers, nil where it reads itself or may be anything.
func plain(t reflect.Type) reflect.Type {
	for t != nil {
		if t.Implements(unmarshaler) || reflect.PointerTo(t).Implements(unmarshaler) {
			return nil
		}
		if t.Kind() != reflect.Pointer {
			return t
		}
		t = t.Elem()
	}
	return nil
}

type field struct {
	name string
	of   reflect.Type
}

// known holds the members that structs read, by type.
var known sync.Map

// fields are the members that a struct reads, by folded name.
func fields(t reflect.Type) map[string]field {
	if m, ok := known.Load(t); ok {
		return m.(map[string]field)
	}
	m := map[string]field{}
	list(t, m)
	known.Store(t, m)
	return m
}

// list gathers the members that a struct reads, by folded name.
func list(t reflect.Type, into map[string]field) {
	for i := range t.NumField() {
		f := t.Field(i)
		tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Tag.Get("json") == "-" {
			continue
		}
		if f.Anonymous && tag == "" {
			if inner := plain(f.Type); inner != nil && inner.Kind() == reflect.Struct {
				list(inner, into)
				continue
			}
		}
		if !f.IsExported() {
			continue
		}
		if tag == "" {
			tag = f.Name
		}
		into[fold(tag)] = field{tag, f.Type}
	}
}

// fold gives names that encoding/json takes for one the same form.
func fold(s string) string {
	if isASCII(s) {
		return strings.ToUpper(s) // which come first in Unicode
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		s = s[n:]
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		b.WriteRune(least)
	}
	return b.String()
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
