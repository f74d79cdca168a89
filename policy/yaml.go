package policy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
)

// document parses one YAML document and refuses what makes files mean other
// than what they show: aliases, duplicate keys, a second document. The result
// is nil for an empty file.
func document(name string, content []byte) (*yaml.Node, error) {
	dec := yaml.NewDecoder(bytes.NewReader(content))
	var doc, more yaml.Node
	if err := dec.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		return nil, system.BadInput("%s", yamlMessage(err)).At(yamlPos(name, err))
	}
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, system.BadInput("more than one YAML document").At(system.Position{File: name}).Suggest("keep one document in the file")
	}
	root := &doc
	if doc.Kind == yaml.DocumentNode {
		if len(doc.Content) != 1 {
			return nil, nil
		}
		root = doc.Content[0]
	}
	var errs []error
	strict(name, root, 0, &errs)
	return root, errors.Join(errs...)
}

const maxYAMLDepth = 32

func strict(name string, n *yaml.Node, depth int, errs *[]error) {
	at := nodePos(name, n)
	if depth > maxYAMLDepth {
		*errs = append(*errs, system.BadInput("nested deeper than %d levels", maxYAMLDepth).At(at))
		return
	}
	switch {
	case n.Kind == yaml.AliasNode:
		*errs = append(*errs, system.BadInput("aliases are not allowed").At(at).Suggest("write the value out"))
		return
	case n.Anchor != "":
		*errs = append(*errs, system.BadInput("anchors are not allowed").At(at).Suggest("write the value out"))
	}
	if n.Kind == yaml.MappingNode {
		seen := map[string]int{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			k := n.Content[i]
			if k.Kind != yaml.ScalarNode {
				*errs = append(*errs, system.BadInput("a key must be a plain text").At(nodePos(name, k)))
				continue
			}
			if line, dup := seen[k.Value]; dup {
				*errs = append(*errs, system.BadInput("key %q is there already, on line %d", k.Value, line).At(nodePos(name, k)))
			}
			seen[k.Value] = k.Line
		}
	}
	for _, c := range n.Content {
		strict(name, c, depth+1, errs)
	}
}

func nodePos(name string, n *yaml.Node) system.Position {
	return system.Position{File: name, Line: n.Line, Column: n.Column}
}

var yamlLine = lazyre.New(`line (\d+): `)

// yamlPos finds the line that the YAML parser names only in its text.
func yamlPos(name string, err error) system.Position {
	pos := system.Position{File: name}
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		if line, convErr := strconv.Atoi(m[1]); convErr == nil {
			pos.Line, pos.Column = line, 1
		}
	}
	return pos
}

func yamlMessage(err error) string {
	msg := err.Error()
	if loc := yamlLine.FindStringIndex(msg); loc != nil {
		msg = msg[loc[1]:]
	}
	return fmt.Sprintf("not valid YAML: %s", msg)
}

// text is a scalar's text; ok is false for lists, maps, null and booleans.
func text(n *yaml.Node) (string, bool) {
	if n.Kind != yaml.ScalarNode {
		return "", false
	}
	switch n.ShortTag() {
	case "!!str", "!!timestamp", "!!int", "!!float":
		return n.Value, true
	}
	return "", false
}

// texts is a list of texts, or one text alone.
func texts(name string, n *yaml.Node, errs *[]error) []*yaml.Node {
	list := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		list = n.Content
	}
	for _, item := range list {
		if _, ok := text(item); !ok {
			*errs = append(*errs, system.BadInput("a text is wanted here").At(nodePos(name, item)))
			return nil
		}
	}
	return list
}

// kindName is how errors call a node.
func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a map"
	case yaml.SequenceNode:
		return "a list"
	}
	if n.ShortTag() == "!!null" {
		return "nothing"
	}
	return fmt.Sprintf("%q", n.Value)
}
