package policy

import (
	"context"
	"slices"

	"github.com/seaworthy-os/seaworthy/policy/engine"
	"github.com/seaworthy-os/seaworthy/policy/folder"
)

// RuleInfo is the description of a rule in its annotations.
type RuleInfo = engine.RuleInfo

// Rules lists the rules of policies, by id. Without a policy it lists every built-in
// rule. The layout of a folder:
//
//	ANY/*.rego       rules (package seaworthy.rules.ID) and libraries
//	ANY/*_test.rego  their tests, which are never evaluated by Decide
//	data/*.json      tables, each under a top-level key of its own; the key
//	                 params sets built-in parameters
//	packs/*.yaml     NAME: {includes: [PACKS], rules: [IDS]}
//
// It uses Policy, Policies and Isolate of the options. A rule lists the built-in packs
// that contain it.
func Rules(ctx context.Context, o Options) ([]RuleInfo, error) {
	library, err := linked()
	if err != nil {
		return nil, err
	}
	return library.rulesOf(ctx, o)
}

func (l *library) rulesOf(ctx context.Context, o Options) ([]RuleInfo, error) {
	if o.Policy == "" && len(o.Policies) == 0 {
		all, err := l.Rules()
		if err != nil {
			return nil, err
		}
		return all, l.addPacks(all)
	}
	p, wishes, err := l.read(ctx, o, true)
	if err != nil {
		return nil, err
	}
	for _, w := range wishes {
		set, err := l.trustedSet(p.about.Name, w)
		if err != nil {
			return nil, err
		}
		infos, err := l.RulesOf(set)
		if err != nil {
			return nil, err
		}
		p.infos = append(p.infos, infos...)
	}
	if err := p.describeRules(); err != nil {
		return nil, err
	}
	return p.infos, l.addPacks(p.infos)
}

// addPacks adds to each rule the built-in packs that contain it.
func (l *library) addPacks(rules []RuleInfo) error {
	for name := range l.Packs {
		list, err := folder.Chain(l.Packs, name)
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
