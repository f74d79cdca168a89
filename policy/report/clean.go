package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean makes hostile text harmless on a terminal: control characters, escape
// sequences, line breaks, and characters that hide or reorder others are
// written out as \xNN or \u{NNNN}.
func clean(s string) string {
	plain := true
	for _, r := range s {
		if deceptive(r) {
			plain = false
			break
		}
	}
	if plain {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case !deceptive(r):
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

// deceptive: not a character that stands for itself in one place.
func deceptive(r rune) bool {
	if r >= ' ' && r < 0x7f {
		return false
	}
	return r == utf8.RuneError || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) ||
		unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) || unicode.Is(unicode.Co, r) || r == '\u3164' || r == '\uFFA0' ||
		r&0xfffe == 0xfffe // no character at all, and forbidden in XML
}

// A CI service reads its commands out of the log: GitHub runs a line that
// starts with "::", spaces before it or not, and "##[" anywhere in one. A text
// that an image brought must not give such orders.
const runnerCommand = "##["

// inert makes a line of a log one that commands nothing.
func inert(line string) string {
	if strings.Contains(line, runnerCommand) {
		line = strings.ReplaceAll(line, runnerCommand, `#\#[`)
	}
	if rest := strings.TrimLeftFunc(line, unicode.IsSpace); strings.HasPrefix(rest, "::") {
		line = line[:len(line)-len(rest)] + `\` + rest
	}
	return line
}

// lines are the lines of a text of ours that may hold several, each clean.
func lines(s string) []string {
	var out []string
	for l := range strings.SplitSeq(strings.TrimSpace(s), "\n") {
		out = append(out, clean(strings.TrimRight(l, " \t\r")))
	}
	return out
}

func cleanAll(list []string) []string {
	var out []string
	for _, s := range list {
		out = append(out, clean(s))
	}
	return out
}
