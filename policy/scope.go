package policy

import (
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/words"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/policy/folder"
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
		return nil, nil, system.Unusable("policy %s has no rule about %s", p.about.Name, words.List(s.Given)).
			Suggest("use a policy with such rules: the first of the `inputs` of a rule says what the rule is about")
	}
	return out, rules, nil
}

// narrow leaves the rules of a set that facts of less than a system can tell
// about, and the modules that these need. Where none is left, it is the same set.
func (l *library) narrow(s *set, scope *facts.Scope) *set {
	out := *s
	out.rules, out.modules, out.ready = nil, map[string]*ast.Module{}, nil
	if s.ready != nil {
		out.ready = map[string]*ready{}
	}
	var queue []folder.File
	for _, r := range s.rules {
		if about(scope, r.Inputs) {
			out.rules = append(out.rules, r)
			queue = append(queue, r.from)
		}
	}
	if len(out.rules) == 0 {
		return s
	}
	seen := map[string]bool{}
	for len(queue) > 0 {
		f := queue[0]
		if queue = queue[1:]; seen[f.Name] {
			continue
		}
		seen[f.Name] = true
		var refs []string
		if s.ready != nil {
			out.ready[f.Name] = s.ready[f.Name]
			refs = s.ready[f.Name].refs
		} else {
			out.modules[f.Name] = s.modules[f.Name]
			refs = dataRefs(s.modules[f.Name])
		}
		for _, ref := range refs {
			queue = append(queue, l.defining(ref)...)
		}
	}
	return &out
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
