package policy

import (
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// within leaves the rules and findings that facts of less than a system can
// tell about. What a rule found out about an input that is not there, be it a
// pass or that it is unknown, would be about nothing.
func (p *policies) within(s *facts.Scope, findings []decision.Finding) ([]decision.Finding, []decision.Rule, error) {
	inside := map[string]bool{}
	var rules []decision.Rule
	for i, r := range p.infos {
		if inside[r.ID] = about(s, r.Inputs); inside[r.ID] {
			rules = append(rules, p.rules[i])
		}
	}
	out := slices.DeleteFunc(findings, func(f decision.Finding) bool { return !inside[f.ID] })
	for i := range out {
		out[i].Edits = nil // there is no os.yml
	}
	if len(out) == 0 {
		return nil, nil, unusable(nil, "policy %s has no rule about %s", "a rule about it names it first among its inputs", p.about.Name, join(s.Given))
	}
	return out, rules, nil
}

// about: the first input is given, and no other one is beyond the scope.
func about(s *facts.Scope, inputs []string) bool {
	if len(inputs) == 0 || !slices.Contains(s.Given, inputs[0]) {
		return false
	}
	return !slices.ContainsFunc(inputs, func(in string) bool { return !slices.Contains(s.Given, in) && !slices.Contains(s.Missing, in) })
}

// scopeNotes say what was not decided.
func scopeNotes(s *facts.Scope) []string {
	out := []string{"a kernel alone: rules about components, files and packages were not evaluated"}
	if len(s.Missing) > 0 {
		out = append(out, "not checked: "+strings.Join(s.Missing, ", "))
	}
	return out
}

// configOrigin is the place of an option of a kernel's configuration that was
// given by itself: its line, where it has one.
func (p *places) configOrigin(option string) *decision.Origin {
	o := &decision.Origin{Layer: "config"}
	if line := p.facts.Kernel.Config.Lines[option]; line > 0 {
		o.Line, o.Column = line, 1
	}
	for _, s := range p.facts.Sources {
		o.File = s.Path
		break
	}
	return o
}
