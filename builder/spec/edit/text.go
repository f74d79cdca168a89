package edit

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// width is the maximum length of an added line.
const width = 100

// insert offers to add a key at the end of a mapping.
func (j *job) insert(m *yaml.Node, name string, value any) {
	n := len(m.Content)
	if flow(m) {
		pair := inline(name, "", true) + ": " + inline(value, "", true)
		if n == 0 {
			at := j.content(m) + 1
			j.offer(j.with(at, at, pair))
			return
		}
		at := j.pairEnd(m, n-2)
		j.offer(j.with(at, at, ", "+pair))
		return
	}
	if n == 0 {
		return
	}
	lines := j.pairLines(j.indent(j.at(m.Content[0])), name, value)
	j.below(j.pairEnd(m, n-2), lines)
}

// pairLines writes `key: value` with an indentation. It uses one line if the
// pair fits.
func (j *job) pairLines(indent, name string, value any) string {
	head := indent + inline(name, "", false) + ":"
	if one := head + " " + inline(value, "", false); isScalar(value) || len(one) <= width {
		return one
	}
	return head + j.eol + j.block(indent+"  ", value)
}

// below offers to add lines below the line that contains off. They go after the
// blank lines that follow, because those may belong to a block text.
func (j *job) below(off int, lines string) {
	at := j.lineEnd(off)
	if at == len(j.text) && strings.TrimRight(j.text, "\r\n") == j.text {
		j.offer(j.text + j.eol + lines)
		return
	}
	j.offer(j.with(at, at, lines+j.eol))
	for at < len(j.text) && strings.TrimSpace(j.rest(at)) == "" {
		at = j.lineEnd(at)
	}
	j.offer(j.with(at, at, lines+j.eol))
}

// pairEnd returns the end of the pair whose key has index i.
func (j *job) pairEnd(m *yaml.Node, i int) int {
	if empty(m.Content[i+1]) {
		return j.colon(m, i)
	}
	return j.end(m.Content[i+1])
}

// replace offers to replace the value of a node.
func (j *job) replace(parent, at *yaml.Node, value any) {
	start, end := j.at(at), j.end(at)
	colon := -1
	if parent.Kind == yaml.MappingNode {
		for i := 1; i < len(parent.Content); i += 2 {
			if parent.Content[i] == at {
				colon = j.colon(parent, i-1)
			}
		}
	}
	inFlow := flow(parent) || j.insideFlow(start)
	text := inline(value, quotes(at), inFlow)
	if empty(at) && colon >= 0 {
		j.offer(j.with(colon, colon, " "+text))
		return
	}
	list, isList := value.([]any)
	ownLines := !flow(at) && (at.Kind == yaml.SequenceNode || at.Kind == yaml.MappingNode) && len(at.Content) > 0
	switch {
	case ownLines && at.Kind == yaml.SequenceNode && isList && len(list) > 0 && j.blankBefore(start):
		// A block list stays a block list.
		indent := j.text[j.lineStart(start):start]
		j.offer(j.with(j.lineStart(start), end, j.block(indent, value)))
	case ownLines && colon >= 0 && j.blankBefore(start):
		// The value moves to the line of its key. Comments between them stay.
		first, last := j.lineStart(start), j.lineEnd(end)
		j.offer(j.text[:colon] + " " + text + j.text[colon:first] + j.text[last:])
	}
	j.offer(j.with(start, end, text))
}

// insideFlow reports whether off is inside brackets. It checks the text,
// because a node does not know its parents.
func (j *job) insideFlow(off int) bool {
	var inside func(n *yaml.Node) bool
	inside = func(n *yaml.Node) bool {
		if n.Kind == yaml.AliasNode {
			return false
		}
		if (n.Kind == yaml.MappingNode || n.Kind == yaml.SequenceNode) && flow(n) && j.at(n) < off && off < j.end(n) {
			return true
		}
		for _, c := range n.Content {
			if inside(c) {
				return true
			}
		}
		return false
	}
	return inside(j.root)
}

