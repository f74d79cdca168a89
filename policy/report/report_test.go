package report

import (
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/safetext"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

var update = flag.Bool("update", false, "write the golden files")

func TestGolden(t *testing.T) {
	for name, c := range map[string]struct {
		format string
		o      Options
	}{
		"denied.txt":         {"text", Options{Diff: diffOf}},
		"narrow.txt":         {"text", Options{Width: 60, All: true, Signer: "seaworthy.pub " + sha("e")[:19]}},
		"denied.json":        {"json", Options{}},
		"denied.sarif":       {"sarif", Options{Exit: 1, Diff: diffOf}},
		"denied.xml":         {"junit", Options{Diff: diffOf, Time: time.Unix(1700000000, 0)}},
		"denied.github":      {"github", Options{}},
		"denied.gitlab.json": {"gitlab-codequality", Options{}},
		"denied.oscal.json":  {"oscal", Options{Diff: diffOf, Time: time.Unix(1700000000, 0)}},
		"denied.md":          {"markdown", Options{Diff: diffOf}},
		"denied.html":        {"html", Options{Diff: diffOf, Signer: "seaworthy.pub (sha256:eeee)"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := render(t, c.format, sample(), c.o)
			golden := filepath.Join("testdata", name)
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s differs from its golden file (-update writes it):\n%s", name, got)
			}
		})
	}
}

// A decision without a date has no date in any report, and no gap in its place.
func TestWithoutDate(t *testing.T) {
	d := sample()
	d.Date = ""
	for _, format := range Formats() {
		got := render(t, format, d, Options{})
		for _, gap := range []string{"2026-11-20", `"date"`, ", on ;", "decision · <", "judged   by"} {
			if strings.Contains(got, gap) {
				t.Errorf("%s: has %q", format, gap)
			}
		}
	}
}

func TestUnknownFormat(t *testing.T) {
	err := Write(io.Discard, "pdf", sample(), Options{})
	var e *system.Error
	if !errors.Is(err, system.ErrInput) || !errors.As(err, &e) || !strings.Contains(e.Next, "github, gitlab-codequality, html, json") {
		t.Errorf("error %v", err)
	}
}

// Every format returns the error of a writer that fails.
func TestWriteError(t *testing.T) {
	for _, format := range Formats() {
		r, w := io.Pipe()
		_ = r.CloseWithError(errors.New("disk full"))
		if err := Write(w, format, sample(), Options{}); err == nil || !strings.Contains(err.Error(), "disk full") {
			t.Errorf("%s: %v", format, err)
		}
	}
}

// No text of an image can move the cursor, start a line or hide.
func TestHostileText(t *testing.T) {
	out := render(t, "text", hostile(), Options{All: true})
	if !utf8.ValidString(out) {
		t.Error("not valid UTF-8")
	}
	for _, r := range out {
		if r != '\n' && hostileRune(r) {
			t.Fatalf("the text contains %U", r)
		}
	}
	verdicts := 0
	for l := range strings.Lines(out) {
		if strings.HasPrefix(l, "PASS") {
			t.Errorf("a text of the image made the line %q", l)
		}
		if strings.HasPrefix(l, "DENIED: ") {
			verdicts++
		}
	}
	if verdicts != 1 {
		t.Errorf("%d verdict lines", verdicts)
	}
}

func hostileRune(r rune) bool {
	return r < 0x20 || r >= 0x7f && r < 0xa0 || r >= 0x200b && r <= 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

func TestColor(t *testing.T) {
	plain, color := render(t, "text", sample(), Options{}), render(t, "text", sample(), Options{Color: true})
	if strings.Contains(plain, "\x1b") {
		t.Error("the text has colours without Options.Color")
	}
	stripped := color
	for {
		i := strings.Index(stripped, "\x1b[")
		if i < 0 {
			break
		}
		end := strings.IndexByte(stripped[i:], 'm')
		stripped = stripped[:i] + stripped[i+end+1:]
	}
	if stripped != plain || stripped == color {
		t.Error("colours change more than the colour")
	}
}

// Lines fit the width, except single words that are longer.
func TestWidth(t *testing.T) {
	for _, width := range []int{40, 60, 100} {
		for l := range strings.Lines(render(t, "text", sample(), Options{Width: width})) {
			l = strings.TrimRight(l, "\n")
			if utf8.RuneCountInString(l) > width && strings.HasPrefix(l, "                ") && strings.Contains(strings.TrimSpace(l), " ") {
				t.Errorf("width %d: %q", width, l)
			}
		}
	}
}

func TestVerdicts(t *testing.T) {
	d := sample()
	d.Findings, d.Summary = nil, decision.Summary{}
	for verdict, want := range map[decision.Verdict]string{decision.Pass: "PASS: nothing fails", decision.Undecided: "UNKNOWN: "} {
		d.Verdict = verdict
		if out := render(t, "text", d, Options{}); !strings.Contains(out, "\n"+want) {
			t.Errorf("%s: no line %q in\n%s", verdict, want, out)
		}
	}
	for _, c := range []struct {
		failOn string
		f      decision.Finding
		want   string
	}{
		{"high", decision.Finding{State: decision.StateFail, Severity: decision.Low}, "1 failing finding is below high"},
		{"low", decision.Finding{State: decision.StateFail, Severity: decision.Low, Waiver: &decision.Waiver{Expired: true}}, "only because 1 waiver has expired"},
		{"none", decision.Finding{State: decision.StateFail, Severity: decision.Low}, "1 finding fails; reported only (fail-on none)"},
		{"low", decision.Finding{State: decision.StateUnknown}, "1 finding is unknown, and unknown findings deny the system"},
	} {
		d := sample()
		d.FailOn, d.Findings = c.failOn, []decision.Finding{c.f}
		d.Summary = decision.Summary{}
		if c.f.State == decision.StateFail {
			d.Summary.Fail = 1
		} else {
			d.Summary.Unknown = 1
		}
		if got := why(d); got != c.want {
			t.Errorf("why: %q, want %q", got, c.want)
		}
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"plain ü 漢 👍": "plain ü 漢 👍", "a\x1b[31mb": `a\x1b[31mb`, "a\nb\tc": `a\nb\tc`, "\u202eabc": `\u{202e}abc`,
		"\xff": `\xff`, "a\u0085b": `a\u{85}b`, "\ufffd": `\u{fffd}`, "\u00ad": `\u{ad}`, "": "",
	} {
		if got := clean(in); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add(evil)
	f.Fuzz(func(t *testing.T, s string) {
		out := clean(s)
		if !utf8.ValidString(out) {
			t.Fatalf("%q is not valid UTF-8", out)
		}
		for _, r := range out {
			if safetext.Deceptive(r) {
				t.Fatalf("%U survives", r)
			}
		}
	})
}

// JSON holds the unchanged texts of the decision, without characters that control a
// terminal.
func TestHostileJSON(t *testing.T) {
	d := hostile()
	d.Notes = []string{"\U000e0041\u009b31m" + evil}
	out := render(t, "json", d, Options{})
	for _, r := range out {
		if r != '\n' && hostileRune(r) || r == 0xe0041 {
			t.Fatalf("the JSON contains %U", r)
		}
	}
	var back decision.Decision
	if err := json.Unmarshal([]byte(out), &back); err != nil {
		t.Fatal(err)
	}
	if want := strings.ToValidUTF8("\U000e0041\u009b31m"+evil, "\ufffd"); strings.ReplaceAll(back.Notes[0], "\ufffd\ufffd", "\ufffd") != want {
		t.Errorf("note %q, want %q", back.Notes[0], want)
	}
}
