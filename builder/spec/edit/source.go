package edit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/seaworthy-os/seaworthy/builder/spec"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// bom is the byte order mark. It may come before the first line. The parser
// does not count it.
const bom = "\uFEFF"

// source is the text of a file and its parsed tree.
type source struct {
	name string
	text string
	// lines holds the offset of each line start, as the parser counts lines.
	lines []int
	// eol is the line end for added lines.
	eol  string
	root *yaml.Node
	// tree is the document with aliases followed.
	tree any
}

func parse(name, text string) (*source, error) {
	s := &source{name: name, text: text, eol: "\n"}
	if len(text) > spec.MaxFileBytes {
		return nil, s.refuse(nil, "larger than %d MiB", spec.MaxFileBytes>>20)
	}
	if !utf8.ValidString(text) {
		return nil, s.refuse(nil, "not valid UTF-8")
	}
	var doc, next yaml.Node
	dec := yaml.NewDecoder(strings.NewReader(text))
	if err := dec.Decode(&doc); err != nil && !errors.Is(err, io.EOF) {
		return nil, s.refuse(nil, "not valid YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, s.refuse(nil, "the file is not a mapping")
	}
	if err := dec.Decode(&next); !errors.Is(err, io.EOF) {
		return nil, s.refuse(nil, "the file has a second YAML document")
	}
	s.root = doc.Content[0]
	s.lines = lineStarts(text)
	if i := strings.IndexByte(text, '\n'); i > 0 && text[i-1] == '\r' {
		s.eol = "\r\n"
	}
	r := resolver{left: maxValues}
	s.tree = r.value(s.root)
	if r.err != nil {
		return nil, s.refuse(nil, "%s", r.err)
	}
	return s, nil
}

// refuse returns the error for an edit that cannot be made. n may be nil.
func (s *source) refuse(n *yaml.Node, format string, args ...any) error {
	e := system.BadInput("cannot edit: %s", fmt.Sprintf(format, args...)).At(system.Position{File: s.name}).
		Suggest("make the change by hand")
	if n != nil {
		e.Pos.Line, e.Pos.Column = n.Line, n.Column
	}
	return e
}

// lineStarts counts lines as the parser does: it has six kinds of line breaks.
func lineStarts(text string) []int {
	out := []int{0}
	if strings.HasPrefix(text, bom) {
		out[0] = len(bom)
	}
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		i += size
		switch r {
		case '\r':
			if i < len(text) && text[i] == '\n' {
				i++
			}
			out = append(out, i)
		case '\n', '\u0085', '\u2028', '\u2029':
			out = append(out, i)
		}
	}
	return out
}

// at returns the offset of a node.
func (s *source) at(n *yaml.Node) int {
	if n.Line < 1 || n.Line > len(s.lines) {
		return len(s.text)
	}
	off := s.lines[n.Line-1]
	for c := 1; c < n.Column && off < len(s.text); c++ {
		_, size := utf8.DecodeRuneInString(s.text[off:])
		off += size
	}
	return off
}

// lineStart returns the start of the line that contains off.
func (s *source) lineStart(off int) int {
	i := sort.SearchInts(s.lines, off+1)
	return s.lines[max(i-1, 0)]
}

// lineEnd returns the offset after the line break of the line that contains
// off.
func (s *source) lineEnd(off int) int {
	if i := sort.SearchInts(s.lines, off+1); i < len(s.lines) {
		return s.lines[i]
	}
	return len(s.text)
}

// rest returns the text from off to the end of its line, without the line
// break.
func (s *source) rest(off int) string {
	return strings.TrimRight(s.text[off:s.lineEnd(off)], "\r\n\u0085\u2028\u2029")
}

// blankBefore reports whether the line has only blanks before off.
func (s *source) blankBefore(off int) bool {
	return strings.Trim(s.text[s.lineStart(off):off], " \t") == ""
}

// indent returns the indentation of a line that continues at the column of off.
// Other characters before off, such as the "- " of a list, become blanks.
func (s *source) indent(off int) string {
	return strings.Repeat(" ", utf8.RuneCountInString(s.text[s.lineStart(off):off]))
}

// with returns the text with the part from start to end replaced.
func (s *source) with(start, end int, by string) string {
	return s.text[:start] + by + s.text[end:]
}

// skip returns the next offset that is not a blank, a line break, part of a
// comment, or a character of also.
func (s *source) skip(off int, also string) int {
	for off < len(s.text) {
		c := s.text[off]
		switch {
		case c == '#' && (off == 0 || strings.IndexByte(" \t\r\n,[{", s.text[off-1]) >= 0):
			off = s.lineEnd(off)
		case strings.IndexByte(" \t\r\n", c) >= 0 || strings.IndexByte(also, c) >= 0:
			off++
		default:
			return off
		}
	}
	return off
}

