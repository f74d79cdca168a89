package report

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/seaworthy-os/seaworthy/internal/safetext"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// counts are the numbers of findings that a reader of a report sees.
type counts struct{ fail, unknown int }

// readers parse each format as programs that consume it do.
func readers() map[string]func(*testing.T, string) counts {
	return map[string]func(*testing.T, string) counts{
		"text": func(t *testing.T, s string) counts {
			m := regexp.MustCompile(`(?m)^(\d+) fail[^\n]*?, (\d+)\sunknown,\s\d+\swaived`).FindAllStringSubmatch(s, -1)
			if len(m) != 1 {
				t.Fatalf("%d tallies", len(m))
			}
			return counts{number(t, m[0][1]), number(t, m[0][2])}
		},
		"json": func(t *testing.T, s string) (n counts) {
			var d decision.Decision
			parse(t, s, &d)
			for _, f := range d.Findings {
				n.add(f.State == decision.StateFail, f.State == decision.StateUnknown)
			}
			return n
		},
		"sarif": func(t *testing.T, s string) (n counts) {
			var log sarifLog
			parse(t, s, &log)
			for _, r := range log.Runs[0].Results {
				n.add(r.Kind == "fail" && len(r.Suppressions) == 0, r.Kind == "open")
			}
			return n
		},
		"junit": func(t *testing.T, s string) (n counts) {
			for _, suite := range parseJUnit(t, s).Suites {
				var own counts
				for _, c := range suite.Cases {
					own.add(c.Failure != nil, c.Error != nil)
				}
				if own != (counts{suite.Failures, suite.Errors}) || suite.Tests != len(suite.Cases) {
					t.Errorf("suite %q has counts %d, %d, %d", suite.Name, suite.Tests, suite.Failures, suite.Errors)
				}
				n.fail, n.unknown = n.fail+own.fail, n.unknown+own.unknown
			}
			return n
		},
		"github": func(t *testing.T, s string) (n counts) {
			for _, c := range commands(t, s) {
				open := strings.Contains(c.title, " (unknown): ")
				n.add(!open && !strings.HasPrefix(c.title, "waiver of "), open)
			}
			return n
		},
		"gitlab-codequality": func(t *testing.T, s string) (n counts) {
			var list []codeQuality
			parse(t, s, &list)
			for _, c := range list {
				if c.CheckName == noteCheck && c.Severity == "info" {
					continue
				}
				open := strings.Contains(c.Description, ": not decided: ")
				n.add(!open, open)
			}
			return n
		},
		"markdown": func(t *testing.T, s string) (n counts) {
			if m := regexp.MustCompile(`(?m)^### Failing findings \((\d+)\)$`).FindStringSubmatch(s); m != nil {
				n.fail = number(t, m[1])
			}
			if m := regexp.MustCompile(`(?m)^### Unknown findings \((\d+)\)$`).FindStringSubmatch(s); m != nil {
				n.unknown = number(t, m[1])
			}
			return n
		},
		"oscal": func(t *testing.T, s string) (n counts) {
			r := parseOSCAL(t, s)
			for _, k := range r.Risks {
				n.add(k.Status == "open", false)
			}
			for _, o := range r.Observations {
				n.add(false, o.Props[0].Value == "unknown")
			}
			return n
		},
		"html": func(t *testing.T, s string) counts {
			return counts{strings.Count(s, ` data-state="fail" data-severity="`), strings.Count(s, ` data-state="unknown" data-severity="`)}
		},
	}
}

func (n *counts) add(fail, unknown bool) {
	if fail {
		n.fail++
	}
	if unknown {
		n.unknown++
	}
}

func number(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func parse(t *testing.T, s string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(s), v); err != nil {
		t.Fatal(err)
	}
}