// push offers to add an element to the end of a list.
func (j *job) push(parent, list *yaml.Node) {
	if len(list.Content) == 0 {
		if parent != nil && !j.insideFlow(j.at(list)) {
			j.pushFirst(list)
		}
		at := j.content(list) + 1
		j.offer(j.with(at, at, inline(j.value, "", true)))
		return
	}
	last := list.Content[len(list.Content)-1]
	at := j.end(last)
	if flow(list) {
		j.offer(j.with(at, at, ", "+inline(j.value, quotes(last), true)))
		return
	}
	indent := j.indent(j.dash(list.Content[0]))
	if !isScalar(j.value) && !flow(last) {
		j.below(at, j.block(indent, []any{j.value}))
	}
	j.below(at, indent+"- "+inline(j.value, quotes(last), false))
}

// pushFirst offers to change `key: []` to a block list with one element that is
// a mapping, because a mapping needs separate lines.
func (j *job) pushFirst(list *yaml.Node) {
	if isScalar(j.value) {
		return
	}
	start, end := j.at(list), j.end(list)
	line := j.text[j.lineStart(start):start]
	indent := line[:len(line)-len(strings.TrimLeft(line, " "))] + "  "
	before := strings.TrimRight(j.text[:start], " ")
	j.offer(before + j.rest(end) + j.eol + j.block(indent, []any{j.value}) + j.text[end+len(j.rest(end)):])
}

// dash returns the offset of the "-" of an element in a block list.
func (j *job) dash(element *yaml.Node) int {
	off := j.at(element)
	for off > 0 && strings.IndexByte(" \t\r\n", j.text[off-1]) >= 0 {
		off--
	}
	return max(off-1, 0)
}

// dropElement offers to remove an element from a list.
func (j *job) dropElement(list *yaml.Node, i int) {
	element := list.Content[i]
	if flow(list) {
		j.cutBetween(list.Content, i, i+1, i-1)
		return
	}
	start, end := j.lineStart(j.dash(element)), j.lineEnd(j.end(element))
	if !j.blankBefore(j.dash(element)) {
		return
	}
	if len(list.Content) > 1 {
		j.offer(j.with(start, end, ""))
		return
	}
	// The list stays, even if it is empty.
	if colon := j.colonBefore(list); colon >= 0 {
		j.offer(j.text[:colon] + " []" + j.text[colon:start] + j.text[end:])
	}
}

// colonBefore returns the offset after the colon of the key that has this block
// list or mapping as its value. It returns -1 if there is no key.
func (j *job) colonBefore(value *yaml.Node) int {
	found := -1
	var look func(n *yaml.Node)
	look = func(n *yaml.Node) {
		if n.Kind == yaml.AliasNode {
			return
		}
		for i, c := range n.Content {
			if c == value && n.Kind == yaml.MappingNode && i%2 == 1 {
				found = j.colon(n, i-1)
			}
			look(c)
		}
	}
	look(j.root)
	return found
}

// dropKey offers to remove the pair whose key has index i from a mapping.
func (j *job) dropKey(m *yaml.Node, i int) {
	if flow(m) {
		ends := make([]*yaml.Node, 0, len(m.Content))
		ends = append(ends, m.Content...)
		j.cutBetween(ends, i, i+2, i-1)
		return
	}
	start, end := j.at(m.Content[i]), j.pairEnd(m, i)
	if len(m.Content) == 2 {
		if colon := j.colonBefore(m); colon >= 0 && j.blankBefore(start) {
			j.offer(j.text[:colon] + " {}" + j.text[colon:j.lineStart(start)] + j.text[j.lineEnd(end):])
		}
		return
	}
	if j.blankBefore(start) {
		j.offer(j.with(j.lineStart(start), j.lineEnd(end), ""))
		return
	}
	// The key comes after the "-" of a list. The next key moves up to that
	// line. If comments come between them, the "-" stays alone on its line.
	if i+2 < len(m.Content) {
		next := j.at(m.Content[i+2])
		if strings.TrimSpace(j.text[end:next]) == "" {
			j.offer(j.with(start, next, ""))
		}
		j.offer(j.with(start, end+len(j.rest(end)), ""))
	}
}

// cutBetween offers to remove nodes[i:after] from a flow collection. It also
// removes the comma after them, or else the comma before them.
func (j *job) cutBetween(nodes []*yaml.Node, i, after, before int) {
	start, end := j.at(nodes[i]), j.end(nodes[after-1])
	if after < len(nodes) {
		j.offer(j.with(start, j.at(nodes[after]), ""))
	}
	if before >= 0 {
		j.offer(j.with(j.end(nodes[before]), end, ""))
	}
	j.offer(j.with(start, end, ""))
}
