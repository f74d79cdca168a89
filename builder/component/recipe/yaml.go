package recipe

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
)

// reader turns YAML nodes into values and keeps every error, so that one run
// shows them all.
type reader struct {
	file string
	errs []error
}

func (r *reader) pos(n *yaml.Node) system.Position {
	return system.Position{File: r.file, Line: n.Line, Column: n.Column}
}

func (r *reader) fail(n *yaml.Node, format string, args ...any) {
	r.errs = append(r.errs, system.BadInput(format, args...).At(r.pos(n)))
}

func (r *reader) failNext(n *yaml.Node, next, format string, args ...any) {
	r.fail(n, format, args...)
	r.errs[len(r.errs)-1].(*system.Error).Next = next
}

var yamlLine = lazyre.New(`^yaml: line (\d+): (.*)$`)

// document parses the one document of data; nil and an error recorded where
// there is none.
func (r *reader) document(data []byte) *yaml.Node {
	dec := yaml.NewDecoder(strings.NewReader(string(data)))
	var doc, second yaml.Node
	if err := dec.Decode(&doc); err != nil {
		e := system.BadInput("not a YAML document").At(system.Position{File: r.file}).Because(err)
		if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
			line, _ := strconv.Atoi(m[1])
			e.Pos.Line, e.Pos.Column, e.What, e.Err = line, 1, m[2], nil
		}
		r.errs = append(r.errs, e)
		return nil
	}
	if dec.Decode(&second) == nil {
		r.fail(&second, "a second YAML document: a recipe is one")
	}
	return doc.Content[0]
}

// fields walks a mapping in order and calls the function of each key. Unknown
// and duplicate keys, aliases and merges are errors.
func (r *reader) fields(n *yaml.Node, what string, known map[string]func(*yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		r.fail(n, "%s must be a mapping, not %s", what, kindName(n))
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			r.fail(key, "a key of %s must be text, not %s", what, kindName(key))
			continue
		}
		if seen[key.Value] {
			r.fail(key, "%s: %q is given twice", what, key.Value)
			continue
		}
		seen[key.Value] = true
		read, ok := known[key.Value]
		if !ok {
			r.failNext(key, "known keys: "+strings.Join(sortedKeys(known), ", "), "%s: unknown key %q", what, key.Value)
			continue
		}
		read(value)
	}
}

func (r *reader) text(n *yaml.Node) string {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		r.fail(n, "must be text, not %s", kindName(n))
		return ""
	}
	if strings.ContainsRune(n.Value, 0) {
		r.fail(n, "holds a NUL byte")
		return ""
	}
	return n.Value
}

func (r *reader) boolean(n *yaml.Node) bool {
	var b bool
	if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" || n.Decode(&b) != nil {
		r.fail(n, "must be true or false")
	}
	return b
}

// id reads a uid or gid.
func (r *reader) id(n *yaml.Node) int {
	v, err := strconv.Atoi(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil || v < 0 || v > 65535 {
		r.fail(n, "must be a number from 0 to 65535")
		return 0
	}
	return v
}

// mode reads octal text, as os.yml does.
func (r *reader) mode(n *yaml.Node) uint32 {
	v, err := strconv.ParseUint(n.Value, 8, 32)
	if n.Kind != yaml.ScalarNode || n.Tag != "!!str" || err != nil || v > 0o7777 {
		r.failNext(n, `write it in quotes: mode: "0644"`, "mode must be octal text")
		return 0
	}
	return uint32(v)
}

func (r *reader) list(n *yaml.Node, item func(*yaml.Node)) {
	if n.Kind != yaml.SequenceNode {
		r.fail(n, "must be a list, not %s", kindName(n))
		return
	}
	for _, c := range n.Content {
		item(c)
	}
}

func (r *reader) texts(n *yaml.Node) []string {
	var out []string
	r.list(n, func(c *yaml.Node) { out = append(out, r.text(c)) })
	return out
}

func (r *reader) values(n *yaml.Node) []Value {
	var out []Value
	r.list(n, func(c *yaml.Node) { out = append(out, Value{r.text(c), r.pos(c)}) })
	return out
}

// path reads a path in the image: relative, or with one leading slash.
func (r *reader) path(n *yaml.Node) string {
	s := r.text(n)
	p := strings.TrimPrefix(s, "/")
	if p == "" || !cleanPath(p) {
		r.fail(n, "path %q must be clean and stay in the image", s)
		return ""
	}
	return p
}

func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias (anchors are not read)"
	case yaml.ScalarNode:
		if n.Tag == "!!null" {
			return "nothing"
		}
		return fmt.Sprintf("the value %q", n.Value)
	}
	return "nothing"
}

func (r *reader) err() error { return errors.Join(r.errs...) }