// large returns a decision with many findings of every state.
func large(findings int) *decision.Decision {
	d := sample()
	d.Findings, d.Summary, d.Frameworks = nil, decision.Summary{Failing: map[string]int{}}, nil
	for i := range findings {
		f := sample().Findings[i%7]
		f.Key = fmt.Sprintf("key-%d", i)
		d.Findings = append(d.Findings, f)
		switch f.State {
		case decision.StateFail:
			d.Summary.Fail++
			d.Summary.Failing[string(f.Severity)]++
		case decision.StateUnknown:
			d.Summary.Unknown++
		case decision.StateWaived:
			d.Summary.Waived++
		}
	}
	return d
}

// TestSameCounts checks that every format shows the same number of failing and
// unknown findings. The exit code follows from these numbers, so no format may
// differ.
func TestSameCounts(t *testing.T) {
	t.Parallel()
	clear := sample()
	clear.Findings, clear.Summary, clear.Verdict = clear.Findings[4:5], decision.Summary{Pass: 1}, decision.Pass
	clear.Frameworks, clear.Waivers = nil, nil
	none := &decision.Decision{Verdict: decision.Undecided}
	unknown := readers()
	for name, d := range map[string]*decision.Decision{"denied": sample(), "hostile": hostile(), "clear": clear, "empty": none, "large": large(700)} {
		for _, format := range Formats() {
			delete(unknown, format)
			read := readers()[format]
			if read == nil {
				t.Fatalf("%s: the test has no reader for this format: add one to readers in formats_test.go", format)
			}
			got := read(t, render(t, format, d, Options{Signer: "k", Diff: diffOf}))
			if want := (counts{d.Summary.Fail, d.Summary.Unknown}); got != want {
				t.Errorf("%s, %s: counts %+v, want those of the decision: %+v", name, format, got, want)
			}
		}
	}
	if len(unknown) > 0 {
		t.Errorf("readers of unknown formats: %v", unknown)
	}
}

// The order of maps and the time of day do not change the bytes. The order of
// findings changes only the formats that keep this order.
func TestByteStable(t *testing.T) {
	t.Parallel()
	for _, format := range Formats() {
		d := sample()
		for range 40 {
			d.Findings[1].Actual = map[string]any{"a": 1, "b": map[string]any{"c": 1, "d": 2}, "e": 3, "f": 4}
			d.Summary.Failing = map[string]int{"medium": 1, "high": 1, "critical": 1}
			want := sample()
			want.Findings[1].Actual = map[string]any{"f": 4, "e": 3, "b": map[string]any{"d": 2, "c": 1}, "a": 1}
			o := Options{Diff: diffOf}
			if render(t, format, d, o) != render(t, format, want, o) {
				t.Fatalf("%s differs between runs", format)
			}
		}
	}
	for _, format := range []string{"github", "gitlab-codequality", "markdown", "text", "junit"} {
		d := sample()
		d.Frameworks = nil // it refers to findings by index
		want := render(t, format, d, Options{})
		rand.Shuffle(len(d.Findings), func(i, j int) { d.Findings[i], d.Findings[j] = d.Findings[j], d.Findings[i] })
		if render(t, format, d, Options{}) != want {
			t.Errorf("%s changes with the order of findings", format)
		}
	}
}

// Hostile texts of an image never break a format: the output is valid UTF-8 without
// deceptive characters, a CI service finds no command in it, and it can be parsed.
func TestHostileEverywhere(t *testing.T) {
	t.Parallel()
	huge := filled(strings.Repeat(evil, 300))
	for name, d := range map[string]*decision.Decision{"evil": hostile(), "huge": huge} {
		for _, format := range Formats() {
			out := render(t, format, d, Options{Signer: evil, All: true, Diff: diffOf})
			if !utf8.ValidString(out) {
				t.Errorf("%s, %s: not valid UTF-8: pass each text through clean", name, format)
			}
			for _, r := range out {
				if r != '\n' && safetext.Deceptive(r) {
					t.Errorf("%s, %s: the output contains %U: pass each text through clean", name, format, r)
					break
				}
			}
			for l := range strings.Lines(out) {
				command := strings.HasPrefix(strings.TrimSpace(l), "::")
				if strings.Contains(l, "##[") && !command || command && format != "github" {
					t.Errorf("%s, %s: a CI service finds a command in this line; pass a line with texts of an image through inert: %.200q", name, format, l)
					break
				}
			}
			if read := readers()[format]; read != nil { // TestSameCounts reports a missing one
				read(t, out)
			}
			if name == "huge" && format == "markdown" && len(out) > 65536 {
				t.Errorf("a comment of %d characters", len(out))
			}
		}
	}
}

