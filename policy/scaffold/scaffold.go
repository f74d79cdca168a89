// Package scaffold writes the files of a new rule. They are a working rule, which
// fires on a service named replace-me. TODO marks the parts to replace.
package scaffold

import (
	"embed"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/atomicfile"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

//go:embed template
var templates embed.FS

// Rule describes the new rule.
type Rule struct {
	// ID is the rule's id, such as CAP-099.
	ID string
	// Title says what is wrong in a system, in one line.
	Title    string
	Severity decision.Severity
	// Pack is the pack for which the rule is meant.
	Pack string
}

// Write writes the files of a rule below dir and returns their paths. If dir is
// Seaworthy's own tree (it has rules/os), the files go to the places of rules there.
// Any other dir is a folder of rules. Write never replaces a file: if one exists, the
// error is an ErrInput and nothing is written.
func Write(dir string, r Rule) ([]string, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	places := map[string]string{"rule.rego": r.ID + ".rego", "rule_test.rego": r.ID + "_test.rego"}
	if info, err := os.Stat(filepath.Join(dir, "rules", "os")); err == nil && info.IsDir() {
		example := filepath.Join("rules", "examples", r.ID)
		places = map[string]string{
			"rule.rego": filepath.Join("rules", "os", r.ID+".rego"), "rule_test.rego": filepath.Join("rules", "os", r.ID+"_test.rego"),
			"fires.yml": filepath.Join(example, "fires.yml"), "silent.yml": filepath.Join(example, "silent.yml"),
			"systems.txtar": filepath.Join(example, "systems.txtar"),
		}
	}
	var paths []string
	for _, place := range places {
		path := filepath.Join(dir, place)
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			return nil, system.BadInput("%s exists", path).Suggest("use another id, or remove the file")
		}
		paths = append(paths, path)
	}
	for name, place := range places {
		if err := r.write(name, filepath.Join(dir, place)); err != nil {
			return nil, err
		}
	}
	slices.Sort(paths)
	return paths, nil
}

func (r Rule) check() error {
	switch {
	case !decision.IsRuleID(r.ID):
		return system.BadInput("rule id %q: must look like CAP-099", r.ID).Suggest("use capital letters, a dash and a number")
	case strings.TrimSpace(r.Title) == "" || strings.ContainsAny(r.Title, "\"\\\n\r"):
		return system.BadInput("title %q: must be one line without quotes", r.Title).Suggest("say what is wrong in the system: --title TEXT")
	case r.Severity.Rank() == 0:
		return system.BadInput("severity %q is unknown", r.Severity).Suggest("use low, medium, high or critical")
	case !lazyre.New(`^[a-z][a-z0-9-]*$`).MatchString(r.Pack):
		return system.BadInput("pack %q: must be lower-case letters, digits and dashes", r.Pack).Suggest("use --pack baseline, hardened, strict or your own")
	}
	return nil
}

func (r Rule) write(name, path string) error {
	text, err := templates.ReadFile("template/" + name)
	if err != nil {
		return err
	}
	filled := strings.NewReplacer("{{ID}}", r.ID, "{{TITLE}}", r.Title, "{{SEVERITY}}", string(r.Severity), "{{PACK}}", r.Pack,
		"{{PACKAGE}}", strings.ReplaceAll(r.ID, "-", "_")).Replace(string(text))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return system.Unusable("cannot make the folder of %s", path).Because(err)
	}
	if err := atomicfile.WriteNew(path, []byte(filled), 0o644); err != nil {
		return system.Unusable("cannot write %s", path).Because(err)
	}
	return nil
}
