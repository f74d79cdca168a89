package engine

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/seaworthy-os/seaworthy/policy/folder"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// Narrow keeps the rules of a set that can be answered from the facts of a scope, and
// the modules that these need. If no rule would be left, it returns the whole set.
func (l *Library) Narrow(s *Set, scope *facts.Scope) *Set {
	out := *s
	out.rules, out.modules, out.ready = nil, map[string]*ast.Module{}, nil
	if s.ready != nil {
		out.ready = map[string]*ready{}
	}
	var queue []folder.File
	for _, r := range s.rules {
		if InScope(scope, r.Inputs) {
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
		if s.ready != nil {
			out.ready[f.Name] = s.ready[f.Name]
			for _, m := range s.ready[f.Name].leads {
				queue = append(queue, m.from)
			}
			continue
		}
		out.modules[f.Name] = s.modules[f.Name]
		for _, ref := range dataRefs(s.modules[f.Name]) {
			queue = append(queue, l.defining(ref)...)
		}
	}
	return &out
}

// InScope reports whether a rule with these inputs is about a scope: its first input is
// given, and no other input is outside the scope.
func InScope(s *facts.Scope, inputs []string) bool {
	if len(inputs) == 0 || !slices.Contains(s.Given, inputs[0]) {
		return false
	}
	return !slices.ContainsFunc(inputs, func(in string) bool { return !slices.Contains(s.Given, in) && !slices.Contains(s.Missing, in) })
}
