package engine

import (
	"context"
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/folder"
	"github.com/seaworthy-os/seaworthy/policy/input"
	"github.com/seaworthy-os/seaworthy/policy/sandbox"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// Helper is a helper package that no rule needs: decisions do not read it. It can be
// asked any number of times.
type Helper struct {
	program *Program
	pkg     string
}

// Helper compiles a helper package. Rows of the packs count.
func (l *Library) Helper(pkg string, packs []string) (*Helper, error) {
	s, err := l.helperSet(pkg, packs)
	if err != nil {
		return nil, err
	}
	p, err := compile(s, "", nil, true)
	return &Helper{p, pkg}, err
}

// Ask evaluates some values of the package. It returns them by name, in their JSON form.
func (h *Helper) Ask(ctx context.Context, names []string, f *facts.Facts) (map[string]any, error) {
	path := ast.MustParseRef("data." + h.pkg)
	body := h.program.warm(h.program.set.rules)
	for _, name := range names {
		body.Append(ast.Equality.Expr(ast.VarTerm(name), ast.NewTerm(append(path.Copy(), ast.StringTerm(name)))))
	}
	value, err := input.Value(f)
	if err != nil {
		return nil, err
	}
	return sandbox.Within(ctx, func(ctx context.Context) (map[string]any, error) {
		result, errs := h.program.ask(ctx, body, value)
		if err := once(errs); err != nil {
			return nil, err
		}
		out := map[string]any{}
		for _, name := range names {
			if out[name], err = ast.JSONWithOpt(result[ast.Var(name)].Value, ast.JSONOpt{SortSets: true}); err != nil {
				return nil, system.Unusable("%s.%s", h.pkg, name).Because(err)
			}
		}
		return out, nil
	}, sandbox.WatchHeap(sandbox.BuiltinHeap))
}

// helperSet is the set of a helper package. Its modules count as rules, which have no id.
func (l *Library) helperSet(pkg string, packs []string) (*Set, error) {
	s := &Set{name: pkg, modules: map[string]*ast.Module{}, data: l.Tables(), active: packs}
	for _, f := range l.byPkg[pkg] {
		s.rules = append(s.rules, &rule{from: f})
	}
	if len(s.rules) == 0 {
		return nil, system.Unusable("no rules of package %s", pkg).Report()
	}
	if l.built != nil {
		s.built, s.ready = l.built, map[string]*ready{}
		s.addReady(l.byPkg[pkg])
		return s, nil
	}
	for _, r := range s.rules {
		m, err := parse(r.from)
		if err != nil {
			return nil, err
		}
		r.module = m
	}
	return s, s.close(l)
}

// addReady adds modules that a build has compiled, and all those that they need.
func (s *Set) addReady(files []folder.File) {
	var queue []*ready
	for _, f := range files {
		queue = append(queue, s.built.modules[f.Name])
	}
	for len(queue) > 0 {
		m := queue[len(queue)-1]
		if queue = queue[:len(queue)-1]; s.ready[m.from.Name] == nil {
			s.ready[m.from.Name] = m
			queue = append(queue, m.leads...)
		}
	}
}

// PackNames returns a built-in pack and those that it includes, sorted. It returns nil
// if there is no such pack.
func (l *Library) PackNames(name string) []string {
	if l.Packs[name] == nil {
		return nil
	}
	list, err := folder.Chain(l.Packs, name)
	if err != nil {
		return nil
	}
	names := map[string]bool{}
	for _, p := range list {
		names[p.Name] = true
	}
	return slices.Sorted(maps.Keys(names))
}
