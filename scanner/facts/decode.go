package facts

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// maxDepth is the deepest nesting. Runtime specs have less than ten levels.
const maxDepth = 64

// decoder reads JSON into the types of this package. It stops at the first
// error and keeps its place.
type decoder struct {
	data []byte
	pos  int
	err  error
	// path is the path to the current value: names, and indexes of lists.
	path   []step
	fields map[reflect.Type][]field
}

// step is a name in an object, or an index in a list.
type step struct {
	name  string
	index int
}

// PlaceError is a mistake in stored facts, with its place. Line and column
// count from 1, in bytes.
type PlaceError struct {
	Line, Column int
	What         string
}

func (e *PlaceError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.What)
}

// fail records the first error, with the current line and column.
func (d *decoder) fail(format string, args ...any) {
	if d.err != nil {
		return
	}
	head := d.data[:min(d.pos, len(d.data))]
	d.err = &PlaceError{Line: bytes.Count(head, []byte("\n")) + 1, Column: len(head) - bytes.LastIndexByte(head, '\n'), What: fmt.Sprintf(format, args...)}
}

// space skips white space and returns the next byte, 0 at the end.
func (d *decoder) space() byte {
	for ; d.pos < len(d.data); d.pos++ {
		switch c := d.data[d.pos]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// take skips c, which must be the next byte.
func (d *decoder) take(c byte) bool {
	if d.err == nil && d.space() != c {
		d.fail("%q is expected here", c)
	}
	d.pos++
	return d.err == nil
}

// more reports whether another element follows in a list or an object that ends
// with end. first is true before the first element.
func (d *decoder) more(end byte, first bool) bool {
	if d.err != nil {
		return false
	}
	switch c := d.space(); {
	case c == end:
		d.pos++
		return false
	case first:
		return true
	case c != ',':
		d.fail("%q or %q is expected here", ',', end)
		return false
	}
	d.pos++
	return true
}

func (d *decoder) deeper() bool {
	if len(d.path) >= maxDepth {
		d.fail("the JSON is nested deeper than %d levels", maxDepth)
	}
	return d.err == nil
}

// below reads a value one level deeper.
func (d *decoder) below(s step, read func()) {
	d.path = append(d.path, s)
	read()
	d.path = d.path[:len(d.path)-1]
}

// value reads one value into v.
func (d *decoder) value(v reflect.Value, nullable bool) {
	if d.space() == 'n' && (nullable || v.Kind() == reflect.Pointer || v.Type() == rawJSON) {
		d.word("null")
		return // null is the zero value
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(v.Elem(), false)
	case reflect.Struct:
		d.object(v)
	case reflect.Map:
		d.entries(v)
	case reflect.Slice:
		if v.Type() == rawJSON {
			d.raw(v)
			return
		}
		d.list(v)
	case reflect.String:
		v.SetString(d.text())
	case reflect.Bool:
		d.boolean(v)
	default:
		d.integer(v)
	}
}

func (d *decoder) object(v reflect.Value) {
	if d.space() != '{' {
		d.fail("%s must be an object", d.where())
	}
	if !d.deeper() || !d.take('{') {
		return
	}
	fields := d.fieldsOf(v.Type())
	var seen [64]bool
	for first := true; d.more('}', first); first = false {
		key := d.text()
		at := -1
		for i := range fields {
			if fields[i].name == key {
				at = i
				break
			}
		}
		switch {
		case d.err != nil:
			return
		case at < 0:
			d.fail("%s has the unknown field %q", d.where(), key)
			return
		case seen[at]:
			d.fail("%s has a duplicate member %q", d.where(), key)
			return
		}
		seen[at] = true
		if d.take(':') {
			d.below(step{name: key}, func() { d.value(v.Field(at), fields[at].nullable) })
		}
	}
	for i, f := range fields {
		if !seen[i] && !f.optional {
			d.fail("%s does not have the field %q", d.where(), f.name)
			return
		}
	}
}

// fieldsOf returns the fields of a type. Each type is computed once.
func (d *decoder) fieldsOf(t reflect.Type) []field {
	if d.fields == nil {
		d.fields = map[reflect.Type][]field{}
	}
	if d.fields[t] == nil {
		d.fields[t] = fieldsOf(t)
	}
	return d.fields[t]
}

func (d *decoder) entries(v reflect.Value) {
	if d.space() != '{' {
		d.fail("%s must be an object", d.where())
	}
	if !d.deeper() || !d.take('{') {
		return
	}
	texts, plain := v.Addr().Interface().(*map[string]string)
	if plain {
		*texts = map[string]string{}
	} else {
		v.Set(reflect.MakeMap(v.Type()))
	}
	for first := true; d.more('}', first); first = false {
		key := d.text()
		if !d.take(':') {
			return
		}
		before := v.Len()
		if plain {
			(*texts)[key] = d.text()
		} else {
			value := reflect.New(v.Type().Elem()).Elem()
			d.below(step{name: key}, func() { d.value(value, false) })
			v.SetMapIndex(reflect.ValueOf(key), value)
		}
		if v.Len() == before {
			d.fail("%s has a duplicate member %q", d.where(), key)
		}
	}
}

func (d *decoder) list(v reflect.Value) {
	if d.space() != '[' {
		d.fail("%s must be a list", d.where())
	}
	if !d.deeper() || !d.take('[') {
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	for n := 0; d.more(']', n == 0); n++ {
		v.Grow(1)
		v.SetLen(n + 1)
		d.below(step{index: n}, func() { d.value(v.Index(n), false) })
	}
}

// text reads a string.
func (d *decoder) text() string {
	if d.err == nil && d.space() != '"' {
		d.fail("%s must be a text", d.where())
	}
	if d.err != nil {
		return ""
	}
	start, escaped := d.pos, false
	for d.pos++; d.pos < len(d.data); d.pos++ {
		switch c := d.data[d.pos]; {
		case c == '"':
			d.pos++
			if !escaped {
				return string(d.data[start+1 : d.pos-1])
			}
			var s string
			if err := json.Unmarshal(d.data[start:d.pos], &s); err != nil {
				d.pos = start
				d.fail("%s: %v", d.where(), err)
			}
			return s
		case c == '\\':
			escaped = true
			d.pos++
		case c < ' ':
			d.fail("%s: the text contains a control character", d.where())
			return ""
		}
	}
	d.fail("%s: the text does not end", d.where())
	return ""
}

// word skips a literal.
func (d *decoder) word(s string) bool {
	if d.pos > len(d.data) || !bytes.HasPrefix(d.data[d.pos:], []byte(s)) {
		return false
	}
	d.pos += len(s)
	return true
}

func (d *decoder) boolean(v reflect.Value) {
	switch {
	case d.word("true"):
		v.SetBool(true)
	case d.word("false"):
	default:
		d.fail("%s must be true or false", d.where())
	}
}

func (d *decoder) integer(v reflect.Value) {
	start := d.pos
	for d.pos < len(d.data) && strings.IndexByte("+-.0123456789eE", d.data[d.pos]) >= 0 {
		d.pos++
	}
	text := string(d.data[start:d.pos])
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != text {
		d.pos = start
		d.fail("%s must be a whole number", d.where())
		return
	}
	v.SetInt(n)
}

// raw keeps a value unchanged, after checking that it is valid JSON without
// duplicate members.
func (d *decoder) raw(v reflect.Value) {
	start := d.pos
	d.skip()
	if d.err != nil {
		return
	}
	v.SetBytes(bytes.Clone(d.data[start:d.pos]))
}

func (d *decoder) skip() {
	switch c := d.space(); {
	case c == '{':
		if !d.deeper() {
			return
		}
		d.pos++
		seen := map[string]bool{}
		for first := true; d.more('}', first); first = false {
			key := d.text()
			if seen[key] {
				d.fail("%s has a duplicate member %q", d.where(), key)
			}
			seen[key] = true
			if d.take(':') {
				d.below(step{name: key}, d.skip)
			}
		}
	case c == '[':
		if !d.deeper() {
			return
		}
		d.pos++
		for n := 0; d.more(']', n == 0); n++ {
			d.below(step{index: n}, d.skip)
		}
	case c == '"':
		d.text()
	case d.word("true"), d.word("false"), d.word("null"):
	default:
		start := d.pos
		for d.pos < len(d.data) && strings.IndexByte("+-.0123456789eE", d.data[d.pos]) >= 0 {
			d.pos++
		}
		if !json.Valid(d.data[start:d.pos]) {
			d.pos = start
			d.fail("this is not valid JSON")
		}
	}
}

// where is the path for an error: a JSON pointer, shortened.
func (d *decoder) where() string {
	const most = 200
	if len(d.path) == 0 {
		return "the document"
	}
	var b strings.Builder
	for _, s := range d.path {
		b.WriteByte('/')
		if s.name == "" {
			b.WriteString(strconv.Itoa(s.index))
			continue
		}
		b.WriteString(strings.NewReplacer("~", "~0", "/", "~1").Replace(s.name))
	}
	if b.Len() > most {
		return strings.ToValidUTF8(b.String()[:most], "") + "…"
	}
	return b.String()
}
