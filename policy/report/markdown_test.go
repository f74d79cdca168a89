package report

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// A diff keeps its tabs and makes invisible characters visible.
func TestEditLines(t *testing.T) {
	t.Parallel()
	diff := func(*decision.Finding) string { return "--- a/my os.yml\t\n+x\t# y\u202e\r\n" }
	if got := edit(&decision.Finding{}, Options{Diff: diff}); strings.Join(got, "|") != "--- a/my os.yml\t|+x\t# y\\u{202e}" {
		t.Errorf("%q", got)
	}
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	out := render(t, "markdown", sample(), Options{Diff: diffOf})
	for _, want := range []string{
		"## ❌ DENIED: <code>insecure</code> (amd64)", "| 1 | 1 | 1 | 0 | 1 | 1 | 1 | 1 |", "### Failing findings (3)",
		"| critical | <code>CAP-001</code> | <code>services/nginx</code><br><code>examples/insecure.yml:14:7</code><br>set in os.yml |",
		"```diff\n--- a/examples/insecure.yml\n", "\n+    capabilities: [CAP_NET_BIND_SERVICE]\n```\n", "**waiver expired 2026-11-01**",
		"### Waivers (3)", "98 %", "CIS Docker Benchmark 1.6.0: 1 not satisfied, 1 not assessed, 1 waived, 1 satisfied",
		"<code>CAP-001</code><br><code>CAP-010</code> (unsure)", "> vulnerabilities: not scanned",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	// Every row of a table has as many cells as its header.
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
			t.Errorf("%d cells, but the header has %d: %s", n-1, cells-1, l)
		}
	}
}

// A report fits in a comment with its counts even if escaping makes texts much
// longer, and every opened block is closed.
func TestMarkdownLimit(t *testing.T) {
	t.Parallel()
	for _, swelling := range []string{"@", "&", "<", "\x00", "#1", "www.", "`", "\u202e", evil} {
		long := strings.Repeat(swelling, 3000)
		d := filled(long)
		for i := range d.Findings {
			d.Findings[i].Because = slices.Repeat([]string{long}, 100)
		}
		d.Notes = slices.Repeat([]string{long}, 100)
		d.Frameworks = slices.Repeat(d.Frameworks, 9)
		out := render(t, "markdown", d, Options{Signer: long, Diff: diffOf})
		if len(out) > 65536 || strings.Count(out, "<details>") != strings.Count(out, "</details>") || !strings.Contains(out, "### Failing findings (3)") {
			t.Errorf("%.10q: %d characters, %d blocks opened and %d closed", swelling, len(out), strings.Count(out, "<details>"), strings.Count(out, "</details>"))
		}
	}
	out := render(t, "markdown", large(700), Options{Diff: diffOf})
	if len(out) > 65536 || !strings.Contains(out, "more; the html report has all of them") {
		t.Errorf("%d characters, and the report does not say what is left out", len(out))
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

func TestDiffLines(t *testing.T) {
	t.Parallel()
	diff := "--- a/os.yml\n+++ b/os.yml\n@@ -1,3 +1,3 @@\n ---\n--- x\n+++ y\n context\n\\ No newline at end of file"
	var got []string
	for _, l := range diffLines(strings.Split(diff, "\n")) {
		got = append(got, l.Class)
	}
	if want := []string{"meta", "meta", "meta", "", "del", "add", "", "meta"}; !slices.Equal(got, want) {
		t.Errorf("classes %q, want %q", got, want)
	}
}
