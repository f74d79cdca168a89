package engine

import (
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/seaworthy-os/seaworthy/policy/folder"
)

// uses finds the parameters that rules read, directly or through helpers.
type uses struct {
	libs []*Library
	// refs are the references of each helper, by its dotted path.
	refs map[string][]string
}

func newUses(libs ...*Library) (*uses, error) {
	u := &uses{libs: libs, refs: map[string][]string{}}
	for _, l := range libs {
		for pkg, files := range l.byPkg {
			if strings.HasPrefix(pkg, rulesPackage) {
				continue
			}
			l.need(files...)
			for _, f := range files {
				m, err := parse(f)
				if err != nil {
					return nil, err
				}
				u.add(m)
			}
		}
	}
	return u, nil
}

// add records the references of each rule of a module, with imports resolved.
func (u *uses) add(m *ast.Module) {
	pkg := strings.Join(ground(m.Package.Path), ".")
	names := map[string]string{}
	for _, i := range m.Imports {
		if ref, ok := i.Path.Value.(ast.Ref); ok && ref[0].Equal(ast.DefaultRootDocument) {
			names[string(i.Name())] = strings.Join(ground(ref), ".")
		}
	}
	for _, r := range m.Rules {
		names[string(r.Head.Ref()[0].Value.(ast.Var))] = pkg + "." + string(r.Head.Ref()[0].Value.(ast.Var))
	}
	for _, r := range m.Rules {
		from := pkg + "." + string(r.Head.Ref()[0].Value.(ast.Var))
		note := func(head *ast.Term, rest []string) {
			if head.Equal(ast.DefaultRootDocument) {
				u.refs[from] = append(u.refs[from], strings.Join(rest, "."))
			} else if v, ok := head.Value.(ast.Var); ok && names[string(v)] != "" {
				u.refs[from] = append(u.refs[from], strings.Join(append([]string{names[string(v)]}, rest...), "."))
			}
		}
		ast.WalkRefs(r, func(ref ast.Ref) bool {
			note(ref[0], ground(ref))
			return false
		})
		ast.WalkVars(r, func(v ast.Var) bool {
			note(ast.NewTerm(v), nil)
			return false
		})
	}
}

// params returns the parameters that the module of a rule reads, sorted.
func (u *uses) params(m *ast.Module) []string {
	u.add(m)
	var queue, out []string
	for _, r := range m.Rules {
		queue = append(queue, strings.Join(ground(m.Package.Path), ".")+"."+string(r.Head.Ref()[0].Value.(ast.Var)))
	}
	seen := map[string]bool{}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		for _, ref := range u.refs[at] {
			if seen[ref] {
				continue
			}
			seen[ref] = true
			path := plain(strings.Split(ref, "."))
			if path[0] == folder.ParamsKey && len(path) > 1 && !slices.Contains(out, path[1]) {
				out = append(out, path[1])
			}
			for helper := range u.refs {
				if strings.HasPrefix(ref+".", helper+".") {
					queue = append(queue, helper)
				}
			}
		}
	}
	slices.Sort(out)
	return out
}

// RulesOf returns the rules of a set of this library by id, with their parameters.
func (l *Library) RulesOf(s *Set) ([]RuleInfo, error) {
	uses, err := newUses(l)
	if err != nil {
		return nil, err
	}
	out := s.Rules()
	for i, r := range s.rules {
		m, err := parse(r.from)
		if err != nil {
			return nil, err
		}
		out[i].Params = uses.params(m)
	}
	return out, nil
}

// Rules returns all rules of the library by id, with their parameters.
func (l *Library) Rules() ([]RuleInfo, error) {
	uses, err := newUses(l)
	if err != nil {
		return nil, err
	}
	var files []folder.File
	for _, id := range l.ruleIDs() {
		files = append(files, l.byPkg[pkgOf(id)]...)
	}
	rules, err := atOnce(files, parseRule)
	if err != nil {
		return nil, err
	}
	var out []RuleInfo
	for _, r := range rules {
		r.Params = uses.params(r.module)
		out = append(out, r.RuleInfo)
	}
	return out, nil
}
