package engine

import (
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// links tell which rules of modules refer to which others. Rules have numbers, in
// the order of the files and of their text; what follows as `else` is a part of its
// rule.
type links struct {
	numbers map[string]span // by file
	reaches [][]int         // by number
	// documents are the rules whose values are documents of the build. They are not
	// evaluated.
	documents map[int]bool
}

// span are the numbers of the rules of one module.
type span struct{ first, count int }

// linksOf are the links of modules that are compiled.
func linksOf(c *ast.Compiler) *links {
	out := &links{numbers: map[string]span{}}
	number := map[*ast.Rule]int{}
	var all []*ast.Rule
	for _, name := range slices.Sorted(maps.Keys(c.Modules)) {
		rules := c.Modules[name].Rules
		out.numbers[name] = span{len(all), len(rules)}
		for _, r := range rules {
			for part := r; part != nil; part = part.Else {
				number[part] = len(all)
			}
			all = append(all, r)
		}
	}
	for _, r := range all {
		var to []int
		for part := r; part != nil; part = part.Else {
			for d := range c.Graph.Dependencies(part) {
				to = append(to, number[d.(*ast.Rule)])
			}
		}
		slices.Sort(to)
		out.reaches = append(out.reaches, slices.Compact(to))
	}
	return out
}

// reached tells by number whether some rules consist of a rule, or reach it.
func (k *links) reached(rules []*rule) []bool {
	out := make([]bool, len(k.reaches))
	var queue []int
	add := func(n int) {
		if !out[n] && !k.documents[n] {
			out[n] = true
			queue = append(queue, n)
		}
	}
	for _, r := range rules {
		own := k.numbers[r.from.Name]
		for n := range own.count {
			add(own.first + n)
		}
	}
	for len(queue) > 0 {
		n := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, next := range k.reaches[n] {
			add(next)
		}
	}
	return out
}
