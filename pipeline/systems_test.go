package pipeline_test

import (
	"errors"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/seaworthy-os/seaworthy/policy/decision"
)

const caughtComment = "# caught by: "

// systems tries the attacks on a rule and the honest systems that it must not
// deny: what systems.txtar in its folder holds (see testdata/rules/README.md).
func (b *ruleBench) systems(t *testing.T, id string) {
	t.Helper()
	archive, err := txtar.ParseFile(filepath.Join(ruleSystems, id, "systems.txtar"))
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.Files {
		kind, name, ok := strings.Cut(f.Name, "/")
		if !ok || kind != "attack" && kind != "honest" {
			t.Errorf("systems.txtar: %q is neither attack/NAME nor honest/NAME", f.Name)
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			judge := id
			if other, ok := comment(f.Data, caughtComment); ok {
				judge = other
			}
			var bad, all []string
			for _, f := range b.findings(t, judge, name, f.Data) {
				said := string(f.State) + " " + f.Resource + " " + f.Key + ": " + f.Message
				all = append(all, said)
				if f.State == decision.StateFail || f.State == decision.StateUnknown {
					bad = append(bad, said)
				}
			}
			if kind == "attack" && len(bad) == 0 {
				t.Errorf("%s does not report this system; it finds\n\t%s", judge, strings.Join(all, "\n\t"))
			}
			if kind == "honest" && len(bad) > 0 {
				t.Errorf("%s denies this system:\n\t%s", judge, strings.Join(bad, "\n\t"))
			}
		})
	}
}

// findings are those of one rule on a system: an os.yml that is merged with the
// base, or a change of the base's facts.
func (b *ruleBench) findings(t *testing.T, id, name string, content []byte) []decision.Finding {
	t.Helper()
	judge := b.only(t, id)
	switch path.Ext(name) {
	case ".yml":
		return b.check(t, judge, b.base, b.place(t, name, content)).Decision.Findings
	case ".json":
		var p patched
		strict(t, content, &p)
		return b.decidePatch(t, judge, id, p)
	}
	t.Fatalf("%s: a system is a .yml or a .json file", name)
	return nil
}

// comment is what follows a prefix at the start of a line.
func comment(content []byte, prefix string) (string, bool) {
	for line := range strings.Lines(string(content)) {
		if rest, ok := strings.CutPrefix(line, prefix); ok {
			return strings.TrimSpace(rest), true
		}
	}
	return "", false
}