// empty reports whether the node is an empty value without any text.
func empty(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Value == "" && n.ShortTag() == "!!null" && n.Anchor == "" && n.Style&yaml.TaggedStyle == 0
}

func flow(n *yaml.Node) bool { return n.Style&yaml.FlowStyle != 0 }

// content returns the offset of a node's content, after its anchor and tag.
func (s *source) content(n *yaml.Node) int {
	off := s.at(n)
	if n.Kind == yaml.AliasNode {
		return off
	}
	for off < len(s.text) && (s.text[off] == '&' || s.text[off] == '!') {
		for off < len(s.text) && strings.IndexByte(" \t\r\n", s.text[off]) < 0 {
			off++
		}
		off = s.skip(off, "")
	}
	return off
}

// end returns the offset after a node's last character.
func (s *source) end(n *yaml.Node) int {
	off := s.content(n)
	switch {
	case n.Kind == yaml.AliasNode:
		for off < len(s.text) && strings.IndexByte(" \t\r\n,[]{}", s.text[off]) < 0 {
			off++
		}
		return off
	case empty(n):
		return off
	case n.Kind == yaml.ScalarNode:
		return s.scalarEnd(n, off)
	}
	last := off
	if flow(n) {
		last++ // the bracket
	}
	if len(n.Content) > 0 {
		last = s.end(n.Content[len(n.Content)-1])
		if n.Kind == yaml.MappingNode && empty(n.Content[len(n.Content)-1]) {
			last = s.colon(n, len(n.Content)-2)
		}
	}
	if !flow(n) {
		return last
	}
	return min(s.skip(last, ",:")+1, len(s.text))
}

// colon returns the offset after the ":" of the pair whose key has index i. In
// a flow mapping, a key may have no ":".
func (s *source) colon(m *yaml.Node, i int) int {
	off := s.end(m.Content[i])
	if at := s.skip(off, ""); at < len(s.text) && s.text[at] == ':' {
		return at + 1
	}
	return off
}

func (s *source) scalarEnd(n *yaml.Node, off int) int {
	switch {
	case n.Style&yaml.DoubleQuotedStyle != 0:
		for i := off + 1; i < len(s.text); i++ {
			switch s.text[i] {
			case '\\':
				i++
			case '"':
				return i + 1
			}
		}
		return len(s.text)
	case n.Style&yaml.SingleQuotedStyle != 0:
		for i := off + 1; i < len(s.text); i++ {
			if s.text[i] != '\'' {
				continue
			}
			if i+1 < len(s.text) && s.text[i+1] == '\'' {
				i++
				continue
			}
			return i + 1
		}
		return len(s.text)
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return s.blockEnd(off)
	}
	// A plain text may span several lines, and its words are not changed.
	for _, word := range strings.Fields(n.Value) {
		off = s.skipBlanks(off)
		if !strings.HasPrefix(s.text[off:], word) {
			return off
		}
		off += len(word)
	}
	return off
}

func (s *source) skipBlanks(off int) int {
	for off < len(s.text) && strings.IndexByte(" \t\r\n", s.text[off]) >= 0 {
		off++
	}
	return off
}

// blockEnd returns the end of the last line of a block text whose header is at
// off. The text consists of the lines with at least the first line's
// indentation, and blank lines between them.
func (s *source) blockEnd(off int) int {
	end := off + len(strings.TrimRight(s.rest(off), " \t"))
	width := -1
	for at := s.lineEnd(off); at < len(s.text); at = s.lineEnd(at) {
		line := s.rest(at)
		if strings.TrimSpace(line) == "" {
			continue
		}
		have := len(line) - len(strings.TrimLeft(line, " "))
		if width < 0 {
			width = s.blockWidth(off, have)
		}
		if have < width {
			break
		}
		end = at + len(line)
	}
	return end
}

// blockWidth returns the indentation of a block text. It is that of the first
// line, if this line is indented more than the header's line.
func (s *source) blockWidth(off, first int) int {
	header := s.text[s.lineStart(off):off]
	outer := len(header) - len(strings.TrimLeft(header, " -"))
	return max(first, min(outer, first)+1)
}

// key returns the index of the node of a literal key in a mapping, or -1.
func key(m *yaml.Node, name string) int {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if k := m.Content[i]; k.Kind == yaml.ScalarNode && k.Value == name {
			return i
		}
	}
	return -1
}

func trimBOM(data []byte) (string, []byte) {
	if rest, ok := bytes.CutPrefix(data, []byte(bom)); ok {
		return bom, rest
	}
	return "", data
}
