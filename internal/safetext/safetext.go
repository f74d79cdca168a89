// Package safetext makes text from images, policies and files harmless where
// people and CI services read it: on terminals and in logs. Clean is for one
// value, Inert for a whole line, Text for several lines, and NewWriter for a
// stream of lines. Data that programs read keeps its meaning in JSON and XML.
package safetext

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Clean writes out, as \xNN or \u{NNNN}, what does not stand for itself in one
// place: control characters and with them escape sequences, line breaks, what
// is no UTF-8, and characters that hide or reorder others.
func Clean(s string) string { return clean(s, "") }

// clean is Clean, save for the characters to keep.
func clean(s, keep string) string {
	odd := func(r rune) bool { return Deceptive(r) && !strings.ContainsRune(keep, r) }
	if strings.IndexFunc(s, odd) < 0 {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case !odd(r):
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u{%x}`, r)
		}
	}
	return b.String()
}

// Deceptive: not a character that stands for itself in one place.
func Deceptive(r rune) bool {
	if r >= ' ' && r < 0x7f {
		return false
	}
	return r == utf8.RuneError || unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co) ||
		r == '\u3164' || r == '\uFFA0' || // fillers: letters that show nothing
		r&0xfffe == 0xfffe // no character at all, and forbidden in XML
}

// Inert makes a line of a log one that commands nothing. CI services read their
// commands out of the log: GitHub, Gitea and Forgejo run a line that begins with
// "::", spaces before it or not, and "##[" anywhere in one; Azure Pipelines
// "##vso[" and "##[", TeamCity "##teamcity["; GitLab folds at section_start:TIME:
// and section_end:TIME:.
func Inert(line string) string {
	if rest := strings.TrimLeftFunc(line, unicode.IsSpace); strings.HasPrefix(rest, "::") {
		line = line[:len(line)-len(rest)] + `\` + rest
	}
	return inside(line)
}

// inside is Inert for what counts anywhere in a line.
func inside(line string) string {
	return escapeCommands(line, func(c byte) string { return `\` + string(c) })
}

// escapeCommands has one character of each command written another way.
func escapeCommands(s string, write func(byte) string) string {
	if strings.Contains(s, "##") {
		s = escapeHashes(s, write)
	}
	for _, mark := range []string{"section_start:", "section_end:"} {
		if strings.Contains(s, mark) {
			s = strings.ReplaceAll(s, mark, strings.Replace(mark, "_", write('_'), 1))
		}
	}
	return s
}

// escapeHashes has the second # of "##", a word or none, and "[" written another
// way.
func escapeHashes(s string, write func(byte) string) string {
	var b strings.Builder
	for {
		at := strings.Index(s, "##")
		if at < 0 {
			return b.String() + s
		}
		word := strings.TrimLeftFunc(s[at+2:], func(r rune) bool {
			return r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_')
		})
		b.WriteString(s[:at+1])
		s = s[at+1:] // the second # may begin another one
		if strings.HasPrefix(word, "[") {
			b.WriteString(write('#'))
			s = s[1:]
		}
	}
}

// JSON is JSON text in which deceptive characters and commands are written as
// \uXXXX, which means the same to every reader but a terminal or a CI service.
// They can stand only inside strings.
func JSON(raw []byte) []byte {
	var b strings.Builder
	for _, r := range string(raw) {
		switch {
		case r == '\n' || !Deceptive(r):
			b.WriteRune(r)
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, hi, lo)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return []byte(escapeCommands(b.String(), func(c byte) string { return fmt.Sprintf(`\u%04x`, c) }))
}

// XML is XML or HTML text in which commands are written with character
// references.
func XML(raw []byte) []byte {
	return []byte(escapeCommands(string(raw), func(c byte) string { return fmt.Sprintf("&#%d;", c) }))
}

// Text is Clean and Inert for text of several lines. Tabs stay.
func Text(s string) string {
	var b strings.Builder
	_, _ = NewWriter(&b).Write([]byte(s))
	return b.String()
}

// NewWriter makes what is written to w harmless, as Text does. A character must
// not be split between two calls of Write.
func NewWriter(w io.Writer) io.Writer { return &writer{w: w, blank: true} }

type writer struct {
	w     io.Writer
	blank bool // the line has nothing but spaces so far
}

func (w *writer) Write(p []byte) (int, error) {
	var b strings.Builder
	for line := range strings.Lines(string(p)) {
		text, end := line, ""
		if strings.HasSuffix(line, "\n") {
			text, end = line[:len(line)-1], "\n"
		}
		text = clean(text, "\t")
		if w.blank {
			b.WriteString(Inert(text))
		} else {
			b.WriteString(inside(text))
		}
		b.WriteString(end)
		w.blank = end != "" || w.blank && strings.TrimSpace(text) == ""
	}
	if _, err := io.WriteString(w.w, b.String()); err != nil {
		return 0, err
	}
	return len(p), nil
}
