// Package strictjson reads JSON that others wrote, and refuses what two readers
// could understand differently. encoding/json alone takes the last of two
// members of one name, and "Status" for "status"; most other readers do not.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
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
	w := walker{d: json.NewDecoder(bytes.NewReader(data)), rules: r}
	w.d.UseNumber()
	if err := w.value(t, 0); err != nil {
		return err
	}
	end := w.d.InputOffset()
	if _, err := w.d.Token(); err != io.EOF {
		return &Error{end, "more follows the value"}
	}
	return nil
}

// maxDepth is how deep values may be nested: far deeper than those that we know.
const maxDepth = 500

type walker struct {
	d *json.Decoder
	rules
}

func (w *walker) token() (json.Token, error) {
	t, err := w.d.Token()
	if s := (*json.SyntaxError)(nil); errors.As(err, &s) {
		return nil, &Error{s.Offset, err.Error()}
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return nil, &Error{w.d.InputOffset(), "the JSON is cut short"}
	}
	return t, err
}

func (w *walker) value(t reflect.Type, depth int) error {
	tok, err := w.token()
	if err != nil {
		return err
	}
	if depth > maxDepth {
		return &Error{w.d.InputOffset(), fmt.Sprintf("nested deeper than %d", maxDepth)}
	}
	switch tok {
	case json.Delim('{'):
		err = w.object(plain(t), depth)
	case json.Delim('['):
		t = plain(t)
		if t != nil && (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) {
			t = t.Elem()
		} else {
			t = nil
		}
		for w.d.More() && err == nil {
			err = w.value(t, depth+1)
		}
	default:
		return nil
	}
	if err == nil {
		_, err = w.token() // the end of it
	}
	return err
}

func (w *walker) object(t reflect.Type, depth int) error {
	var fields map[string]field
	var inner reflect.Type
	if t != nil && t.Kind() == reflect.Struct {
		fields = map[string]field{}
		list(t, fields)
	} else if t != nil && t.Kind() == reflect.Map {
		inner = t.Elem()
	}
	seen := map[string]bool{}
	for w.d.More() {
		tok, err := w.token()
		if err != nil {
			return err
		}
		name, _ := tok.(string)
		value, same := inner, name
		if f, ok := fields[fold(name)]; ok {
			if w.exact && f.name != name {
				return &Error{w.d.InputOffset(), fmt.Sprintf("member %q: it is written %q", name, f.name)}
			}
			value, same = f.of, f.name
		}
		if w.names && depth == 0 {
			same = fold(name)
		}
		if seen[same] {
			return &Error{w.d.InputOffset(), fmt.Sprintf("member %q is there twice", name)}
		}
		seen[same] = true
		if err := w.value(value, depth+1); err != nil {
			return err
		}
	}
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
