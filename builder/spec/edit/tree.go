package edit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxValues is the limit of values in a document. A value counts once for each
// alias that refers to it.
const (
	maxValues = 100_000
	maxDepth  = 100
)

// A tree is the content of a document: map[string]any, []any and scalars.

// scalar is a text, a number, a boolean or null, as written.
type scalar struct{ tag, value string }

// resolver converts nodes to a tree. It follows aliases and merges merge keys.
type resolver struct {
	left, depth int
	err         error
}

func (r *resolver) value(n *yaml.Node) any {
	r.left--
	r.depth++
	defer func() { r.depth-- }()
	if r.left < 0 || r.depth > maxDepth {
		r.err = fmt.Errorf("more than %d values, or nested more than %d levels deep", maxValues, maxDepth)
		return nil
	}
	switch n.Kind {
	case yaml.AliasNode:
		return r.value(n.Alias)
	case yaml.SequenceNode:
		out := make([]any, 0, len(n.Content))
		for _, item := range n.Content {
			if r.err != nil {
				return nil
			}
			out = append(out, r.value(item))
		}
		return out
	case yaml.MappingNode:
		return r.mapping(n)
	}
	tag := n.ShortTag()
	if tag == "!!timestamp" { // we read a date as text
		tag = "!!str"
	}
	return scalar{tag, n.Value}
}

// mapping converts a mapping. Its own keys come before the merged keys.
func (r *resolver) mapping(n *yaml.Node) any {
	out := map[string]any{}
	var merged []any
	for i := 0; i+1 < len(n.Content) && r.err == nil; i += 2 {
		k, v := n.Content[i], r.value(n.Content[i+1])
		if k.Kind == yaml.AliasNode {
			k = k.Alias
		}
		switch _, dup := out[k.Value]; {
		case k.Kind != yaml.ScalarNode:
			r.err = errors.New("a key is not text")
		case k.ShortTag() == "!!merge":
			merged = append(merged, v)
		case dup:
			r.err = fmt.Errorf("duplicate key %q", k.Value)
		default:
			out[k.Value] = v
		}
	}
	for _, m := range merged {
		list, ok := m.([]any)
		if !ok {
			list = []any{m}
		}
		for _, one := range list {
			from, _ := one.(map[string]any)
			for k, v := range from {
				if _, own := out[k]; !own {
					out[k] = v
				}
			}
		}
	}
	return out
}

// Map is a mapping that keeps the order of its keys.
type Map []Pair

// Pair is one key of a Map.
type Pair struct {
	Key   string
	Value any
}

// plainValue converts the value of an edit to a tree.
func plainValue(v any) (any, error) {
	switch v := v.(type) {
	case string:
		return scalar{"!!str", v}, nil
	case bool:
		return scalar{"!!bool", strconv.FormatBool(v)}, nil
	case int:
		return scalar{"!!int", strconv.Itoa(v)}, nil
	case json.Number:
		if _, err := strconv.ParseInt(v.String(), 10, 64); err != nil {
			return nil, fmt.Errorf("the number %s is not a whole number", v)
		}
		return scalar{"!!int", v.String()}, nil
	case Map:
		out := map[string]any{}
		for _, p := range v {
			one, err := plainValue(p.Value)
			if err != nil {
				return nil, err
			}
			out[p.Key] = one
		}
		return out, nil
	case map[string]any:
		out := map[string]any{}
		for k, one := range v {
			var err error
			if out[k], err = plainValue(one); err != nil {
				return nil, err
			}
		}
		return out, nil
	case []any:
		out := make([]any, 0, len(v))
		for _, one := range v {
			p, err := plainValue(one)
			if err != nil {
				return nil, err
			}
			out = append(out, p)
		}
		return out, nil
	case float64, int64, uint32, []string, map[string]string:
		return viaJSON(v)
	}
	return nil, fmt.Errorf("a value of type %T cannot be written", v)
}

// viaJSON converts a value of another Go type to its form in decision.json.
func viaJSON(v any) (any, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var out any
	if err := d.Decode(&out); err != nil {
		return nil, err
	}
	return plainValue(out)
}

func equal(a, b any) bool { return reflect.DeepEqual(a, b) }

// change returns a copy of a tree with another value at steps. f gets the old
// value, or nil if there is none. It returns the new value, or nil to remove
// the key. Missing mappings on the path are created.
func change(tree any, steps []string, f func(any) any) any {
	if len(steps) == 0 {
		return f(tree)
	}
	if list, ok := tree.([]any); ok {
		i, err := strconv.Atoi(steps[0])
		if err != nil || i < 0 || i >= len(list) {
			return tree
		}
		out := slices.Clone(list)
		if v := change(out[i], steps[1:], f); v != nil {
			out[i] = v
			return out
		}
		return slices.Delete(out, i, i+1)
	}
	m, ok := tree.(map[string]any)
	if !ok && tree != nil && tree != any(scalar{"!!null", ""}) {
		return tree
	}
	out := maps.Clone(m)
	if out == nil {
		out = map[string]any{}
	}
	if v := change(out[steps[0]], steps[1:], f); v != nil {
		out[steps[0]] = v
	} else {
		delete(out, steps[0])
	}
	return out
}

// lookup returns the value at steps, or nil if there is none.
func lookup(tree any, steps ...string) any {
	for _, step := range steps {
		switch v := tree.(type) {
		case map[string]any:
			tree = v[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(v) {
				return nil
			}
			tree = v[i]
		default:
			return nil
		}
	}
	return tree
}

// ignoreBlanks replaces the text at steps by its words with single blanks.
func ignoreBlanks(tree any, steps []string) any {
	return change(tree, steps, func(v any) any {
		if s, ok := v.(scalar); ok {
			return scalar{s.tag, strings.Join(strings.Fields(s.value), " ")}
		}
		return v
	})
}
