package spec

import (
	"cmp"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// Value is a value and its origin. A key that may be absent is a *Value. nil
// means that the key is not set, which is different from a zero value.
type Value[T any] struct {
	V      T
	Origin system.Origin
}

// Pos returns the place of the value in os.yml. For a value from a label, it is
// the place of the image reference.
func (v Value[T]) Pos() system.Position { return position(v.Origin) }

func (v *Value[T]) fromNode(d *decoder, n *yaml.Node) {
	v.Origin = d.origin(n)
	d.fill(n, &v.V)
}

// Get returns the value, or the zero value if it is not set.
func (v *Value[T]) Get() T {
	if v == nil {
		var zero T
		return zero
	}
	return v.V
}

// List is a list of values, each with its place.
type List[T any] struct {
	Items  []Value[T]
	Origin system.Origin
}

func (l *List[T]) fromNode(d *decoder, n *yaml.Node) {
	l.Origin = d.origin(n)
	l.Items = []Value[T]{}
	d.fill(n, &l.Items)
}

// Get returns the values without their places. It returns nil if the list is
// not set.
func (l *List[T]) Get() []T {
	if l == nil {
		return nil
	}
	out := make([]T, len(l.Items))
	for i, item := range l.Items {
		out[i] = item.V
	}
	return out
}

// Map is a mapping from strings to strings, sorted by key.
type Map struct {
	Items  []Pair
	Origin system.Origin
}

// Pair is one entry of a Map.
type Pair struct {
	Key string
	Value[string]
}

func (m *Map) fromNode(d *decoder, n *yaml.Node) {
	m.Origin = d.origin(n)
	for _, e := range d.entries(n) {
		p := Pair{Key: e.name}
		d.at(e.name, func() { d.into(e.value, &p.Value) })
		m.Items = append(m.Items, p)
	}
	slices.SortFunc(m.Items, func(a, b Pair) int { return cmp.Compare(a.Key, b.Key) })
}

// Get returns the mapping without places. It returns nil if the mapping is not
// set.
func (m *Map) Get() map[string]string {
	if m == nil || len(m.Items) == 0 {
		return nil
	}
	out := make(map[string]string, len(m.Items))
	for _, p := range m.Items {
		out[p.Key] = p.V
	}
	return out
}

func position(o system.Origin) system.Position {
	return system.Position{File: o.File, Line: o.Line, Column: o.Column}
}
