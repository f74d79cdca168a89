// Package compiled encodes modules that OPA's compiler has rewritten, and decodes
// them. Decoding is several times as fast as parsing and compiling the text. The
// encoding leaves out what only the compiler's checks and tracing use, and the places
// of terms: errors name the expression.
package compiled

import (
	"encoding/binary"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
)

// The kinds of values. Zero is not a kind.
const (
	kindNone byte = iota
	kindNull
	kindTrue
	kindFalse
	kindNumber
	kindString
	kindVar
	kindRef
	kindArray
	kindSet
	kindObject
	kindArrayComprehension
	kindSetComprehension
	kindObjectComprehension
	kindCall
	// The kinds of expressions.
	kindTerm
	kindTerms
	kindEvery
	// Objects with texts as keys, and lists, whose elements can be decoded alone.
	kindParts
	kindPartsList
)

// Encode encodes a module's package and rules. All of them must be from one file. The
// error names a part of the module that the encoding cannot express. Each rule can be
// decoded alone.
func Encode(m *ast.Module) ([]byte, error) {
	e := &encoder{known: map[string]int{}}
	e.text(m.Package.Location.File)
	e.file = m.Package.Location.File
	e.place(m.Package.Location)
	e.terms(m.Package.Path)
	e.number(len(m.Rules))
	for _, r := range m.Rules {
		e.row, e.col = 0, 0
		e.sized(func() { e.rule(r) })
	}
	return e.all(), e.err
}

// encoder writes numbers as varints, each text as its number in the list of all
// texts, and each place as the distance from the place before.
type encoder struct {
	out      []byte
	texts    []string
	known    map[string]int
	file     string
	row, col int
	parts    int // how deep elements are written so that they can be decoded alone
	err      error
}

func (e *encoder) fail(v any) {
	if e.err == nil {
		e.err = fmt.Errorf("a compiled module holds %T", v)
	}
}

func (e *encoder) number(n int) { e.out = binary.AppendUvarint(e.out, uint64(n)) }

func (e *encoder) flag(b bool) {
	if b {
		e.out = append(e.out, 1)
	} else {
		e.out = append(e.out, 0)
	}
}

func (e *encoder) text(s string) {
	at, ok := e.known[s]
	if !ok {
		at = len(e.texts)
		e.known[s], e.texts = at, append(e.texts, s)
	}
	e.number(at)
}

// sized writes the number of bytes that write adds, and then the bytes.
func (e *encoder) sized(write func()) {
	before := e.out
	e.out = nil
	write()
	part := e.out
	e.out = before
	e.number(len(part))
	e.out = append(e.out, part...)
}

// all returns the list of texts, followed by what refers to them.
func (e *encoder) all() []byte {
	body := e.out
	e.out = nil
	e.number(len(e.texts))
	for _, s := range e.texts {
		e.number(len(s))
		e.out = append(e.out, s...)
	}
	return append(e.out, body...)
}

func (e *encoder) place(l *ast.Location) {
	e.flag(l != nil)
	if l == nil {
		return
	}
	if l.File != e.file && l.File != "" {
		e.fail(l)
	}
	e.out = binary.AppendVarint(e.out, int64(l.Row-e.row))
	e.out = binary.AppendVarint(e.out, int64(l.Col-e.col))
	e.row, e.col = l.Row, l.Col
}

func (e *encoder) rule(r *ast.Rule) {
	e.place(r.Location)
	e.flag(r.Default)
	h := r.Head
	e.place(h.Location)
	e.text(string(h.Name))
	e.terms(h.Reference)
	e.terms(h.Args)
	e.term(h.Key)
	e.term(h.Value)
	e.flag(h.Assign)
	e.body(r.Body)
	e.flag(r.Else != nil)
	if r.Else != nil {
		e.rule(r.Else)
	}
}

func (e *encoder) body(b ast.Body) {
	e.number(len(b))
	for _, x := range b {
		e.expr(x)
	}
}

func (e *encoder) expr(x *ast.Expr) {
	e.place(x.Location)
	e.number(x.Index)
	e.flag(x.Generated)
	e.flag(x.Negated)
	switch t := x.Terms.(type) {
	case *ast.Term:
		e.out = append(e.out, kindTerm)
		e.term(t)
	case []*ast.Term:
		e.out = append(e.out, kindTerms)
		e.terms(t)
	case *ast.Every:
		e.out = append(e.out, kindEvery)
		e.place(t.Location)
		e.term(t.Key)
		e.term(t.Value)
		e.term(t.Domain)
		e.body(t.Body)
	default:
		e.fail(t)
	}
	e.number(len(x.With))
	for _, w := range x.With {
		e.place(w.Location)
		e.term(w.Target)
		e.term(w.Value)
	}
}

func (e *encoder) terms(list []*ast.Term) {
	e.number(len(list))
	for _, t := range list {
		e.term(t)
	}
}

func (e *encoder) term(t *ast.Term) {
	if t == nil {
		e.out = append(e.out, kindNone)
		return
	}
	kind := func(k byte) { e.out = append(e.out, k) }
	switch v := t.Value.(type) {
	case ast.Null:
		kind(kindNull)
	case ast.Boolean:
		if v {
			kind(kindTrue)
		} else {
			kind(kindFalse)
		}
	case ast.Number:
		kind(kindNumber)
		e.text(string(v))
	case ast.String:
		kind(kindString)
		e.text(string(v))
	case ast.Var:
		kind(kindVar)
		e.text(string(v))
	case ast.Ref:
		kind(kindRef)
		e.terms(v)
	case ast.Call:
		kind(kindCall)
		e.terms(v)
	case *ast.Array:
		if e.parts > 0 {
			kind(kindPartsList)
			e.number(v.Len())
			v.Foreach(func(t *ast.Term) { e.part(func() { e.term(t) }) })
			return
		}
		kind(kindArray)
		e.number(v.Len())
		v.Foreach(e.term)
	case ast.Set:
		kind(kindSet)
		e.number(v.Len())
		v.Foreach(e.term)
	case ast.Object:
		if e.parts > 0 && textKeys(v) {
			kind(kindParts)
			e.number(v.Len())
			v.Foreach(func(key, value *ast.Term) {
				e.part(func() { e.text(string(key.Value.(ast.String))); e.term(value) })
			})
			return
		}
		kind(kindObject)
		e.number(v.Len())
		v.Foreach(func(key, value *ast.Term) { e.term(key); e.term(value) })
	case *ast.ArrayComprehension:
		kind(kindArrayComprehension)
		e.term(v.Term)
		e.body(v.Body)
	case *ast.SetComprehension:
		kind(kindSetComprehension)
		e.term(v.Term)
		e.body(v.Body)
	case *ast.ObjectComprehension:
		kind(kindObjectComprehension)
		e.term(v.Key)
		e.term(v.Value)
		e.body(v.Body)
	default:
		e.fail(v)
	}
}

// part writes an element of an object or a list so that it can be decoded alone.
func (e *encoder) part(write func()) {
	e.parts--
	e.sized(write)
	e.parts++
}

func textKeys(o ast.Object) bool {
	return !o.Until(func(key, _ *ast.Term) bool {
		_, ok := key.Value.(ast.String)
		return !ok
	})
}
