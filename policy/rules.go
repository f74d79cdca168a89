package policy

import (
	"context"
	"errors"
	"slices"
)

// Rules lists the rules of a policy, by id: those of a built-in pack, or of a
// folder; "" lists every built-in rule. The layout of a folder:
//
//	ANY/*.rego       rules (package seaworthy.rules.ID) and libraries
//	ANY/*_test.rego  their tests, which are never evaluated by Decide
//	data/*.json      tables, each under a top-level key of its own; the key
//	                 params sets built-in parameters
//	packs/*.yaml     NAME: {includes: [PACKS], rules: [IDS]}
func Rules(_ context.Context, policy string) ([]RuleInfo, error) {
	library, err := builtin()
	if err != nil {
		return nil, err
	}
	return library.infos(policy)
}

func (l *library) infos(policy string) ([]RuleInfo, error) {
	var rules []*rule
	if policy == "" {
		var errs []error
		for _, id := range l.ruleIDs() {
			f, _ := find(id, l)
			r, err := parseRule(f, pkgOf(id))
			if err != nil {
				errs = append(errs, err)
				continue
			}
			rules = append(rules, r)
		}
		if err := errors.Join(errs...); err != nil {
			return nil, err
		}
	} else {
		s, err := l.choose(policy)
		if err != nil {
			return nil, err
		}
		rules = s.rules
	}
	out := make([]RuleInfo, 0, len(rules))
	for _, r := range rules {
		info := r.RuleInfo
		for name := range l.packs {
			list, err := chain(l.packs, name)
			if err != nil {
				return nil, err
			}
			if slices.ContainsFunc(list, func(p *pack) bool { return slices.Contains(p.rules, r.ID) }) {
				info.Packs = append(info.Packs, name)
			}
		}
		slices.Sort(info.Packs)
		out = append(out, info)
	}
	return out, nil
}
