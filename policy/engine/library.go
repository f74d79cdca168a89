// Package engine compiles and evaluates Rego rules.
//
// A Library is a rule folder with an index. Assemble takes the rules of packs from it,
// with all modules that these need, and makes a Set. A Set compiles to a Program,
// which evaluates facts and returns findings. `make build` compiles the built-in
// library ahead of time: see Precompile.
//
// A guest is a policy that is not built in. The engine implements sandbox.Engine for
// it with Perform, and touches nothing of a guest elsewhere.
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

// library is a rule folder with its index: which package is in which file.
// Nothing but package clauses has been parsed.
type Library struct {
	*folder.Tree
	builtin bool
	byPkg   map[string][]folder.File
	pkgs    []string // the keys of byPkg, sorted
	Packs   map[string]*folder.Pack
	tables  func() folder.Tables
	// credit is called with the sizes of built-in modules that a guest needs; nil
	// where no guest is evaluated.
	credit func(bytes int)
	// built is what a build keeps of it, nil where that is nothing.
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

// moduleBytes is the size of all modules.
func (l *Library) ModuleBytes() int {
	size := 0
	for _, f := range l.Modules {
		size += len(f.Content)
	}
	return size
}

// builtin is the library that is linked into the program.
var Builtin = sync.OnceValues(func() (*Library, error) {
	t, err := folder.Read(rules.FS(), "rules/", folder.BuiltinLimits)
	if err != nil {
		return nil, err
	}
	return New(t)
})

// newLibrary makes a library of a rule folder that counts as built in.
func New(t *folder.Tree) (*Library, error) { return index(t, true) }

func index(t *folder.Tree, builtin bool) (*Library, error) {
	l := &Library{Tree: t, builtin: builtin, byPkg: map[string][]folder.File{}}
	var errs []error
	for _, f := range t.Modules {
		pkg, err := packageOf(f)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if other := l.byPkg[pkg]; len(other) > 0 && strings.HasPrefix(pkg, rulesPackage) {
			errs = append(errs, system.BadInput("%s: rule %s is already in %s", f.Name, strings.TrimPrefix(pkg, rulesPackage), other[0].Name).
				Suggest("give it another id"))
			continue
		}
		l.byPkg[pkg] = append(l.byPkg[pkg], f)
	}
	l.pkgs = slices.Sorted(maps.Keys(l.byPkg))
	var err error
	if l.Packs, err = folder.ParsePacks(t.Packs, builtin); err != nil {
		errs = append(errs, err)
	}
	if builtin {
		l.usePrecompiled()
	}
	read := sync.OnceValues(func() (folder.Tables, error) { return folder.ReadTables(t.Data) })
	l.tables = func() folder.Tables { out, _ := read(); return out }
	if l.built == nil { // else the build has read it, and few commands do
		_, err := read()
		errs = append(errs, err)
	}
	return l, errors.Join(errs...)
}

// ruleIDs are the ids of all rules in the library, sorted.
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

// set is what one policy evaluates.
type Set struct {
	name  string
	rules []*rule // by id
	// modules are those of the rules, and all that they refer to.
	modules map[string]*ast.Module
	data    map[string]any
	// active are the names of the built-in packs in force; nil where there is
	// none, and then each row of a table counts.
	active []string
	files  []folder.File // all that the digest covers
	// ready are its modules where they are compiled already: see load. Its data
	// is that of the build.
	ready map[string]*ready
	built *built
}

// clashes refuses a folder that would change what is built in: a rule, a
// library package or a pack of the same name.
func (l *Library) clashes(own *Library) error {
	var errs []error
	for _, f := range own.Modules {
		pkg, err := packageOf(f)
		if err != nil {
			return err
		}
		if other := l.byPkg[pkg]; len(other) > 0 {
			errs = append(errs, system.BadInput("%s: package %s is built in (%s)", f.Name, pkg, other[0].Name).Suggest("give it another name"))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(own.Packs)) {
		if l.Packs[name] != nil {
			errs = append(errs, system.BadInput("%s: pack %q is built in", own.Packs[name].From.Name, name).Suggest("give it another name"))
		}
	}
	return errors.Join(errs...)
}

// has reports whether the library has a rule.
func (l *Library) Has(id string) bool {
	_, from := find(id, l)
	return from != nil
}

// data are the tables of the library. They are shared: do not change them.
func (l *Library) Tables() map[string]any { return l.tables().Data }
