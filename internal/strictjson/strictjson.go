// Package strictjson reads JSON of unknown origin, and refuses JSON that two
// readers could understand differently. encoding/json takes the last of two
// duplicate members, and accepts "Status" for "status"; most other readers do
// not.
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
// refuses duplicate members of an object, a member that differs from a field of
// v only in letter case, and text after the value. It ignores members that v
// does not have, but these may not be duplicates either.
func Decode(data []byte, v any) error { return decode(data, v, rules{exact: true}) }

// DecodeKnown is Decode, but refuses members that v does not have.
func DecodeKnown(data []byte, v any) error { return decode(data, v, rules{exact: true, known: true}) }

// DecodeFolded is Decode for documents whose writers ignore the letter case of
// names, such as image configurations. It refuses only two members that v takes
// for the same one.
func DecodeFolded(data []byte, v any) error { return decode(data, v, rules{}) }

// Check is Decode without a value: it refuses duplicate members.
func Check(data []byte) error {
	return check(data, nil, rules{})
}

// CheckNames is Check, and also refuses two members of the outermost object
// that differ only in letter case.
func CheckNames(data []byte) error { return check(data, nil, rules{names: true}) }

// CheckFor makes the checks of Decode for v, and leaves v unchanged.
func CheckFor(data []byte, v any) error {
	return check(data, reflect.TypeOf(v), rules{exact: true})
}

// Error is a mistake in the JSON, with its place.
type Error struct {
	// Offset counts bytes from 0.
	Offset int64
	What   string
}

func (e *Error) Error() string { return fmt.Sprintf("byte %d: %s", e.Offset, e.What) }

type rules struct {
	exact bool // names are compared letter by letter
	known bool // members that the value does not have are refused
	names bool // names of the outermost object are folded, whatever its type
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

// check walks the value. t is the type that it is decoded into, nil for any.
func check(data []byte, t reflect.Type, r rules) error {
	if !json.Valid(data) {
		return invalid(data)
	}
	w := walker{data: data, rules: r}
	return w.value(t, 0)
}

// invalid reports why data is not one JSON value.
func invalid(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	var raw json.RawMessage
	err := d.Decode(&raw)
	switch s := (*json.SyntaxError)(nil); {
	case err == nil:
		return &Error{d.InputOffset(), "there is more text after the JSON value"}
	case errors.As(err, &s):
		return &Error{s.Offset, err.Error()}
	}
	return &Error{int64(len(data)), "the JSON is truncated"}
}

// maxDepth is the deepest nesting. Known documents need far less.
const maxDepth = 500

// walker walks valid JSON.
type walker struct {
	data []byte
	pos  int
	rules
}

// next skips white space and separators, and returns the byte there.
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
		return w.fail("the JSON is nested deeper than %d levels", maxDepth)
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

// text skips a string and returns it with its quotes.
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
					return w.fail("unknown member %q: its correct spelling is %q", name, f.name)
				}
				value, same = f.of, f.name
			}
		}
		if w.names && depth == 0 {
			same = fold(name)
		}
		if seen[same] {
			return w.fail("duplicate member %q", name)
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

// plain is t without pointers. It is nil if t decodes itself or may hold any
// value.
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

// known holds the members of each struct type.
var known sync.Map

// fields are the members of a struct, by folded name.
func fields(t reflect.Type) map[string]field {
	if m, ok := known.Load(t); ok {
		return m.(map[string]field)
	}
	m := map[string]field{}
	list(t, m)
	known.Store(t, m)
	return m
}

// list collects the members of a struct, by folded name.
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

// fold returns the same form for names that encoding/json takes for the same
// name.
func fold(s string) string {
	if isASCII(s) {
		return strings.ToUpper(s) // the smallest form in Unicode
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
