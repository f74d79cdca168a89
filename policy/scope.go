package policy

import (
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/words"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/policy/engine"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// within keeps the rules and findings that are about a scope. The result of a rule about
// a missing input means nothing, whether it is a pass or unknown.
func (p *policies) within(s *facts.Scope, findings []decision.Finding) ([]decision.Finding, []decision.Rule, error) {
	inside := map[string]bool{}
	var rules []decision.Rule
	for i, r := range p.infos {
		if inside[r.ID] = engine.InScope(s, r.Inputs); inside[r.ID] {
			rules = append(rules, p.rules[i])
		}
	}
	out := slices.DeleteFunc(findings, func(f decision.Finding) bool { return !inside[f.ID] })
	for i := range out {
		out[i].Edits = nil // there is no os.yml
	}
	if len(out) == 0 {
		return nil, nil, system.Unusable("policy %s has no rule about %s", p.about.Name, words.List(s.Given)).
			Suggest("use a policy that has such rules: the first entry of `inputs` in a rule says what the rule is about")
	}
	return out, rules, nil
}

// scopeNotes list what was not decided.
func scopeNotes(s *facts.Scope) []string {
	out := []string{"a kernel alone: rules about components, files and packages were not evaluated"}
	if len(s.Missing) > 0 {
		out = append(out, "not checked: "+strings.Join(s.Missing, ", "))
	}
	return out
}
