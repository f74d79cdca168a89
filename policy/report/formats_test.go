package report

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// told is what a reader of a report counts.
type told struct{ fail, unknown int }

// readers parse each format back, as its own readers do.
func readers() map[string]func(*testing.T, string) told {
	return map[string]func(*testing.T, string) told{
		"text": func(t *testing.T, s string) told {
			m := regexp.MustCompile(`(?m)^(\d+) fail[^\n]*?, (\d+)\sunknown,\s\d+\swaived`).FindAllStringSubmatch(s, -1)
			if len(m) != 1 {
				t.Fatalf("%d tallies", len(m))
			}
			return told{number(t, m[0][1]), number(t, m[0][2])}
		},
		"json": func(t *testing.T, s string) (n told) {
			var d decision.Decision
			parse(t, s, &d)
			for _, f := range d.Findings {
				n.add(f.State == decision.StateFail, f.State == decision.StateUnknown)
			}
			return n
		},
		"sarif": func(t *testing.T, s string) (n told) {
			var log sarifLog
			parse(t, s, &log)
			for _, r := range log.Runs[0].Results {
				n.add(r.Kind == "fail" && len(r.Suppressions) == 0, r.Kind == "open")
			}
			return n
		},
		"junit": func(t *testing.T, s string) (n told) {
			for _, suite := range parseJUnit(t, s).Suites {
				var own told
				for _, c := range suite.Cases {
					own.add(c.Failure != nil, c.Error != nil)
				}
				if own != (told{suite.Failures, suite.Errors}) || suite.Tests != len(suite.Cases) {
					t.Errorf("suite %q counts %d, %d, %d", suite.Name, suite.Tests, suite.Failures, suite.Errors)
				}
				n.fail, n.unknown = n.fail+own.fail, n.unknown+own.unknown
			}
			return n
		},
		"github": func(t *testing.T, s string) (n told) {
			for _, c := range commands(t, s) {
				open := strings.Contains(c.title, " (unknown): ")
				n.add(!open && !strings.HasPrefix(c.title, "waiver of "), open)
			}
			return n
		},
		"gitlab-codequality": func(t *testing.T, s string) (n told) {
			var list []codeQuality
			parse(t, s, &list)
			for _, c := range list {
				open := strings.Contains(c.Description, ": not decided: ")
				n.add(!open, open)
			}
			return n
		},
		"markdown": func(t *testing.T, s string) (n told) {
			if m := regexp.MustCompile(`(?m)^### What fails \((\d+)\)$`).FindStringSubmatch(s); m != nil {
				n.fail = number(t, m[1])
			}
			if m := regexp.MustCompile(`(?m)^### What is unknown \((\d+)\)$`).FindStringSubmatch(s); m != nil {
				n.unknown = number(t, m[1])
			}
			return n
		},
		"oscal": func(t *testing.T, s string) (n told) {
			r := parseOSCAL(t, s)
			for _, k := range r.Risks {
				n.add(k.Status == "open", false)
			}
			for _, o := range r.Observations {
				n.add(false, o.Props[0].Value == "unknown")
			}
			return n
		},
		"html": func(t *testing.T, s string) told {
			return told{strings.Count(s, ` data-state="fail" data-severity="`), strings.Count(s, ` data-state="unknown" data-severity="`)}
		},
	}
}

