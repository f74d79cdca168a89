package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// site is one change that can be made to one copy of a module.
type site struct {
	row  int
	what string
	make func()
	// first and last row of the rule that it is in.
	first, last int
}

// opposites are what takes the place of an operator, and why that is another
// meaning: the inverse, and where there is one, the other side of the bound.
var opposites = map[string][]string{
	"equal": {"neq"}, "neq": {"equal"},
	"lt": {"gte", "lte"}, "lte": {"gt", "lt"},
	"gt": {"lte", "gte"}, "gte": {"lt", "gt"},
	"startswith": {"endswith"}, "endswith": {"startswith"}, "contains": {"startswith"},
	"strings.any_prefix_match": {"strings.any_suffix_match"}, "strings.any_suffix_match": {"strings.any_prefix_match"},
	"min": {"max"}, "max": {"min"},
	"and": {"or"}, "or": {"and"},
}

// removal is what a site says that takes a condition away.
const removal = "the condition is taken away"

// conditions are operators of expressions that are also negated as a whole.
var conditions = []string{"internal.member_2", "internal.member_3", "startswith", "endswith", "contains", "regex.match", "strings.any_prefix_match"}

// sites lists, in a stable order, what can be changed in a module: each rule,
// its heads and its bodies, comprehensions and alternatives too.
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

// exprSites: a condition that is removed, turned round, or asked otherwise.
// What declares or assigns is no condition.
func exprSites(e *ast.Expr, add adder) {
	if e.Generated || e.IsAssignment() || isDecl(e) || isTrue(e) {
		return
	}
	if e.Negated {
		add(e.Location, func() { e.Negated = false }, "the `not` is taken away")
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

// termSites: an operator within a value, and truth values.
func termSites(t *ast.Term, add adder) {
	switch v := t.Value.(type) {
	case ast.Call:
		name := v[0].String()
		for _, other := range opposites[name] {
			add(t.Location, func() { v[0] = operator(other, v[0]) }, "%s becomes %s", name, other)
		}
	case ast.Boolean:
		// `true` without a place is what the parser makes of a missing value.
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
