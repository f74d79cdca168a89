package pipeline

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/policy/decision"
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
		"no secret": {"    annotations: {monkey: \"1\", tokens: []}\n", false}, // better one too many
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "os.yml")
			text := "services:\n  - name: web\n    image: web:1\n" + c.around
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			d := &decision.Decision{System: decision.System{Sources: []decision.Source{{Path: path, Digest: fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(text)))}}}}
			f := &decision.Finding{Edits: []decision.Edit{{Op: "set", Component: "services/web", Path: "/readonly", Value: true}}}
			show := Remedies(d)
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
			if Remedies(d) != nil {
				t.Error("a file that was changed since is taken for the one decided about")
			}
		})
	}
	if Remedies(&decision.Decision{}) != nil {
		t.Error("no files, and diffs of them")
	}
}
