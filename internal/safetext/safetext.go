// Package safetext makes text from images, policies and files safe for
// terminals and for logs of CI services. Clean is for one value, Inert for a
// whole line, Text for several lines, and NewWriter for a stream of lines. JSON
// and XML keep their meaning for programs.
package safetext

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Clean writes deceptive characters as \xNN or \u{NNNN}: control characters
// (and so escape sequences), line breaks, invalid UTF-8, and characters that
// hide or reorder others.
func Clean(s string) string { return clean(s, "") }

// clean is Clean, except for the characters in keep.
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

// Deceptive reports whether a character does not show as itself in one place.
func Deceptive(r rune) bool {
	if r >= ' ' && r < 0x7f {
		return false
	}
	return r == utf8.RuneError || unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co) ||
		r == '\u3164' || r == '\uFFA0' || // fillers: letters that show nothing
		r&0xfffe == 0xfffe // not a character, and forbidden in XML
}

// Inert changes a line of a log so that CI services find no command in it. CI
// services read commands from the log: GitHub, Gitea and Forgejo run a line
// that begins with "::", with or without spaces before it, and "##[" anywhere
// in a line; Azure Pipelines "##vso[" and "##[", TeamCity "##teamcity["; GitLab
// folds at section_start:TIME: and section_end:TIME:.
func Inert(line string) string {
	if rest := strings.TrimLeftFunc(line, unicode.IsSpace); strings.HasPrefix(rest, "::") {
		line = line[:len(line)-len(rest)] + `\` + rest
	}
	return inside(line)
}

// inside is Inert for commands that count anywhere in a line.
func inside(line string) string {
	return escapeCommands(line, func(c byte) string { return `\` + string(c) })
}

// escapeCommands escapes one character of each command.
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

// escapeHashes escapes the second # of each "##" that a "[" follows, directly
// or after a word.
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
		s = s[at+1:] // the second # may begin another command
		if strings.HasPrefix(word, "[") {
			b.WriteString(write('#'))
			s = s[1:]
		}
	}
}

// JSON returns JSON text in which deceptive characters and commands are written
// as \uXXXX. JSON readers decode the same text; terminals and CI services see
// no command. Such characters occur only inside strings.
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

// XML returns XML or HTML text in which commands are written with character
// references.
func XML(raw []byte) []byte {
	return []byte(escapeCommands(string(raw), func(c byte) string { return fmt.Sprintf("&#%d;", c) }))
}

// Text is Clean and Inert for text of several lines. It keeps tabs.
func Text(s string) string {
	var b strings.Builder
	_, _ = NewWriter(&b).Write([]byte(s))
	return b.String()
}

// NewWriter makes text safe before it is written to w, as Text does. One call
// of Write must contain whole characters.
func NewWriter(w io.Writer) io.Writer { return &writer{w: w, blank: true} }

type writer struct {
	w     io.Writer
	blank bool // the line has only spaces so far
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
