package compiled

import (
	"strconv"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
)

// partsDepth is how deep the parts of a value can be decoded alone.
const partsDepth = 2

// EncodeTerm encodes a single value.
func EncodeTerm(t *ast.Term) ([]byte, error) {
	e := &encoder{known: map[string]int{}, parts: partsDepth}
	e.term(t)
	return e.all(), e.err
}

// DecodeTerm returns the value that EncodeTerm wrote. The value refers to raw.
func DecodeTerm(raw string) (*ast.Term, error) { return NewValue(raw).Get() }

// Value is a value that EncodeTerm wrote. It is decoded in parts, when they are used.
type Value struct {
	lock    sync.Mutex
	raw     string
	decoder *decoder // nil until used
	body    string   // what follows the texts in raw
	whole   *ast.Term
	keys    map[string]string // the encoded elements of an object or a list, by key
}

// NewValue returns the value that raw encodes. It decodes nothing.
func NewValue(raw string) *Value { return &Value{raw: raw} }

// Get returns the part that path leads to, and nil if there is none. The elements of
// an object have their texts as keys, those of a list their indexes. The only error is errDamaged.
func (v *Value) Get(path ...string) (t *ast.Term, err error) {
	v.lock.Lock()
	defer v.lock.Unlock()
	if v.whole != nil {
		return child(v.whole, path), nil
	}
	err = catch(func() {
		if v.decoder == nil {
			d := open(v.raw)
			v.decoder, v.body = d, d.in
		}
		d := v.decoder
		if d.in, d.depth = v.body, 0; len(path) == 0 || v.keys == nil && !v.index() {
			d.in = v.body
			v.whole = d.last()
			t = child(v.whole, path)
		} else if part, ok := v.keys[path[0]]; ok {
			d.in = part
			t = d.part(path[1:])
		}
	})
	return t, err
}

// index finds the elements of the value. It returns false if they were not written
// as parts.
func (v *Value) index() bool {
	d := v.decoder
	kind := d.byte()
	if kind != kindParts && kind != kindPartsList {
		return false
	}
	n := d.count()
	keys := make(map[string]string, n)
	for i := range n {
		key, value := d.key(kind, i, d.cut(d.count()))
		keys[key] = value
	}
	if d.in != "" {
		panic(errDamaged)
	}
	v.keys = keys
	return true
}

// key splits an encoded element into its key and its value.
func (d *decoder) key(kind byte, i int, element string) (key, value string) {
	if kind == kindPartsList {
		return strconv.Itoa(i), element
	}
	rest := d.in
	d.in = element
	key = d.text()
	value, d.in = d.in, rest
	return key, value
}

// part decodes the part of the next value that path leads to.
func (d *decoder) part(path []string) *ast.Term {
	if len(path) == 0 || d.in == "" || d.in[0] != kindParts && d.in[0] != kindPartsList {
		return child(d.last(), path)
	}
	kind := d.byte()
	for i := range d.count() {
		if key, value := d.key(kind, i, d.cut(d.count())); key == path[0] {
			d.in = value
			return d.part(path[1:])
		}
	}
	return nil
}

// last decodes the only value that is left.
func (d *decoder) last() *ast.Term {
	t := d.term()
	if d.in != "" || t == nil {
		panic(errDamaged)
	}
	return t
}

// child returns what path leads to in a value, and nil if there is nothing.
func child(t *ast.Term, path []string) *ast.Term {
	for _, key := range path {
		switch v := t.Value.(type) {
		case ast.Object:
			t = v.Get(ast.StringTerm(key))
		case *ast.Array:
			i, err := strconv.Atoi(key)
			if err != nil || strconv.Itoa(i) != key || i < 0 || i >= v.Len() {
				return nil
			}
			t = v.Elem(i)
		default:
			return nil
		}
		if t == nil {
			return nil
		}
	}
	return t
}
