package compiled

import (
	"encoding/binary"
	"errors"

	"github.com/open-policy-agent/opa/v1/ast"
)

var errDamaged = errors.New("a compiled module is damaged")

// Decode returns the module that Encode wrote. Its error is errDamaged.
func Decode(raw []byte) (m *ast.Module, err error) {
	err = decode(raw, func(d *decoder) { m = d.module() })
	return m, err
}

// decode calls read and checks that it consumes all of raw.
func decode(raw []byte, read func(*decoder)) (err error) {
	defer func() {
		if r := recover(); r != nil {
			if r != errDamaged { //nolint:errorlint // the decoder panics with this value
				panic(r)
			}
			err = errDamaged
		}
	}()
	d := &decoder{in: raw, all: string(raw)}
	read(d)
	if len(d.in) > 0 {
		return errDamaged
	}
	return nil
}

func (d *decoder) module() *ast.Module {
	d.file = d.text()
	m := &ast.Module{Package: &ast.Package{Location: d.place(), Path: d.terms()}}
	m.SetRegoVersion(ast.RegoV1) //nolint:staticcheck // the new function needs a place in the text, which compiled rules do not have
	m.Rules = make([]*ast.Rule, d.count())
	for i := range m.Rules {
		m.Rules[i] = d.rule(m)
	}
	return m
}

// decoder panics with errDamaged. It allocates places and terms in blocks, and
// creates the value of each text once.
type decoder struct {
	in       []byte // the rest of all
	all      string
	texts    []string
	strings  []ast.Value // values of texts; nil until used
	vars     []ast.Value
	file     string
	row, col int
	places   []ast.Location
	free     []ast.Term
	depth    int
}

// maxDepth limits the nesting of terms.
const maxDepth = 1000

func (d *decoder) number() int {
	n, size := binary.Uvarint(d.in)
	if size <= 0 || n > 1<<31 {
		panic(errDamaged)
	}
	d.in = d.in[size:]
	return int(n)
}

// count reads a number of elements. Each takes at least one byte, which limits the
// number.
func (d *decoder) count() int {
	n := d.number()
	if n > len(d.in) {
		panic(errDamaged)
	}
	return n
}

func (d *decoder) signed() int {
	n, size := binary.Varint(d.in)
	if size <= 0 {
		panic(errDamaged)
	}
	d.in = d.in[size:]
	return int(n)
}

func (d *decoder) byte() byte {
	if len(d.in) == 0 {
		panic(errDamaged)
	}
	b := d.in[0]
	d.in = d.in[1:]
	return b
}

func (d *decoder) flag() bool { return d.byte() != 0 }

func (d *decoder) text() string { return d.texts[d.textAt()] }

// textAt reads the index of a text.
func (d *decoder) textAt() int {
	if at := d.number(); at > 0 {
		if at > len(d.texts) {
			panic(errDamaged)
		}
		return at - 1
	}
	n := d.count()
	at := len(d.all) - len(d.in)
	d.texts = append(d.texts, d.all[at:at+n])
	d.strings, d.vars = append(d.strings, nil), append(d.vars, nil)
	d.in = d.in[n:]
	return len(d.texts) - 1
}

func (d *decoder) stringValue() ast.Value {
	at := d.textAt()
	if d.strings[at] == nil {
		d.strings[at] = ast.String(d.texts[at])
	}
	return d.strings[at]
}

func (d *decoder) varValue() ast.Value {
	at := d.textAt()
	if d.vars[at] == nil {
		d.vars[at] = ast.Var(d.texts[at])
	}
	return d.vars[at]
}

func (d *decoder) place() *ast.Location {
	if !d.flag() {
		return nil
	}
	d.row += d.signed()
	d.col += d.signed()
	if len(d.places) == 0 {
		d.places = make([]ast.Location, 128)
	}
	l := &d.places[0]
	d.places = d.places[1:]
	l.File, l.Row, l.Col = d.file, d.row, d.col
	return l
}

func (d *decoder) rule(m *ast.Module) *ast.Rule {
	r := &ast.Rule{Location: d.place(), Default: d.flag(), Module: m}
	r.Head = &ast.Head{
		Location: d.place(), Name: ast.Var(d.text()), Reference: d.terms(), Args: d.terms(),
		Key: d.term(), Value: d.term(), Assign: d.flag(),
	}
	r.Body = d.body()
	if d.deeper(); d.flag() {
		r.Else = d.rule(m)
	}
	d.depth--
	return r
}

func (d *decoder) deeper() {
	if d.depth++; d.depth > maxDepth {
		panic(errDamaged)
	}
}

func (d *decoder) body() ast.Body {
	b := make(ast.Body, d.count())
	for i := range b {
		b[i] = d.expr()
	}
	return b
}

func (d *decoder) expr() *ast.Expr {
	x := &ast.Expr{Location: d.place(), Index: d.number(), Generated: d.flag(), Negated: d.flag()}
	switch d.byte() {
	case kindTerm:
		x.Terms = d.term()
	case kindTerms:
		x.Terms = d.terms()
	case kindEvery:
		d.deeper()
		x.Terms = &ast.Every{Location: d.place(), Key: d.term(), Value: d.term(), Domain: d.term(), Body: d.body()}
		d.depth--
	default:
		panic(errDamaged)
	}
	if n := d.count(); n > 0 {
		x.With = make([]*ast.With, n)
		for i := range x.With {
			x.With[i] = &ast.With{Location: d.place(), Target: d.term(), Value: d.term()}
		}
	}
	return x
}

func (d *decoder) terms() []*ast.Term {
	n := d.count()
	if n == 0 {
		return nil
	}
	list := make([]*ast.Term, n)
	for i := range list {
		list[i] = d.term()
	}
	return list
}

func (d *decoder) term() *ast.Term {
	kind := d.byte()
	if kind == kindNone {
		return nil
	}
	d.deeper()
	if len(d.free) == 0 {
		d.free = make([]ast.Term, min(len(d.in)/4+1, 128))
	}
	t := &d.free[0]
	d.free = d.free[1:]
	t.Value = d.value(kind)
	d.depth--
	return t
}

func (d *decoder) value(kind byte) ast.Value {
	switch kind {
	case kindNull:
		return ast.NullValue
	case kindTrue:
		return ast.Boolean(true)
	case kindFalse:
		return ast.Boolean(false)
	case kindNumber:
		return ast.Number(d.text())
	case kindString:
		return d.stringValue()
	case kindVar:
		return d.varValue()
	case kindRef:
		return ast.Ref(d.terms())
	case kindCall:
		return ast.Call(d.terms())
	case kindArray:
		return ast.NewArray(d.terms()...)
	case kindSet:
		return ast.NewSet(d.terms()...)
	case kindObject:
		items := make([][2]*ast.Term, d.count())
		for i := range items {
			items[i] = [2]*ast.Term{d.term(), d.term()}
		}
		return ast.NewObject(items...)
	case kindArrayComprehension:
		return &ast.ArrayComprehension{Term: d.term(), Body: d.body()}
	case kindSetComprehension:
		return &ast.SetComprehension{Term: d.term(), Body: d.body()}
	case kindObjectComprehension:
		return &ast.ObjectComprehension{Key: d.term(), Value: d.term(), Body: d.body()}
	}
	panic(errDamaged)
}
