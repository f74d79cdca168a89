package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

type command struct {
	level, title, text string
	params             map[string]string
}

// commands parses a log as GitHub's runner does.
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
	if !strings.HasPrefix(list[0].text, `component:services/nginx: 100% bad, really: a,b\n::error::x`+"\nBecause: CONFIG_MODULE") {
		t.Errorf("text %q", list[0].text)
	}
	if !strings.HasSuffix(out, "\nDENIED: 2 findings fail, and 1 more whose waiver has expired\n") {
		t.Errorf("last line of %q", out)
	}
	if out := render(t, "github", large(700), Options{}); !strings.Contains(out, "GitHub shows the first 10 of 300 errors as annotations") {
		t.Errorf("GitHub's limit is not mentioned: %s", out[len(out)-400:])
	}
}
