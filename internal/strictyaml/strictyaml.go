// Package strictyaml reads YAML that people write and that decides something.
// It refuses constructs that change what a file seems to say: aliases,
// duplicate and unknown keys, a second document. Parse returns the nodes.
// Reader converts them into values and collects every mistake with its place.
package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/seaworthy-os/seaworthy/internal/failure"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
)

// maxDepth is the deepest nesting of values.
const maxDepth = 32

// Parse reads one YAML document. name is the file name in error places. The
// node is nil for an empty file and for a file that cannot be parsed. If the
// file has aliases, anchors or duplicate keys, Parse returns both the node and
// the error (ErrInput), so that a caller can report further mistakes in the
// same run.
func Parse(name string, content []byte) (*yaml.Node, error) {
	dec := yaml.NewDecoder(bytes.NewReader(content))
	var doc, more yaml.Node
	if err := dec.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		line, text := SyntaxError(err)
		return nil, failure.BadInput("not valid YAML: %s", text).At(failure.Position{File: name, Line: line, Column: min(line, 1)})
	}
	r := Reader{Name: name}
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		r.Bad(&more, "split the file: it may contain one document only", "more than one YAML document")
		return nil, r.Err()
	}
	if len(doc.Content) != 1 {
		return nil, nil
	}
	r.check(doc.Content[0], 0)
	return doc.Content[0], r.Err()
}

var atLine = lazyre.New(`^line (\d+): `)

// SyntaxError splits an error of the YAML parser. line is 0 if the error has no
// line.
func SyntaxError(err error) (line int, text string) {
	text = strings.TrimPrefix(err.Error(), "yaml: ")
	if m := atLine.FindStringSubmatch(text); m != nil {
		if line, err := strconv.Atoi(m[1]); err == nil {
			return line, strings.TrimPrefix(text, m[0])
		}
	}
	return 0, text
}

// Reader reads the nodes of one file.
type Reader struct {
	// Name is the file name in error places.
	Name string
	// field is the key whose value is being read. Errors about values contain
	// it.
	field string
	errs  []error
}

// Bad records a mistake at a node; next is the next step, or "".
func (r *Reader) Bad(n *yaml.Node, next, format string, args ...any) {
	r.errs = append(r.errs, failure.BadInput(format, args...).At(r.Pos(n)).Suggest("%s", next))
}

// Pos is the place of a node.
func (r *Reader) Pos(n *yaml.Node) failure.Position {
	return failure.Position{File: r.Name, Line: n.Line, Column: n.Column}
}

// Add adds the mistakes of another reader.
func (r *Reader) Add(other *Reader) { r.errs = append(r.errs, other.errs...) }

// AddNew adds the mistakes of another reader, except those that this one has too.
func (r *Reader) AddNew(other *Reader) {
	for _, err := range other.errs {
		same := func(e error) bool { return e.Error() == err.Error() }
		if !slices.ContainsFunc(r.errs, same) {
			r.errs = append(r.errs, err)
		}
	}
}

// Failed reports whether there was a mistake.
func (r *Reader) Failed() bool { return len(r.errs) > 0 }

// Err joins the mistakes; nil if there are none.
func (r *Reader) Err() error { return errors.Join(r.errs...) }

// wrong records that the value of a key is not as required.
func (r *Reader) wrong(n *yaml.Node, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if r.field != "" {
		text = r.field + ": " + text
	}
	r.Bad(n, "", "%s", text)
}

// check refuses aliases, duplicate keys and too deep nesting below a node.
func (r *Reader) check(n *yaml.Node, depth int) {
	if depth > maxDepth {
		r.Bad(n, "", "the YAML is nested deeper than %d levels", maxDepth)
		return
	}
	switch {
	case n.Kind == yaml.AliasNode:
		r.Bad(n, "write the value itself in this place", "aliases are not allowed")
		return
	case n.Anchor != "":
		r.Bad(n, "write the value itself in this place", "anchors are not allowed")
	}
	if n.Kind == yaml.MappingNode {
		r.checkKeys(n)
	}
	for _, c := range n.Content {
		r.check(c, depth+1)
	}
}

func (r *Reader) checkKeys(n *yaml.Node) {
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		line, dup := seen[k.Value]
		switch {
		case k.Kind != yaml.ScalarNode:
			r.Bad(k, "", "a key must be text, not %s", Kind(k))
			continue
		case dup:
			r.Bad(k, "remove one of the two", "duplicate key %q, first on line %d", k.Value, line)
		}
		seen[k.Value] = k.Line
	}
}

// Fields calls the function of each key of a mapping, in order. what is the
// name of the mapping in errors. Unknown keys are errors.
func (r *Reader) Fields(n *yaml.Node, what string, known map[string]func(*yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		r.Bad(n, "", "%s must be a mapping, not %s", what, Kind(n))
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if read, ok := known[key.Value]; ok {
			outer := r.field
			r.field = key.Value
			read(value)
			r.field = outer
			continue
		}
		names := make([]string, 0, len(known))
		for name := range known {
			names = append(names, name)
		}
		slices.Sort(names)
		r.Bad(key, "known keys: "+strings.Join(names, ", "), "%s: unknown key %q", what, key.Value)
	}
}

// List calls item for each element of a list.
func (r *Reader) List(n *yaml.Node, item func(*yaml.Node)) {
	if n.Kind != yaml.SequenceNode {
		r.wrong(n, "must be a list, not %s", Kind(n))
		return
	}
	for _, c := range n.Content {
		item(c)
	}
}

// Text reads a text. Numbers and dates keep the form in which they are written.
func (r *Reader) Text(n *yaml.Node) string {
	s, ok := Text(n)
	switch {
	case !ok:
		r.wrong(n, "must be text, not %s", Kind(n))
	case strings.ContainsRune(s, 0):
		r.wrong(n, "contains a NUL byte")
		return ""
	}
	return s
}

// Texts reads a list of texts.
func (r *Reader) Texts(n *yaml.Node) []string {
	var out []string
	r.List(n, func(c *yaml.Node) { out = append(out, r.Text(c)) })
	return out
}

// OneOrMore returns the nodes of a list of texts, or the node of a single text.
func (r *Reader) OneOrMore(n *yaml.Node) []*yaml.Node {
	list := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		list = n.Content
	}
	before := len(r.errs)
	for _, c := range list {
		r.Text(c)
	}
	if len(r.errs) > before {
		return nil
	}
	return list
}

// Bool reads true or false.
func (r *Reader) Bool(n *yaml.Node) bool {
	var b bool
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!bool" || n.Decode(&b) != nil {
		r.wrong(n, "must be true or false")
	}
	return b
}

// Text is a scalar's text; ok is false for lists, maps, null and booleans.
func Text(n *yaml.Node) (s string, ok bool) {
	if n.Kind != yaml.ScalarNode {
		return "", false
	}
	switch n.ShortTag() {
	case "!!str", "!!timestamp", "!!int", "!!float":
		return n.Value, true
	}
	return "", false
}

// Kind is the name of a node's kind in errors.
func Kind(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	if n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" {
		return "nothing"
	}
	return fmt.Sprintf("%q", n.Value)
}
