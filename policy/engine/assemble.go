package engine

import (
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/policy/folder"
)

// Assemble returns the set of the built-in rules that packs name. The packs can come
// from a guest.
func (l *Library) Assemble(name string, packs []*folder.Pack) (*Set, error) {
	if l.built != nil {
		if s := l.assembleReady(name, packs); s != nil {
			return s, nil
		}
	}
	return assemble(name, packs, l.Tables(), l, nil)
}

// Rules returns the rules of the set by id.
func (s *Set) Rules() []RuleInfo {
	out := make([]RuleInfo, 0, len(s.rules))
	for _, r := range s.rules {
		out = append(out, r.RuleInfo)
	}
	return out
}

// Files returns all files that the digest covers, by their paths in the digest.
func (s *Set) Files() []folder.File { return s.files }

// assemble parses the rules that packs name, and every module that they refer to.
// own is the library of a folder, or nil.
func assemble(name string, packs []*folder.Pack, data map[string]any, l, own *Library) (*Set, error) {
	s := &Set{name: name, modules: map[string]*ast.Module{}, data: data}
	var errs []error
	var found []folder.File
	seen := map[string]bool{}
	for _, p := range packs {
		s.addPack(p)
		for _, id := range p.Rules {
			if seen[id] {
				continue
			}
			seen[id] = true
			f, from := find(id, l, own)
			if from == nil {
				errs = append(errs, system.BadInput("%s: pack %q names rule %q, which does not exist", p.From.Name, p.Name, id).
					Suggest("see the existing rules: seaworthy rules list"))
				continue
			}
			from.need(f)
			found = append(found, f)
		}
	}
	var err error
	s.rules, err = atOnce(found, parseRule)
	if err := errors.Join(append(errs, err)...); err != nil {
		return nil, err
	}
	if len(s.rules) == 0 {
		return nil, system.BadInput("policy %q has no rules", name).Suggest("add a rule: a policy without rules would pass every system")
	}
	slices.SortFunc(s.rules, func(a, b *rule) int { return strings.Compare(a.ID, b.ID) })
	slices.Sort(s.active)
	if err := s.close(l, own); err != nil {
		return nil, err
	}
	for _, lib := range []*Library{l, own} {
		if lib != nil {
			s.addFiles(lib, lib.Tree.Data)
		}
	}
	return s, nil
}

func (s *Set) addPack(p *folder.Pack) {
	if p.Builtin {
		s.active = append(s.active, p.Name)
	}
	if p.From.Path == "" {
		return
	}
	key := folder.DigestPath(p.From.Path, p.Builtin)
	if !slices.ContainsFunc(s.files, func(f folder.File) bool { return f.Path == key }) {
		s.files = append(s.files, folder.File{Path: key, Content: p.From.Content})
	}
}

func (s *Set) addFiles(lib *Library, files []folder.File) {
	for _, f := range files {
		s.files = append(s.files, folder.File{Path: folder.DigestPath(f.Path, lib.builtin), Content: f.Content})
	}
}

// find looks for a rule. The library is nil if none of them has the rule.
func find(id string, libs ...*Library) (folder.File, *Library) {
	for _, lib := range libs {
		if lib != nil {
			if files := lib.byPkg[pkgOf(id)]; len(files) == 1 {
				return files[0], lib
			}
		}
	}
	return folder.File{}, nil
}

// atOnce parses files on all processors. The results are in the order of the files.
func atOnce[T any](files []folder.File, parse func(folder.File) (T, error)) ([]T, error) {
	out, errs := make([]T, len(files)), make([]error, len(files))
	var all sync.WaitGroup
	for i, f := range files {
		all.Go(func() { out[i], errs[i] = parse(f) })
	}
	all.Wait()
	return out, errors.Join(errs...)
}

// close adds the modules that the rules refer to, and those that these refer
// to, and so on.
func (s *Set) close(libs ...*Library) error {
	var queue []*ast.Module
	parsed := map[string]bool{}
	for _, r := range s.rules {
		s.modules[r.from.Name] = r.module
		parsed[r.from.Name] = true
		queue = append(queue, r.module)
		s.files = append(s.files, folder.File{Path: folder.DigestPath(r.from.Path, isBuiltin(r.from, libs)), Content: r.from.Content})
	}
	for len(queue) > 0 {
		var found []folder.File
		for _, ref := range dataRefs(queue...) {
			for _, lib := range libs {
				for _, f := range lib.defining(ref) {
					if parsed[f.Name] {
						continue
					}
					parsed[f.Name] = true
					found = append(found, f)
					lib.need(f)
					s.files = append(s.files, folder.File{Path: folder.DigestPath(f.Path, lib.builtin), Content: f.Content})
				}
			}
		}
		var err error
		if queue, err = atOnce(found, parse); err != nil {
			return err
		}
		for i, m := range queue {
			s.modules[found[i].Name] = m
		}
	}
	return nil
}

// defining returns the files whose packages a reference can reach or pass through.
func (l *Library) defining(ref string) []folder.File {
	if l == nil {
		return nil
	}
	var out []folder.File
	for _, pkg := range l.pkgs {
		if related(pkg, ref) {
			out = append(out, l.byPkg[pkg]...)
		}
	}
	return out
}

// isBuiltin reports whether f is a file of the built-in library.
func isBuiltin(f folder.File, libs []*Library) bool {
	for _, lib := range libs {
		if lib != nil && lib.builtin {
			return slices.ContainsFunc(lib.Modules, func(g folder.File) bool { return g.Name == f.Name && g.Path == f.Path })
		}
	}
	return false
}

// dataRefs returns the paths below data that modules name, up to the first part that
// is not a plain text: data.a.b[x] gives "a.b".
func dataRefs(modules ...*ast.Module) []string {
	seen := map[string]bool{}
	add := func(ref ast.Ref) bool {
		if len(ref) > 1 && ref[0].Equal(ast.DefaultRootDocument) {
			seen[strings.Join(ground(ref), ".")] = true
		}
		return false
	}
	for _, m := range modules {
		ast.WalkRefs(m, add)
	}
	out := make([]string, 0, len(seen))
	for ref := range seen {
		out = append(out, ref)
	}
	slices.Sort(out)
	return out
}

// ground returns the leading plain texts of a reference, without its head.
func ground(ref ast.Ref) []string {
	var path []string
	for _, t := range ref[1:] {
		s, ok := t.Value.(ast.String)
		if !ok {
			break
		}
		path = append(path, string(s))
	}
	return path
}

// related reports whether one of two dotted paths is a prefix of the other.
func related(a, b string) bool { return b == "" || leads(a, b) || leads(b, a) }

// leads reports whether path is a prefix of to, or equal.
func leads(path, to string) bool {
	rest, ok := strings.CutPrefix(to, path)
	return ok && (rest == "" || rest[0] == '.')
}

// Digest covers every file that decides: modules, data and packs, no tests.
func (s *Set) Digest() string { return folder.Digest(s.files) }

// Describe returns the rule in the form of a decision.
func (r *RuleInfo) Describe() decision.Rule {
	return decision.Rule{
		ID: r.ID, Title: r.Title, Description: r.Description, Severity: r.Severity,
		Remediation: r.Remediation, Controls: r.Controls,
	}
}