func (n *told) add(fail, unknown bool) {
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

// large is a decision with many findings of every state.
func large() *decision.Decision {
	d := sample()
	d.Findings, d.Summary, d.Frameworks = nil, decision.Summary{Failing: map[string]int{}}, nil
	for i := range 700 {
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

// Every format tells the same number of failing and unknown findings: the exit
// code is one, and no reader may see another story.
func TestSameStory(t *testing.T) {
	t.Parallel()
	clear := sample()
	clear.Findings, clear.Summary, clear.Verdict = clear.Findings[4:5], decision.Summary{Pass: 1}, decision.Pass
	clear.Frameworks, clear.Waivers = nil, nil
	none := &decision.Decision{Verdict: decision.Undecided}
	unknown := readers()
	for name, d := range map[string]*decision.Decision{"denied": sample(), "hostile": hostile(), "clear": clear, "empty": none, "large": large()} {
		for _, format := range Formats() {
			delete(unknown, format)
			read := readers()[format]
			if read == nil {
				t.Fatalf("%s: nobody reads it back", format)
			}
			got := read(t, render(t, format, d, Options{Signer: "k", Diff: diffOf}))
			if want := (told{d.Summary.Fail, d.Summary.Unknown}); got != want {
				t.Errorf("%s, %s: it tells %+v, the decision %+v", name, format, got, want)
			}
		}
	}
	if len(unknown) > 0 {
		t.Errorf("readers of formats that are none: %v", unknown)
	}
}

// The order in which maps are walked, and the time of day, change nothing; the
// order of findings changes only formats that keep it.
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
		d.Frameworks = nil // it holds indexes of findings
		want := render(t, format, d, Options{})
		rand.Shuffle(len(d.Findings), func(i, j int) { d.Findings[i], d.Findings[j] = d.Findings[j], d.Findings[i] })
		if render(t, format, d, Options{}) != want {
			t.Errorf("%s hangs on the order of findings", format)
		}
	}
}

// Whatever an image says, every format is valid UTF-8 without characters that
// deceive, commands no CI service, and is read back.
func TestHostileEverywhere(t *testing.T) {
	t.Parallel()
	huge := filled(strings.Repeat(evil, 300))
	for name, d := range map[string]*decision.Decision{"evil": hostile(), "huge": huge} {
		for _, format := range Formats() {
			out := render(t, format, d, Options{Signer: evil, All: true, Diff: diffOf})
			if !utf8.ValidString(out) {
				t.Errorf("%s, %s: not valid UTF-8", name, format)
			}
			for _, r := range out {
				if r != '\n' && deceptive(r) {
					t.Errorf("%s, %s: %U is in it", name, format, r)
					break
				}
			}
			for l := range strings.Lines(out) {
				command := strings.HasPrefix(strings.TrimSpace(l), "::")
				if strings.Contains(l, "##[") && !command || command && format != "github" {
					t.Errorf("%s, %s: a CI service takes a command from %.200q", name, format, l)
					break
				}
			}
			readers()[format](t, out)
			if name == "huge" && format == "markdown" && len(out) > 65536 {
				t.Errorf("a comment of %d characters", len(out))
			}
		}
	}
}

// junitSchema holds what Ant's schema asks of JUnit XML: attributes of an element,
// and those of them that must be there, and its children in their order.
var junitSchema = map[string]struct{ attrs, required, children []string }{
	"testsuites": {nil, nil, []string{"testsuite"}},
	"testsuite": {[]string{"name", "package", "id", "timestamp", "hostname", "tests", "failures", "errors", "skipped", "time"},
		[]string{"name", "package", "id", "timestamp", "hostname", "tests", "failures", "errors", "time"},
		[]string{"properties", "testcase", "system-out", "system-err"}},
	"properties": {nil, nil, []string{"property"}},
	"property":   {[]string{"name", "value"}, []string{"name", "value"}, nil},
	"testcase":   {[]string{"name", "classname", "time"}, []string{"name", "classname", "time"}, []string{"skipped", "error", "failure"}},
	"failure":    {[]string{"message", "type"}, []string{"type"}, nil},
	"error":      {[]string{"message", "type"}, []string{"type"}, nil},
	"skipped":    {[]string{"message"}, nil, nil},
	"system-out": {}, "system-err": {},
}

// parseJUnit reads XML strictly, and holds it against the schema.
func parseJUnit(t *testing.T, s string) junitSuites {
	t.Helper()
	type frame struct {
		name string
		last int
		once int
	}
	stack := []frame{{name: ""}}
	dec := xml.NewDecoder(strings.NewReader(s))
	for {
		tok, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			name, parent := tok.Name.Local, &stack[len(stack)-1]
			rule, known := junitSchema[name]
			if !known {
				t.Fatalf("element %s", name)
			}
			if parent.name != "" {
				at := slices.Index(junitSchema[parent.name].children, name)
				if at < parent.last {
					t.Errorf("%s is not in its place in %s", name, parent.name)
				}
				if parent.once++; parent.name == "testcase" && parent.once > 1 {
					t.Error("a case with two results")
				}
				parent.last = at
			}
			var attrs []string
			for _, a := range tok.Attr {
				attrs = append(attrs, a.Name.Local)
				if !slices.Contains(rule.attrs, a.Name.Local) {
					t.Errorf("%s has an attribute %s", name, a.Name.Local)
				}
				if a.Name.Local == "timestamp" && !regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$`).MatchString(a.Value) {
					t.Errorf("timestamp %q", a.Value)
				}
			}
			for _, a := range rule.required {
				if !slices.Contains(attrs, a) {
					t.Errorf("%s has no %s", name, a)
				}
			}
			stack = append(stack, frame{name: name})
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		}
	}
	var out junitSuites
	if err := xml.Unmarshal([]byte(s), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestJUnit(t *testing.T) {
	t.Parallel()
	suites := parseJUnit(t, render(t, "junit", sample(), Options{Diff: diffOf})).Suites
	names := map[string]bool{}
	cases := map[string]junitCase{}
	for i, s := range suites {
		if s.ID != i || s.Timestamp != "1970-01-01T00:00:00" {
			t.Errorf("suite %d: id %d at %s", i, s.ID, s.Timestamp)
		}
		for _, c := range s.Cases {
			if names[c.Class+c.Name] {
				t.Errorf("two cases %q", c.Name)
			}
			names[c.Class+c.Name] = true
			cases[strings.Fields(c.Name)[0]] = c
		}
	}
	if len(names) != len(sample().Findings) {
		t.Errorf("%d cases", len(names))
	}
	c := cases["CAP-001"]
	if c.Class != "seaworthy.insecure.services/nginx" || c.Failure == nil || c.Failure.Type != "critical" ||
		!strings.Contains(c.Failure.Text, "At: examples/insecure.yml:14:7") || !strings.Contains(c.Failure.Text, "\n+    capabilities: [CAP_NET_BIND_SERVICE]") {
		t.Errorf("CAP-001: %+v", c)
	}
	if c := cases["CAP-010"]; c.Skipped == nil || !strings.Contains(c.Skipped.Message, "waived by network team until 2026-12-01") {
		t.Errorf("waived: %+v", c)
	}
	if c := cases["JNT-001"]; c.Skipped == nil || c.Skipped.Message != "not applicable: nothing here for this rule to look at" {
		t.Errorf("not applicable: %+v", c)
	}
	if c := cases["SUP-008"]; c.Error == nil {
		t.Errorf("unknown: %+v", c)
	}
	if c := cases["IMG-002"]; c.Error != nil || c.Failure != nil || c.Skipped != nil {
		t.Errorf("pass: %+v", c)
	}
}

type command struct {
	level, title, text string
	params             map[string]string
}

// commands reads a log as GitHub's runner does.
func commands(t *testing.T, s string) []command {
	t.Helper()
	undo := strings.NewReplacer("%3A", ":", "%2C", ",", "%0D", "\r", "%0A", "\n", "%25", "%").Replace
	var out []command
	for l := range strings.Lines(s) {
		l = strings.TrimSpace(l)
		rest, ok := strings.CutPrefix(l, "::")
		if !ok {
			if strings.Contains(l, "##[") {
				t.Errorf("a command in %q", l)
			}
			continue
		}
		head, text, ok := strings.Cut(rest, "::")
		if !ok {
			t.Fatalf("command %q", l)
		}
		c := command{text: undo(text), params: map[string]string{}}
		var params string
		c.level, params, _ = strings.Cut(head, " ")
		if !slices.Contains([]string{"error", "warning", "notice"}, c.level) {
			t.Errorf("level %q", c.level)
		}
		for p := range strings.SplitSeq(params, ",") {
			key, value, ok := strings.Cut(p, "=")
			if !ok || !slices.Contains([]string{"file", "line", "col", "title"}, key) {
				t.Errorf("parameter %q of %q", p, head)
			}
			c.params[key] = undo(value)
		}
		c.title = c.params["title"]
		out = append(out, c)
	}
	return out
}

func TestGitHub(t *testing.T) {
	t.Parallel()
	d := sample()
	d.Findings[1].Message = "100% bad, really: a,b\n::error::x"
	out := render(t, "github", d, Options{})
	list := commands(t, out)
	var got []string
	for _, c := range list {
		got = append(got, fmt.Sprintf("%s %s:%s:%s %s", c.level, c.params["file"], c.params["line"], c.params["col"], c.title))
	}
	want := []string{
		"error examples/insecure.yml:14:7 CAP-001 (critical): Service with all capabilities",
		"error examples/insecure.yml:2:10 KCF-008 (high): Module signatures",
		"warning examples/insecure.yml:12:12 MNT-001 (medium): Service root filesystem not readonly",
		"error examples/insecure.yml:12:12 SUP-008 (unknown): A component without SBOM",
		"warning waivers.yml:2:5 waiver of CAP-010",
		"warning waivers.yml:2:5 waiver of KCF-008",
		"warning waivers.yml:2:5 waiver of NSP-001",
	}
	if !slices.Equal(got, want) {
		t.Errorf("annotations:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if !strings.HasPrefix(list[0].text, `component:services/nginx: 100% bad, really: a,b\n::error::x`+"\nValue: 41 capabilities") {
		t.Errorf("text %q", list[0].text)
	}
	if !strings.HasSuffix(out, "\nDENIED: 2 findings fail, and 1 more whose waiver has expired\n") {
		t.Errorf("last line of %q", out)
	}
	if out := render(t, "github", large(), Options{}); !strings.Contains(out, "GitHub shows the first 10 of 300 errors as annotations") {
		t.Errorf("nothing is said of GitHub's limit: %s", out[len(out)-400:])
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
	if len(list) != 5 || list[0].Severity != "blocker" || list[0].CheckName != "CAP-001" || list[0].Location.Lines.Begin != 14 {
		t.Errorf("%d issues, the first %+v", len(list), list[0])
	}
	if !slices.ContainsFunc(list, func(c codeQuality) bool { return c.Location.Path == "os/web.yml" && c.Location.Lines.Begin == 7 }) {
		t.Error("a path in the repository is not relative to it")
	}
	if out := render(t, "gitlab-codequality", &decision.Decision{}, Options{}); out != "[]\n" {
		t.Errorf("nothing found is written %q", out)
	}
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	out := render(t, "markdown", sample(), Options{Diff: diffOf})
	for _, want := range []string{
		"## ❌ DENIED: <code>insecure</code> (amd64)", "| 1 | 1 | 1 | 0 | 1 | 1 | 1 | 1 |", "### What fails (3)",
		"| critical | <code>CAP-001</code> | <code>services/nginx</code><br><code>examples/insecure.yml:14:7</code><br>set in os.yml |",
		"```diff\n--- a/examples/insecure.yml\n", "\n+    capabilities: [CAP_NET_BIND_SERVICE]\n```\n", "**waiver expired 2026-11-01**",
		"### Waivers (3)", "98 %", "CIS Docker Benchmark 1.6.0: 1 not satisfied, 1 not assessed, 1 waived, 1 satisfied",
		"<code>CAP-001</code><br><code>CAP-010</code> (unsure)", "> vulnerabilities: not scanned",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("there is no %q in\n%s", want, out)
		}
	}
	// Every row of a table has the cells of its head.
	cells := 0
	for l := range strings.Lines(render(t, "markdown", hostile(), Options{Diff: diffOf})) {
		if !strings.HasPrefix(l, "|") {
			cells = 0
			continue
		}
		n := len(regexp.MustCompile(`(^|[^\\])\|`).FindAllString(l, -1))
		if cells == 0 {
			cells = n
		}
		if n != cells {
			t.Errorf("%d cells where the head has %d: %s", n-1, cells-1, l)
		}
	}
}

func TestMarkdownText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"plain, a-b: 1.0":       "plain, a-b: 1.0",
		"a|b`c*d_e":             "a\\|b\\`c\\*d\\_e",
		"<b>&amp;":              `&lt;b&gt;&amp;amp;`,
		"@all see #12 or gh-7":  `@<!-- -->all see \#<!-- -->12 or g<!-- -->h-7`,
		"http://x.org www.y.eu": `http:<!-- -->//x.org w<!-- -->ww.y.eu`,
		"[a](b) ![c](d) ~~e~~":  `\[a\]\(b\) \!\[c\]\(d\) \~\~e\~\~`,
		"two\nlines\\":          `two\\nlines\\`,
	} {
		if got := md(in); got != want {
			t.Errorf("md(%q) = %q, want %q", in, got, want)
		}
	}
	if got := fenced("diff", []string{"+ ````", "::error::x"}); got != "`````diff\n+ ````\n\\::error::x\n`````\n" {
		t.Errorf("fenced %q", got)
	}
}
