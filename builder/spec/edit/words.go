package edit

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// dashes separates the kernel's words from init's words on a command line.
const dashes = "--"

// word is a part of a text. As on the kernel's command line, blanks separate
// words unless they are in double quotes.
type word struct{ start, end int }

func wordsOf(s string) []word {
	var out []word
	start, quoted := -1, false
	for i := 0; i < len(s); i++ {
		blank := strings.IndexByte(" \t\r\n", s[i]) >= 0
		switch {
		case blank && !quoted:
			if start >= 0 {
				out = append(out, word{start, i})
			}
			start = -1
			continue
		case s[i] == '"':
			quoted = !quoted
		}
		if start < 0 {
			start = i
		}
	}
	if start >= 0 {
		out = append(out, word{start, len(s)})
	}
	return out
}

func splitWords(s string) []string {
	var out []string
	for _, w := range wordsOf(s) {
		out = append(out, s[w.start:w.end])
	}
	return out
}

// appendWords adds words after the kernel's words and before init's.
func appendWords(s, words string) string {
	for _, w := range wordsOf(s) {
		if s[w.start:w.end] == dashes {
			return s[:w.start] + words + " " + s[w.start:]
		}
	}
	return strings.TrimSpace(strings.TrimRight(s, " \t\r\n") + " " + words)
}

// removeWord removes every occurrence of a word.
func removeWord(s, gone string) string {
	var kept []string
	for _, w := range splitWords(s) {
		if w != gone {
			kept = append(kept, w)
		}
	}
	return strings.Join(kept, " ")
}

// inside returns the range of a text's content: between its quotes, or the
// lines below its header.
func (j *job) inside(n *yaml.Node) (start, end int) {
	start, end = j.content(n), j.end(n)
	switch {
	case n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		return start + 1, end - 1
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return min(j.lineEnd(start), end), end
	}
	return start, end
}

// escaped returns a word escaped for the quotes of a text.
func escaped(n *yaml.Node, s string) string {
	switch quotes(n) {
	case "'":
		return strings.ReplaceAll(s, "'", "''")
	case `"`:
		q := strconv.Quote(s)
		return q[1 : len(q)-1]
	}
	return s
}

// addWords offers to add words after the last word of a text, on the same line.
func (j *job) addWords(n *yaml.Node, words string) {
	start, end := j.inside(n)
	raw := j.text[start:end]
	at := len(strings.TrimRight(raw, " \t\r\n"))
	add := " " + escaped(n, words)
	if at == 0 {
		add = escaped(n, words)
	}
	for _, w := range wordsOf(raw) {
		if raw[w.start:w.end] == dashes {
			at, add = w.start, escaped(n, words)+" "
			break
		}
	}
	j.offer(j.with(start+at, start+at, add))
	j.rewrite(n)
}

// cutWord offers to remove a word from a text. If the word is alone on its
// line, the line is removed too.
func (j *job) cutWord(n *yaml.Node, gone string) {
	start, end := j.inside(n)
	raw := j.text[start:end]
	out, last := "", 0
	for _, w := range wordsOf(raw) {
		if raw[w.start:w.end] != escaped(n, gone) {
			continue
		}
		from, to := w.start, w.end
		lead := strings.TrimRight(raw[:from], " \t")
		switch {
		case lead != "" && strings.IndexByte("\r\n", lead[len(lead)-1]) < 0:
			from = len(lead) // the blanks before the word are removed too
		case strings.TrimLeft(raw[to:], " \t") != "":
			to = len(raw) - len(strings.TrimLeft(raw[to:], " \t"))
		}
		if from >= last {
			out, last = out+raw[last:from], to
		}
	}
	out += raw[last:]
	j.offer(j.with(start, end, withoutBlankLines(raw, out)))
	j.rewrite(n)
}

// withoutBlankLines removes lines that the edit has made blank.
func withoutBlankLines(before, after string) string {
	was, is := strings.SplitAfter(before, "\n"), strings.SplitAfter(after, "\n")
	if len(was) != len(is) {
		return after
	}
	var out strings.Builder
	for i, line := range is {
		if strings.TrimSpace(line) != "" || strings.TrimSpace(was[i]) == "" {
			out.WriteString(line)
		}
	}
	text := out.String()
	if !strings.HasSuffix(after, "\n") {
		text = strings.TrimRight(text, "\r\n")
	}
	return text
}

// rewrite offers to write the whole text on one line. This is for texts whose
// style has no room for the words.
func (j *job) rewrite(n *yaml.Node) {
	want, ok := lookup(j.want, j.steps...).(scalar)
	if !ok {
		return
	}
	start, end := j.content(n), j.end(n)
	j.offer(j.with(start, end, text(want.value, quotes(n), j.insideFlow(start))))
	j.offer(j.with(start, end, strconv.Quote(want.value)))
}
