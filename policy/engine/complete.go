package engine

import (
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// ending is added to a rule that defines found but not fail. It uses full names, so
// it needs no import. The rule may add elements to not_applicable itself.
const ending = `package seaworthy.ending

fail contains f if some f in data.seaworthy.outcome.fail(found)

not_applicable contains n if some n in data.seaworthy.outcome.not_applicable(found)
`

var endingRules = sync.OnceValue(func() []*ast.Rule {
	return ast.MustParseModuleWithOpts(ending, ast.ParserOptions{RegoVersion: ast.RegoV1}).Rules
})

// complete adds the ending to a module that defines the set found but not fail.
// Errors in the ending have the position of found.
func complete(m *ast.Module) {
	found := unjudged(m)
	if found == nil || !isSet(found) {
		return
	}
	for _, r := range endingRules() {
		r = r.Copy()
		r.Module = m
		ast.NewGenericVisitor(func(x any) bool {
			if node, ok := x.(ast.Node); ok {
				node.SetLoc(found.Location)
			}
			return false
		}).Walk(r)
		for _, t := range r.Head.Reference {
			t.SetLoc(found.Location)
		}
		m.Rules = append(m.Rules, r)
	}
}

// unjudged returns the first definition of found in a module without fail, or nil. A
// function named found does not count: it is a helper.
func unjudged(m *ast.Module) (found *ast.Rule) {
	if !strings.HasPrefix(strings.Join(ground(m.Package.Path), "."), rulesPackage) {
		return nil
	}
	for _, r := range m.Rules {
		switch headName(r) {
		case "fail":
			return nil
		case "found":
			if found == nil && len(r.Head.Args) == 0 {
				found = r
			}
		}
	}
	return found
}

func headName(r *ast.Rule) string { return string(r.Head.Ref()[0].Value.(ast.Var)) }

// isSet reports whether a rule defines elements of a set: NAME contains VALUE.
func isSet(r *ast.Rule) bool {
	return r.Head.RuleKind() == ast.MultiValue && len(r.Head.Ref()) == 1 && !r.Default && len(r.Head.Args) == 0
}

// mustBeSet returns the error for a definition that is not a set. `found[x] if`
// defines an object, whose findings would be lost.
func mustBeSet(pkg string, r *ast.Rule) error {
	name := headName(r)
	return system.BadInput("rule %s: %s must be a set", pkg, name).
		At(system.Position{File: r.Location.File, Line: r.Location.Row, Column: r.Location.Col}).
		Suggest("write `%s contains ... if { ... }`", name)
}
