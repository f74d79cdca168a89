package engine

import (
	"errors"
	"maps"
	"slices"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/words"
	"github.com/seaworthy-os/seaworthy/policy/framework"
)

// FrameworkNames returns the ids of the built-in catalogues, sorted.
func (l *Library) FrameworkNames() []string {
	var out []string
	for _, f := range l.Tree.Frameworks {
		out = append(out, framework.Name(f.Path))
	}
	slices.Sort(out)
	return out
}

// Framework reads a catalogue by its id, from own or else from the built-in ones. No
// other catalogue is parsed.
func (l *Library) Framework(name string, own map[string]*framework.Framework) (*framework.Framework, error) {
	if fw := own[name]; fw != nil {
		return fw, nil
	}
	for _, f := range l.Tree.Frameworks {
		if framework.Name(f.Path) == name {
			fw, err := framework.Parse(f.Path, f.Name, f.Content)
			if err != nil {
				return nil, err
			}
			return fw, checkTerms(fw, l)
		}
	}
	return nil, system.BadInput("framework %q does not exist", name).
		Suggest("use %s", words.List(append(l.FrameworkNames(), slices.Sorted(maps.Keys(own))...)))
}

// checkTerms refuses terms that name a rule that no library has.
func checkTerms(fw *framework.Framework, libs ...*Library) error {
	var errs []error
	for _, c := range fw.Controls {
		for _, t := range c.Terms {
			if _, from := find(t.Rule, libs...); t.Rule != "" && from == nil {
				errs = append(errs, system.BadInput("framework %s: control %s names rule %q, which does not exist", fw.ID, c.ID, t.Rule).
					Suggest("rules list shows all rules"))
			}
		}
	}
	return errors.Join(errs...)
}
