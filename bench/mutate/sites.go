package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// site is one possible change in one copy of a module.
type site struct {
	row  int
	what string
	make func()
	// first and last are the rows of its rule.
	first, last int
}

// opposites maps an operator to replacements with another meaning: the inverse, and
// for a comparison, the one with the bound moved by one.
var opposites = map[string][]string{
	"equal": {"neq"}, "neq": {"equal"},
	"lt": {"gte", "lte"}, "lte": {"gt", "lt"},
	"gt": {"lte", "gte"}, "gte": {"lt", "gt"},
	"startswith": {"endswith"}, "endswith": {"startswith"}, "contains": {"startswith"},
	"strings.any_prefix_match": {"strings.any_suffix_match"}, "strings.any_suffix_match": {"strings.any_prefix_match"},
	"min": {"max"}, "max": {"min"},
	"and": {"or"}, "or": {"and"},
}

// removal describes a site that removes a condition.
const removal = "the condition is removed"

// conditions are operators of expressions that are also negated as a whole.
var conditions = []string{"internal.member_2", "internal.member_3", "startswith", "endswith", "contains", "regex.match", "strings.any_prefix_match"}

// sites returns the possible changes of a module in a stable order: those of each
// rule, its heads and bodies, and its comprehensions.
func sites(m *ast.Module) []site {
	var out []site
	for i, r := range m.Rules {
		last := 1 << 30
		if i+1 < len(m.Rules) {
			last = m.Rules[i+1].Location.Row - 1
		}
		for _, s := range ruleSites(r) {
			s.first, s.last = r.Location.Row, max(last, r.Location.Row)
			out = append(out, s)
		}
	}
	return out
}

func ruleSites(r *ast.Rule) []site {
	var out []site
	add := func(loc *ast.Location, make func(), what string, args ...any) {
		row := r.Location.Row
		if loc != nil {
			row = loc.Row
		}
		out = append(out, site{row: row, what: fmt.Sprintf(what, args...), make: make})
	}
	ast.WalkExprs(r, func(e *ast.Expr) bool {
		exprSites(e, add)
		return false
	})
	ast.WalkTerms(r, func(t *ast.Term) bool {
		termSites(t, add)
		return false
	})
	return out
}

type adder func(loc *ast.Location, make func(), what string, args ...any)

// exprSites adds changes that remove, invert or alter a condition. A declaration or
// an assignment is not a condition.
func exprSites(e *ast.Expr, add adder) {
	if e.Generated || e.IsAssignment() || isDecl(e) || isTrue(e) {
		return
	}
	if e.Negated {
		add(e.Location, func() { e.Negated = false }, "the `not` is removed")
	}
	remove := ast.NewExpr(ast.BooleanTerm(true))
	remove.Location = e.Location
	if _, unifies := e.Terms.(*ast.Every); !unifies && !(e.IsCall() && e.Operator().String() == "eq") {
		add(e.Location, func() { *e = *remove }, removal)
	}
	if !e.IsCall() {
		return
	}
	terms := e.Terms.([]*ast.Term)
	name := e.Operator().String()
	for _, other := range opposites[name] {
		add(e.Location, func() { terms[0] = operator(other, terms[0]) }, "%s becomes %s", name, other)
	}
	if slices.Contains(conditions, name) && !e.Negated {
		add(e.Location, func() { e.Negated = true }, "%s is negated", name)
	}
}

// termSites adds changes of operators in a value, and of truth values.
func termSites(t *ast.Term, add adder) {
	switch v := t.Value.(type) {
	case ast.Call:
		name := v[0].String()
		for _, other := range opposites[name] {
			add(t.Location, func() { v[0] = operator(other, v[0]) }, "%s becomes %s", name, other)
		}
	case ast.Boolean:
		// The parser creates a `true` without a place for a missing value.
		if t.Location != nil && strings.TrimSpace(string(t.Location.Text)) == v.String() {
			add(t.Location, func() { t.Value = !v }, "%v becomes %v", v, !v)
		}
	}
}

func isDecl(e *ast.Expr) bool {
	_, is := e.Terms.(*ast.SomeDecl)
	return is
}

func isTrue(e *ast.Expr) bool {
	t, is := e.Terms.(*ast.Term)
	return is && t.Value.Compare(ast.Boolean(true)) == 0
}

func operator(name string, old *ast.Term) *ast.Term {
	t := ast.NewTerm(ast.BuiltinMap[name].Ref())
	t.Location = old.Location
	return t
}
