package remedy

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/spec/edit"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/policy/report"
)

func TestRemedies(t *testing.T) {
	t.Parallel()
	key := "-----BEGIN OPENSSH PRIVATE KEY-----\n      " + strings.Repeat("b3BlbnNzaC1rZXk", 4) + "\n"
	for name, c := range map[string]struct {
		around string
		shown  bool
	}{
		"plain":     {"    env: [HOME=/]\n", true},
		"password":  {"    env: [DB_PASSWORD=hunter2]\n", false},
		"yaml":      {"    annotations:\n      api-key: hunter2\n", false},
		"key":       {"    annotations:\n      x: |\n      " + key, false},
		"no secret": {"    annotations: {monkey: \"1\", tokens: []}\n", false}, // a false positive is better than a secret
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "os.yml")
			text := "services:\n  - name: web\n    image: web:1\n" + c.around
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			d := decidedAbout(path, text, 1)
			f := &d.Findings[0]
			show := All(d)
			for range 2 {
				if got := show(f); strings.Contains(got, "+    readonly: true") != c.shown || (got == "") == c.shown {
					t.Errorf("diff %q", got)
				}
			}
			if got := show(&decision.Finding{}); got != "" {
				t.Errorf("a finding without edits has %q", got)
			}
			if err := os.WriteFile(path, []byte(text+"# later\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			if All(d) != nil {
				t.Error("a file that changed after the decision is accepted")
			}
		})
	}
	if All(&decision.Decision{}) != nil {
		t.Error("diffs are shown for missing files")
	}
}

// decidedAbout returns a decision with this number of findings on a service, each
// with an edit. The last finding is the worst.
func decidedAbout(path, text string, findings int) *decision.Decision {
	d := &decision.Decision{System: decision.System{Sources: []decision.Source{{Path: path, Digest: fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(text)))}}}}
	for range findings {
		d.Findings = append(d.Findings, decision.Finding{Severity: decision.Low,
			Edits: []decision.Edit{{Op: "set", Component: "services/web", Path: "/readonly", Value: true}}})
	}
	d.Findings[findings-1].Severity = decision.Critical
	return d
}

// Diffs for 10,000 findings on an os.yml of the maximal size must not take an hour.
// Only the worst findings have diffs, and they are the same for every order of calls.
func TestRemediesOfMany(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "os.yml")
	text := "services:\n  - name: web\n    image: web:1\n" + strings.Repeat("# "+strings.Repeat("x", 1000)+"\n", 600)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	d := decidedAbout(path, text, 10000)
	most := remedyBytes / len(text)
	show := All(d)
	for i, want := range map[int]bool{0: true, most - 2: true, most: false, 9998: false, 9999: true} {
		if got := show(&d.Findings[i]) != ""; got != want {
			t.Errorf("finding %d has a diff: %t", i, got)
		}
	}
}

// An editor that applies a fix of the SARIF log gets the same bytes as the edit.
func TestFixesInSARIF(t *testing.T) {
	t.Parallel()
	edits := []decision.Edit{
		{Op: "set", Component: "services/web", Path: "/readonly", Value: true},
		{Op: "remove", Component: "services/web", Path: "/binds", Value: "/é"},
		{Op: "append", Path: "/kernel/cmdline", Value: "quiet"},
	}
	const text = "kernel:\n  image: k\n  # a\n  # b\n  # c\n  # d\n  # e\n  cmdline: a\nservices:\n  - name: web # é\n    image: web:1\n    binds:\n      - /a\n      - /é\n    readonly: false"
	for name, text := range map[string]string{
		"plain": text + "\n", "no line break at the end": text, "windows": strings.ReplaceAll(text, "\n", "\r\n"), "byte order mark": "\uFEFF" + text,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "os.yml")
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			d := decidedAbout(path, text, 1)
			d.Findings[0].State, d.Findings[0].Edits = decision.StateFail, edits
			var b bytes.Buffer
			if err := report.Write(&b, "sarif", d, report.Options{Diff: All(d)}); err != nil {
				t.Fatal(err)
			}
			sources, err := Sources(d, nil)
			if err != nil {
				t.Fatal(err)
			}
			want, err := edit.Apply(sources, edits)
			if err != nil {
				t.Fatal(err)
			}
			if got := applyFix(t, b.Bytes(), text); got != string(want[0].Data) || got == text {
				t.Errorf("got\n%q\nwant\n%q", got, want[0].Data)
			}
		})
	}
}

// applyFix applies the first fix of a log as an editor does.
func applyFix(t *testing.T, log []byte, text string) string {
	t.Helper()
	var l struct {
		Runs []struct {
			Results []struct {
				Fixes []struct {
					ArtifactChanges []struct {
						Replacements []struct {
							DeletedRegion   struct{ StartLine, StartColumn, EndLine, EndColumn int }
							InsertedContent struct{ Text string }
						}
					}
				}
			}
		}
	}
	if err := json.Unmarshal(log, &l); err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(text, "\n")
	offset := func(line, column int) int {
		at := len(strings.Join(lines[:line-1], ""))
		if column > 1 {
			at += len(string([]rune(lines[line-1])[:column-1]))
		}
		return at
	}
	out, last := "", 0
	for _, r := range l.Runs[0].Results[0].Fixes[0].ArtifactChanges[0].Replacements {
		d := r.DeletedRegion
		out += text[last:offset(d.StartLine, d.StartColumn)] + r.InsertedContent.Text
		last = offset(d.EndLine, d.EndColumn)
	}
	return out + text[last:]
}
