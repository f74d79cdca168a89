package policy

import (
	"context"
	"slices"

	"github.com/seaworthy-os/seaworthy/policy/folder"
)

// Rules lists the rules of policies, by id; where none is named, every built-in
// rule. The layout of a folder:
//
//	ANY/*.rego       rules (package seaworthy.rules.ID) and libraries
//	ANY/*_test.rego  their tests, which are never evaluated by Decide
//	data/*.json      tables, each under a top-level key of its own; the key
//	                 params sets built-in parameters
//	packs/*.yaml     NAME: {includes: [PACKS], rules: [IDS]}
//
// It takes Policy, Policies and Isolate of the options. A rule has the names of
// the built-in packs that hold it.
func Rules(ctx context.Context, o Options) ([]RuleInfo, error) {
	library, err := builtin()
	if err != nil {
		return nil, err
	}
	return library.rulesOf(ctx, o)
}

func (l *library) rulesOf(ctx context.Context, o Options) ([]RuleInfo, error) {
	if o.Policy == "" && len(o.Policies) == 0 {
		return l.all()
	}
	p, wishes, err := l.read(ctx, o, true)
	if err != nil {
		return nil, err
	}
	uses, err := newUses(l)
	if err != nil {
		return nil, err
	}
	for _, w := range wishes {
		set, err := l.trustedSet(p.about.Name, w)
		if err != nil {
			return nil, err
		}
		for _, r := range set.rules {
			m, err := parse(r.from)
			if err != nil {
				return nil, err
			}
			r.Params = uses.params(m)
			p.infos = append(p.infos, r.RuleInfo)
		}
	}
	if err := p.describeRules(); err != nil {
		return nil, err
	}
	return p.infos, l.addPacks(p.infos)
}

// all are the built-in rules, by id.
func (l *library) all() ([]RuleInfo, error) {
	uses, err := newUses(l)
	if err != nil {
		return nil, err
	}
	var files []folder.File
	for _, id := range l.ruleIDs() {
		files = append(files, l.byPkg[pkgOf(id)]...)
	}
	rules, err := atOnce(files, parseRule)
	if err != nil {
		return nil, err
	}
	var out []RuleInfo
	for _, r := range rules {
		r.Params = uses.params(r.module)
		out = append(out, r.RuleInfo)
	}
	return out, l.addPacks(out)
}

// addPacks notes which built-in packs hold each rule.
func (l *library) addPacks(rules []RuleInfo) error {
	for name := range l.packs {
		list, err := folder.Chain(l.packs, name)
		if err != nil {
			return err
		}
		for i := range rules {
			if slices.ContainsFunc(list, func(p *folder.Pack) bool { return slices.Contains(p.Rules, rules[i].ID) }) {
				rules[i].Packs = append(rules[i].Packs, name)
			}
		}
	}
	for i := range rules {
		slices.Sort(rules[i].Packs)
	}
	return nil
}
