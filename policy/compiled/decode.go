package compiled

import (
	"encoding/binary"
	"errors"

	"github.com/open-policy-agent/opa/v1/ast"
)

var errDamaged = errors.New("a compiled module is damaged")

// Decode returns the module that Encode wrote, with those of its rules whose numbers
// are wanted. The module refers to raw. The error is errDamaged.
func Decode(raw string, wanted func(rule int) bool) (m *ast.Module, err error) {
	err = catch(func() {
		d := open(raw)
		if m = d.module(wanted); d.in != "" {
			panic(errDamaged)
		}
	})
	return m, err
}

// catch calls read and returns the error that its decoder panics with.
func catch(read func()) (err error) {
	defer func() {
		if r := recover(); r != nil {
			if r != errDamaged { //nolint:errorlint // the decoder panics with this value
				panic(r)
			}
			err = errDamaged
		}
	}()
	read()
	return nil
}

// open decodes the list of texts, which precedes what refers to them.
func open(raw string) *decoder {
	d := &decoder{in: raw, block: min(len(raw)/4+1, 128)}
	d.texts = make([]text, d.count())
	for i := range d.texts {
		d.texts[i].text = d.cut(d.count())
	}
	return d
}

func (d *decoder) module(wanted func(rule int) bool) *ast.Module {
	d.file = d.text()
	m := &ast.Module{Package: &ast.Package{Location: d.place(), Path: d.terms()}}
	m.SetRegoVersion(ast.RegoV1) //nolint:staticcheck // the new function needs a place in the text, which compiled rules do not have
	for i := range d.count() {
		part := d.cut(d.count())
		if !wanted(i) {
			continue
		}
		rest := d.in
		d.in, d.row, d.col = part, 0, 0
		m.Rules = append(m.Rules, d.rule(m))
		if d.in != "" {
			panic(errDamaged)
		}
		d.in = rest
	}
	return m
}

// decoder panics with errDamaged. It allocates places and terms in blocks, and
// creates the value of each text once.
type decoder struct {
	in       string // the rest
	texts    []text
	file     string
	row, col int
	places   []ast.Location
	free     []ast.Term
	block    int // how many terms are allocated at once
	depth    int
}

// text is one of the texts, with its values; nil until used.
type text struct {
	text          string
	string, label ast.Value
}

// maxDepth limits the nesting of terms.
const maxDepth = 1000

func (d *decoder) number() int {
	n := d.uvarint()
	if n > 1<<31 {
		panic(errDamaged)
	}
	return int(n)
}

// uvarint is binary.Uvarint for a string.
func (d *decoder) uvarint() uint64 {
	var n uint64
	for i := 0; i < len(d.in) && i < binary.MaxVarintLen32; i++ {
		b := d.in[i]
		n |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			d.in = d.in[i+1:]
			return n
		}
	}
	panic(errDamaged)
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

// signed is binary.Varint for a string.
func (d *decoder) signed() int {
	n := d.uvarint()
	return int(n>>1) ^ -int(n&1)
}

// cut takes the next n bytes. The caller has checked that there are so many.
func (d *decoder) cut(n int) string {
	part := d.in[:n]
	d.in = d.in[n:]
	return part
}

func (d *decoder) byte() byte {
	if d.in == "" {
		panic(errDamaged)
	}
	b := d.in[0]
	d.in = d.in[1:]
	return b
}

func (d *decoder) flag() bool { return d.byte() != 0 }

func (d *decoder) text() string { return d.nextText().text }

func (d *decoder) nextText() *text {
	at := d.number()
	if at >= len(d.texts) {
		panic(errDamaged)
	}
	return &d.texts[at]
}

func (d *decoder) stringValue() ast.Value {
	t := d.nextText()
	if t.string == nil {
		t.string = ast.String(t.text)
	}
	return t.string
}

func (d *decoder) varValue() ast.Value {
	t := d.nextText()
	if t.label == nil {
		t.label = ast.Var(t.text)
	}
	return t.label
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
	t := d.newTerm()
	t.Value = d.value(kind)
	d.depth--
	return t
}

// textTerm decodes a text without a kind.
func (d *decoder) textTerm() *ast.Term {
	t := d.newTerm()
	t.Value = d.stringValue()
	return t
}

func (d *decoder) newTerm() *ast.Term {
	if len(d.free) == 0 {
		d.free = make([]ast.Term, d.block)
	}
	t := &d.free[0]
	d.free = d.free[1:]
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
		if list := d.terms(); list != nil {
			return ast.NewArray(list...)
		}
		return ast.InternedEmptyArrayValue
	case kindSet:
		return ast.NewSet(d.terms()...)
	case kindObject:
		items := make([][2]*ast.Term, d.count())
		for i := range items {
			items[i] = [2]*ast.Term{d.term(), d.term()}
		}
		return ast.NewObject(items...)
	case kindParts:
		items := make([][2]*ast.Term, d.count())
		for i := range items {
			d.count()
			key := d.textTerm()
			items[i] = [2]*ast.Term{key, d.term()}
		}
		return ast.NewObject(items...)
	case kindPartsList:
		n := d.count()
		if n == 0 {
			return ast.InternedEmptyArrayValue
		}
		list := make([]*ast.Term, n)
		for i := range list {
			d.count()
			list[i] = d.term()
		}
		return ast.NewArray(list...)
	case kindArrayComprehension:
		return &ast.ArrayComprehension{Term: d.term(), Body: d.body()}
	case kindSetComprehension:
		return &ast.SetComprehension{Term: d.term(), Body: d.body()}
	case kindObjectComprehension:
		return &ast.ObjectComprehension{Key: d.term(), Value: d.term(), Body: d.body()}
	}
	panic(errDamaged)
}
