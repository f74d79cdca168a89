// Package engine compiles and evaluates Rego rules.
//
// A Library is a rule folder with an index. Assemble takes the rules of packs from it,
// with all modules that these need, and makes a Set. A Set compiles to a Program,
// which evaluates facts and returns findings. `make build` compiles the built-in
// library ahead of time: see Precompile.
//
// A guest is a policy that is not built in. The engine implements sandbox.Engine for
// it with Perform. No other function reads what a guest contains.
package engine

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/folder"
	"github.com/seaworthy-os/seaworthy/rules"
)

// Library is a rule folder with an index of its packages. Only the package clauses of
// its modules have been parsed.
type Library struct {
	*folder.Tree
	builtin bool
	byPkg   map[string][]folder.File
	pkgs    []string // the keys of byPkg, sorted
	Packs   map[string]*folder.Pack
	tables  func() folder.Tables
	// credit is called with the sizes of built-in modules that a guest needs. It is
	// nil if no guest is evaluated.
	credit func(bytes int)
	// built is what a build has compiled of it, or nil.
	built *built
}

// credited is the same library, for a guest whose work is measured.
func (l *Library) credited(credit func(bytes int)) *Library {
	out := *l
	out.credit = credit
	return &out
}

// need notes that modules of this library are parsed and compiled for a guest.
func (l *Library) need(files ...folder.File) {
	if l.builtin && l.credit != nil {
		for _, f := range files {
			l.credit(len(f.Content))
		}
	}
}

// ModuleBytes is the size of all modules.
func (l *Library) ModuleBytes() int {
	size := 0
	for _, f := range l.Modules {
		size += len(f.Content)
	}
	return size
}

// Builtin is the library that is linked into the program. Its tests are half of the
// rules, and few commands run them: see ownTests.
var Builtin = sync.OnceValues(func() (*Library, error) {
	t, err := folder.Read(rules.FS(), "rules/", folder.BuiltinLimits.WithoutTests())
	if err != nil {
		return nil, err
	}
	return New(t)
})

// New makes a library of a rule folder. Its rules count as built in: they are trusted.
func New(t *folder.Tree) (*Library, error) { return index(t, true) }

// ownTests are the tests of the library.
func (l *Library) ownTests() ([]folder.File, error) {
	if shipped, err := Builtin(); err != nil || l.Tree != shipped.Tree {
		return l.Tests, err
	}
	t, err := folder.Read(rules.FS(), "rules/", folder.BuiltinLimits)
	if err != nil {
		return nil, err
	}
	return t.Tests, nil
}

func index(t *folder.Tree, builtin bool) (*Library, error) {
	l := &Library{Tree: t, builtin: builtin, byPkg: map[string][]folder.File{}}
	if builtin {
		l.usePrecompiled()
	}
	errs := []error{l.sortOut()}
	read := sync.OnceValues(func() (folder.Tables, error) { return folder.ReadTables(t.Data) })
	l.tables = func() folder.Tables { out, _ := read(); return out }
	if l.built == nil { // else the build has read it, and few commands do
		_, err := read()
		errs = append(errs, err)
	}
	return l, errors.Join(errs...)
}

// sortOut finds the packages and the packs of the files.
func (l *Library) sortOut() error {
	if l.built != nil { // the build has found them
		for _, m := range l.built.modules {
			l.byPkg[m.pkg] = append(l.byPkg[m.pkg], m.from)
		}
		for _, files := range l.byPkg {
			slices.SortFunc(files, func(a, b folder.File) int { return strings.Compare(a.Path, b.Path) })
		}
		l.pkgs, l.Packs = slices.Sorted(maps.Keys(l.byPkg)), l.built.packs
		return nil
	}
	var errs []error
	for _, f := range l.Modules {
		pkg, err := packageOf(f)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if other := l.byPkg[pkg]; len(other) > 0 && strings.HasPrefix(pkg, rulesPackage) {
			errs = append(errs, system.BadInput("%s: duplicate rule %s, also in %s", f.Name, strings.TrimPrefix(pkg, rulesPackage), other[0].Name).
				Suggest("use another id"))
			continue
		}
		l.byPkg[pkg] = append(l.byPkg[pkg], f)
	}
	l.pkgs = slices.Sorted(maps.Keys(l.byPkg))
	var err error
	if l.Packs, err = folder.ParsePacks(l.Tree.Packs, l.builtin); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// ruleIDs returns the ids of all rules in the library, sorted.
func (l *Library) ruleIDs() []string {
	var out []string
	for pkg := range l.byPkg {
		if name, ok := strings.CutPrefix(pkg, rulesPackage); ok {
			out = append(out, strings.ReplaceAll(name, "_", "-"))
		}
	}
	slices.Sort(out)
	return out
}

func pkgOf(id string) string { return rulesPackage + strings.ReplaceAll(id, "-", "_") }

// Set is the rules of a policy, with everything that they need.
type Set struct {
	name  string
	rules []*rule // by id
	// modules are the modules of the rules, and all modules that these refer to.
	modules map[string]*ast.Module
	data    map[string]any
	// active are the names of the built-in packs in force. If it is nil, every row of a
	// table counts.
	active []string
	files  []folder.File // all that the digest covers
	// ready are its modules if a build has compiled them: see load. Then its data is
	// that of the build.
	ready map[string]*ready
	built *built
	// wanted tells, by their numbers, which rules of the ready modules are read.
	wanted []bool
}

// copied is the number of clashes above which a folder is a copy of the built-in rules.
// Then one error says more than one for each file.
const copied = 10

// clashes refuses a folder that has a rule, a library package or a pack with the name
// of a built-in one.
func (l *Library) clashes(own *Library) error {
	var errs []error
	for _, f := range own.Modules {
		pkg, err := packageOf(f)
		if err != nil {
			return err
		}
		if other := l.byPkg[pkg]; len(other) > 0 {
			errs = append(errs, system.BadInput("%s: package %s is built in (%s)", f.Name, pkg, other[0].Name).Suggest("give your package another name"))
		}
	}
	if len(errs) > copied {
		return system.BadInput("the folder has %d packages of the built-in rules", len(errs)).
			Suggest("leave only your own rules in it; to test the built-in rules, run seaworthy rules test without a folder")
	}
	for _, name := range slices.Sorted(maps.Keys(own.Packs)) {
		if l.Packs[name] != nil {
			errs = append(errs, system.BadInput("%s: pack %q is built in", own.Packs[name].From.Name, name).Suggest("give your pack another name"))
		}
	}
	return errors.Join(errs...)
}

// Has reports whether the library has a rule.
func (l *Library) Has(id string) bool {
	_, from := find(id, l)
	return from != nil
}

// Tables returns the data tables of the library. They are shared: do not change them.
func (l *Library) Tables() map[string]any { return l.tables().Data }

// PackDigest is the digest of the set of a built-in pack.
func (l *Library) PackDigest(name string, s *Set) string {
	if l.built != nil && l.built.digests[name] != "" {
		return l.built.digests[name] // the build has computed it
	}
	return s.Digest()
}
