package pipeline_test

import (
	"errors"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/seaworthy-os/seaworthy/pipeline"
	"github.com/seaworthy-os/seaworthy/policy"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

const caughtComment = "# caught by: "

// systems checks the systems of a rule's systems.txtar: attacks that the rule must
// report, and honest systems that it must not deny (see rules/examples/README.md).
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
				t.Errorf("%s does not report this system of systems.txtar: change the rule, or the system (rules/examples/README.md). It finds\n\t%s", judge, strings.Join(all, "\n\t"))
			}
			if kind == "honest" && len(bad) > 0 {
				t.Errorf("%s denies this system of systems.txtar: change the rule, or the system (rules/examples/README.md). It finds\n\t%s", judge, strings.Join(bad, "\n\t"))
			}
		})
	}
}

// findings returns the findings of one rule for a system: an os.yml that is merged
// with the base, or a patch of the base's facts. The strictest pack, which is
// prepared once, evaluates them, unless the rule's folder sets parameters or the
// system names a policy.
func (b *ruleBench) findings(t *testing.T, id, name string, content []byte) []decision.Finding {
	t.Helper()
	var p patched
	var f *facts.Facts
	switch path.Ext(name) {
	case ".yml":
		f = b.observe(t, b.base, b.place(t, name, content))
	case ".json":
		strict(t, content, &p)
		f = b.patch(t, p)
	default:
		t.Fatalf("%s: a system is a .yml or a .json file", name)
	}
	judge, err := b.strictest()
	if params := filepath.Join(ruleSystems, id, "params.json"); p.Policy != "" || exists(params) {
		o := b.only(t, id)
		if p.Policy != "" {
			o.Policy = p.Policy
		}
		judge, err = policy.Prepare(t.Context(), o)
	}
	if err != nil {
		t.Fatal(err)
	}
	d, err := judge.Decide(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(d.Findings, func(f decision.Finding) bool { return f.ID != id })
}

// observe returns the facts of a system.
func (b *ruleBench) observe(t *testing.T, files ...string) *facts.Facts {
	t.Helper()
	f, err := pipeline.Facts(t.Context(), pipeline.CheckOptions{Resolve: b.resolve(files...), Inventories: b.inventories, FormatsMeant: ruleFormats})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// comment returns the rest of the first line that begins with a prefix.
func comment(content []byte, prefix string) (string, bool) {
	for line := range strings.Lines(string(content)) {
		if rest, ok := strings.CutPrefix(line, prefix); ok {
			return strings.TrimSpace(rest), true
		}
	}
	return "", false
}