func TestGitLab(t *testing.T) {
	t.Parallel()
	d := sample()
	d.Findings = append(d.Findings, d.Findings[1])
	d.Findings[2].Origin = &decision.Origin{Layer: "os.yml", File: "/builds/group/project/os/web.yml", Line: 7}
	var list []codeQuality
	parse(t, render(t, "gitlab-codequality", d, Options{Root: "/builds/group/project"}), &list)
	seen := map[string]bool{}
	for _, c := range list {
		if seen[c.Fingerprint] || c.Description == "" || c.CheckName == "" || c.Location.Path == "" || c.Location.Lines.Begin < 1 {
			t.Errorf("issue %+v", c)
		}
		seen[c.Fingerprint] = true
		if !slices.Contains([]string{"info", "minor", "major", "critical", "blocker"}, c.Severity) {
			t.Errorf("severity %q", c.Severity)
		}
		if strings.HasPrefix(c.Location.Path, "/") || strings.HasPrefix(c.Location.Path, "./") {
			t.Errorf("path %q", c.Location.Path)
		}
	}
	if len(list) != 6 || list[0].CheckName != noteCheck || list[0].Severity != "info" {
		t.Fatalf("%d issues, the first is %+v", len(list), list[0])
	}
	if list = list[1:]; list[0].Severity != "blocker" || list[0].CheckName != "CAP-001" || list[0].Location.Lines.Begin != 14 {
		t.Errorf("%d issues, the first is %+v", len(list), list[0])
	}
	if !slices.ContainsFunc(list, func(c codeQuality) bool { return c.Location.Path == "os/web.yml" && c.Location.Lines.Begin == 7 }) {
		t.Error("a path in the repository is not relative to it")
	}
	if out := render(t, "gitlab-codequality", &decision.Decision{}, Options{}); out != "[]\n" {
		t.Errorf("a decision without findings is written as %q", out)
	}
}

// Notes about unreadable files and packages without a vulnerability database are in
// every format.
func TestNotesEverywhere(t *testing.T) {
	t.Parallel()
	d := sample()
	d.Notes = []string{"services/web: these look like software and could not be read: /opt/store/abc123", "vulnerabilities: 3 packages were not matched"}
	for format := range readers() {
		out := render(t, format, d, Options{Diff: diffOf})
		for _, want := range []string{"abc123", "3 packages"} {
			if !strings.Contains(out, want) && !strings.Contains(strings.Join(strings.Fields(out), " "), want) {
				t.Errorf("%s: no %q", format, want)
			}
		}
	}
}

// The last of many notes is in every format too, and a newline in a file name does
// not start another note.
func TestManyNotes(t *testing.T) {
	t.Parallel()
	d := sample()
	for i := range 60 {
		d.Notes = append(d.Notes, fmt.Sprintf("services/c%d: these look like software and could not be read: %s/a\nforged: b.jar", i, strings.Repeat("/x", 60)))
	}
	for format := range readers() {
		out := render(t, format, d, Options{Diff: diffOf})
		shown := strings.Contains(strings.Join(strings.Fields(out), " "), "services/c59: these")
		if !shown && (format != "markdown" || !strings.Contains(out, "more")) { // a comment is limited and says how much is left out
			t.Errorf("%s: the last note is missing", format)
		}
		newline := "/a\nforged"
		if json.Valid([]byte(out)) {
			newline = `/a\nforged`
		}
		if format != "json" && strings.Contains(out, newline) { // JSON holds the unchanged text
			t.Errorf("%s: a newline in a name starts a note", format)
		}
	}
}
