package spec

import (
	"fmt"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// decoder fills Go values from a tree of YAML nodes. It reports all errors, not
// only the first. It reads both os.yml and labels.
type decoder struct {
	// origin returns the origin of the value at a node.
	origin func(*yaml.Node) system.Origin
	// report receives one error: the node, the path of keys, what failed, and
	// the next step.
	report func(n *yaml.Node, path, what, next string)

	path     []string
	depth    int
	nodes    int
	reported int
	// spent: a limit is exceeded. This is reported once, and nothing more is
	// read.
	spent bool
}

// nodeDecoder is a type with its own decoder.
type nodeDecoder interface {
	fromNode(*decoder, *yaml.Node)
}

func (d *decoder) errorf(n *yaml.Node, next, format string, args ...any) {
	d.reported++
	switch {
	case d.spent:
	case d.reported > maxErrors:
		d.report(n, "", "too many errors: the rest of the file is not checked", "")
		d.spent = true
	default:
		d.report(n, "/"+strings.Join(d.path, "/"), fmt.Sprintf(format, args...), next)
	}
}

// at runs f with the key added to the path.
func (d *decoder) at(key string, f func()) {
	d.path = append(d.path, key)
	f()
	d.path = d.path[:len(d.path)-1]
}

// text reads a string from a node that follow returned. It returns false if
// that failed; the error is then already reported.
func (d *decoder) text(n *yaml.Node) (string, bool) {
	var s string
	before := d.reported
	d.fill(n, &s)
	return s, d.reported == before && !d.spent
}

// follow returns the node that n refers to if n is an alias, else n. It returns
// nil if a limit is exceeded.
func (d *decoder) follow(n *yaml.Node) *yaml.Node {
	d.nodes++
	switch {
	case d.spent:
		return nil
	case d.nodes > maxNodes:
		d.errorf(n, "replace aliases by their values, or split the file", "more than %d values, including those that aliases repeat", maxNodes)
		d.spent = true
		return nil
	case d.depth > maxDepth:
		d.errorf(n, "look for an alias inside its own anchor", "nested more than %d levels deep", maxDepth)
		d.spent = true
		return nil
	}
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// into follows n and reads the node into the value that target points to.
func (d *decoder) into(n *yaml.Node, target any) {
	n = d.follow(n)
	if n == nil {
		return
	}
	d.depth++
	d.fill(n, target)
	d.depth--
}

// fill is like into, for a node that follow returned.
func (d *decoder) fill(n *yaml.Node, target any) {
	if own, ok := target.(nodeDecoder); ok {
		own.fromNode(d, n)
		return
	}
	v := reflect.ValueOf(target).Elem()
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		d.fill(n, v.Interface())
		return
	}
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
		d.errorf(n, "add a value, or remove the key", "the value is missing: expected %s", kindName(v.Type()))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.structure(n, v)
	case reflect.Slice:
		d.slice(n, v)
	case reflect.Map:
		d.mapping(n, v)
	default:
		d.scalar(n, v)
	}
}

func (d *decoder) slice(n *yaml.Node, v reflect.Value) {
	if n.Kind != yaml.SequenceNode {
		d.errorf(n, "write it as a list: [a, b], or one `- ` per line", "expected a list, found %s", describe(n))
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), 0, min(len(n.Content), 64)))
	for i, item := range n.Content {
		elem := reflect.New(v.Type().Elem())
		d.at(fmt.Sprint(i), func() { d.into(item, elem.Interface()) })
		if d.spent {
			return
		}
		v.Set(reflect.Append(v, elem.Elem()))
	}
}

func (d *decoder) mapping(n *yaml.Node, v reflect.Value) {
	v.Set(reflect.MakeMap(v.Type()))
	for _, e := range d.entries(n) {
		elem := reflect.New(v.Type().Elem())
		d.at(e.name, func() { d.into(e.value, elem.Interface()) })
		v.SetMapIndex(reflect.ValueOf(e.name), elem.Elem())
	}
}

// structure fills a struct. Our types have the exact names in the tag `key`.
// For OCI types, the JSON names match in any case, because LinuxKit's files
// have both kernelTCP and uidmappings.
func (d *decoder) structure(n *yaml.Node, v reflect.Value) {
	known := fieldsOf(v.Type())
	if known.origin != nil {
		v.FieldByIndex(known.origin).Set(reflect.ValueOf(d.origin(n)))
	}
	seen := map[string]*yaml.Node{}
	for _, e := range d.entries(n) {
		name, index := known.find(e.name)
		if index == nil {
			next := "use one of these keys: " + strings.Join(known.names, ", ")
			if near := nearest(e.name, known.names); near != "" {
				next = fmt.Sprintf("did you mean %q?", near)
			}
			d.errorf(e.key, next, "unknown key %q", e.name)
			continue
		}
		if first := seen[name]; first != nil {
			d.duplicate(e.key, e.name, first)
			continue
		}
		seen[name] = e.key
		d.at(name, func() { d.into(e.value, v.FieldByIndex(index).Addr().Interface()) })
	}
}

func (d *decoder) duplicate(n *yaml.Node, name string, first *yaml.Node) {
	where := ""
	if first.Line > 0 {
		where = fmt.Sprintf("; the first is on line %d", first.Line)
	}
	d.errorf(n, "keep one of the two", "duplicate key %q%s", name, where)
}

// entry is one key of a mapping and its value.
type entry struct {
	name       string
	key, value *yaml.Node
}

// entries returns the entries of a mapping in order, including those from `<<`
// keys. The mapping's own entries come before the merged ones.
func (d *decoder) entries(n *yaml.Node) []entry {
	if n.Kind != yaml.MappingNode {
		d.errorf(n, "write it as `key: value`", "expected a mapping, found %s", describe(n))
		return nil
	}
	var out []entry
	var merged []*yaml.Node
	seen := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := d.follow(n.Content[i]), n.Content[i+1]
		if key == nil {
			return nil
		}
		switch {
		case key.Kind == yaml.ScalarNode && key.ShortTag() == "!!merge":
			merged = append(merged, value)
			continue
		case key.Kind != yaml.ScalarNode || key.ShortTag() != "!!str":
			d.errorf(key, "put the key in quotes", "expected text as a key, found %s", describe(key))
			continue
		case seen[key.Value] != nil:
			d.duplicate(key, key.Value, seen[key.Value])
			continue
		}
		seen[key.Value] = key
		out = append(out, entry{key.Value, key, value})
	}
	for _, m := range merged {
		for _, e := range d.merge(m) {
			if seen[e.name] == nil {
				seen[e.name] = e.key
				out = append(out, e)
			}
		}
	}
	return out
}

// merge returns the entries of the value of a `<<` key. The value is a mapping
// or a list of mappings. In a list, the first mapping with a key wins.
func (d *decoder) merge(n *yaml.Node) []entry {
	n = d.follow(n)
	if n == nil {
		return nil
	}
	d.depth++
	defer func() { d.depth-- }()
	if n.Kind != yaml.SequenceNode {
		return d.entries(n)
	}
	var out []entry
	for _, item := range n.Content {
		item = d.follow(item)
		if item == nil {
			return nil
		}
		out = append(out, d.entries(item)...)
	}
	return out
}
