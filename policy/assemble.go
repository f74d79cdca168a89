package policy

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// assemble parses the rules that packs name, and every module that they refer
// to, and no other. own is a folder's library or nil.
func assemble(name string, packs []*pack, data map[string]any, l, own *library) (*set, error) {
	s := &set{name: name, modules: map[string]*ast.Module{}, data: data}
	var errs []error
	var found []file
	seen := map[string]bool{}
	for _, p := range packs {
		s.addPack(p)
		for _, id := range p.rules {
			if seen[id] {
				continue
			}
			seen[id] = true
			f, from := find(id, l, own)
			if from == nil {
				errs = append(errs, system.BadInput("%s: pack %q names rule %q, which is not there", p.from.name, p.name, id).
					Suggest("rules list shows those that are"))
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
		return nil, system.BadInput("policy %q holds no rule", name).Suggest("a policy without rules would pass everything")
	}
	slices.SortFunc(s.rules, func(a, b *rule) int { return strings.Compare(a.ID, b.ID) })
	slices.Sort(s.active)
	if err := s.close(l, own); err != nil {
		return nil, err
	}
	for _, lib := range []*library{l, own} {
		if lib != nil {
			s.addFiles(lib, lib.tree.data)
		}
	}
	return s, nil
}

func (s *set) addPack(p *pack) {
	if p.builtin {
		s.active = append(s.active, p.name)
	}
	if p.from.path == "" {
		return
	}
	key := digestPath(p.from.path, p.builtin)
	if !slices.ContainsFunc(s.files, func(f file) bool { return f.path == key }) {
		s.files = append(s.files, file{path: key, content: p.from.content})
	}
}

func (s *set) addFiles(lib *library, files []file) {
	for _, f := range files {
		s.files = append(s.files, file{path: digestPath(f.path, lib.builtin), content: f.content})
	}
}

// digestPath keeps built-in files and those of a folder apart.
func digestPath(p string, builtin bool) string {
	if builtin {
		return "builtin/" + p
	}
	return "own/" + p
}

// find looks for a rule; the library is nil where it is in none.
func find(id string, libs ...*library) (file, *library) {
	for _, lib := range libs {
		if lib != nil {
			if files := lib.byPkg[pkgOf(id)]; len(files) == 1 {
				return files[0], lib
			}
		}
	}
	return file{}, nil
}

// atOnce parses files on all processors, and gives what they hold in their order.
func atOnce[T any](files []file, parse func(file) (T, error)) ([]T, error) {
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
func (s *set) close(libs ...*library) error {
	var queue []*ast.Module
	parsed := map[string]bool{}
	for _, r := range s.rules {
		s.modules[r.from.name] = r.module
		parsed[r.from.name] = true
		queue = append(queue, r.module)
		s.files = append(s.files, file{path: digestPath(r.from.path, r.from.builtin(libs)), content: r.from.content})
	}
	for len(queue) > 0 {
		var found []file
		for _, ref := range dataRefs(queue...) {
			for _, lib := range libs {
				for _, f := range lib.defining(ref) {
					if parsed[f.name] {
						continue
					}
					parsed[f.name] = true
					found = append(found, f)
					lib.need(f)
					s.files = append(s.files, file{path: digestPath(f.path, lib.builtin), content: f.content})
				}
			}
		}
		var err error
		if queue, err = atOnce(found, parse); err != nil {
			return err
		}
		for i, m := range queue {
			s.modules[found[i].name] = m
		}
	}
	return nil
}

// defining are the files whose packages a reference may lead to, or through.
func (l *library) defining(ref string) []file {
	if l == nil {
		return nil
	}
	var out []file
	for _, pkg := range l.pkgs {
		if related(pkg, ref) {
			out = append(out, l.byPkg[pkg]...)
		}
	}
	return out
}

// builtin tells whether f is one of the built-in library's files.
func (f file) builtin(libs []*library) bool {
	for _, lib := range libs {
		if lib != nil && lib.builtin {
			return slices.ContainsFunc(lib.modules, func(g file) bool { return g.name == f.name && g.path == f.path })
		}
	}
	return false
}

// dataRefs are the paths below data that modules name, up to the first part
// that is not a plain text: data.a.b[x] gives "a.b".
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

// ground is the leading run of plain texts in a reference, without its head.
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

// related: one of the two dotted paths holds the other.
func related(a, b string) bool { return b == "" || leads(a, b) || leads(b, a) }

// leads: path, or the whole of to.
func leads(path, to string) bool {
	rest, ok := strings.CutPrefix(to, path)
	return ok && (rest == "" || rest[0] == '.')
}

// digest is sha256:HEX over the path and the content of every file that
// decides: modules, data and packs, no tests, in path order, lengths first.
func (s *set) digest() string { return digestFiles(s.files) }

func digestFiles(files []file) string {
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.path, b.path) })
	files = slices.CompactFunc(files, func(a, b file) bool { return a.path == b.path })
	h := sha256.New()
	for _, f := range files {
		fmt.Fprintf(h, "%d %s %d\n", len(f.path), f.path, len(f.content))
		h.Write(f.content)
	}
	return digests.Sum(h)
}

// describe gives a rule as a decision carries it.
func (r *RuleInfo) describe() decision.Rule {
	return decision.Rule{
		ID: r.ID, Title: r.Title, Description: r.Description, Severity: r.Severity,
		Remediation: r.Remediation, Controls: r.Controls,
	}
}
