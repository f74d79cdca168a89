package safetext

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"plain ütf-8 ✓":                "plain ütf-8 ✓",
		"\x1b[31mred":                  `\x1b[31mred`,
		"a\rb\nc\td":                   `a\x0db\nc\td`,
		"\u202eright to left\u2066":    `\u{202e}right to left\u{2066}`,
		"zero\u200bwidth\ufeff":        `zero\u{200b}width\u{feff}`,
		"\xff\xfe":                     `\xff\xfe`,
		"\u2028\u2029\u0085\u009b31m":  `\u{2028}\u{2029}\u{85}\u{9b}31m`,
		"\u3164\uffa0\ue000\U000e0041": `\u{3164}\u{ffa0}\u{e000}\u{e0041}`,
		"\uFFFD":                       `\u{fffd}`,
	} {
		if got := Clean(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestInert(t *testing.T) {
	for in, want := range map[string]string{
		"::error::x":               `\::error::x`,
		" \t\u00a0::add-mask::x":   " \t\u00a0\\::add-mask::x",
		"address ::1":              "address ::1",
		"a ##[error]x":             `a #\#[error]x`,
		"##vso[task.setvariable]x": `#\#vso[task.setvariable]x`,
		"##teamcity[x]":            `#\#teamcity[x]`,
		"###[x]":                   `##\#[x]`,
		"## title [x]":             "## title [x]",
		"section_start:1:x":        `section\_start:1:x`,
		"my_section_end:1:x":       `my_section\_end:1:x`,
		"plain # ## text":          "plain # ## text",
	} {
		if got := Inert(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// Text that is written in pieces, as tables are, is as safe as one text.
func TestWriter(t *testing.T) {
	var b strings.Builder
	w := NewWriter(&b)
	for _, s := range []string{"  ", "::error::one\nab ", "::notice\n", "\n", "::x\r\n", "tab\tstays ##[y]\n", "prompt: "} {
		if _, err := fmt.Fprint(w, s); err != nil {
			t.Fatal(err)
		}
	}
	want := "  \\::error::one\nab ::notice\n\n\\::x\\x0d\ntab\tstays #\\#[y]\nprompt: "
	if b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}

// Data keeps its meaning.
func TestData(t *testing.T) {
	text := "##[error]x section_start:1 \u202e \x1b \U000e0041 \u0085"
	raw, err := json.MarshalIndent(map[string]string{text: text}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	safe := JSON(raw)
	if commands.Match(safe) || strings.ContainsFunc(strings.ReplaceAll(string(safe), "\n", ""), Deceptive) {
		t.Errorf("%s", safe)
	}
	var got map[string]string
	if err := json.Unmarshal(safe, &got); err != nil || got[text] != text {
		t.Errorf("%q: %v", got, err)
	}
	if got := string(XML([]byte("<a>##vso[x]</a>"))); got != "<a>#&#35;vso[x]</a>" {
		t.Error(got)
	}
	if plain := []byte("{\n  \"a\": \"ü #1\"\n}"); string(JSON(plain)) != string(plain) {
		t.Error("plain text changed")
	}
}

var commands = regexp.MustCompile(`##[A-Za-z0-9_-]*\[|section_(start|end):`)

func FuzzText(f *testing.F) {
	for _, s := range []string{"::error::x", "\n ::x", "##[x]", "####vso[x", "\x1b]0;x\a", "section_start:1:x\r\x1b[0K", "\xf0\x28", "\u202e"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, got := range []string{Text(s), Inert(Clean(s))} {
			if !utf8.ValidString(got) || commands.MatchString(got) {
				t.Errorf("%q gives %q", s, got)
			}
			for line := range strings.SplitSeq(got, "\n") {
				if strings.HasPrefix(strings.TrimLeftFunc(line, unicode.IsSpace), "::") {
					t.Errorf("%q gives the line %q", s, line)
				}
				for _, r := range line {
					if r != '\t' && Deceptive(r) {
						t.Errorf("%q gives %q", s, got)
					}
				}
			}
		}
	})
}
