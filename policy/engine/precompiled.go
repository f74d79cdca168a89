package engine

import (
	"context"
	"crypto/sha256"
	"embed"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/version"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/compiled"
	"github.com/seaworthy-os/seaworthy/policy/folder"
	"github.com/seaworthy-os/seaworthy/policy/sandbox"
)

// `make build` compiles the built-in rules once and links the result into the program:
// to parse and compile them took most of the time of a small command. If the result is
// missing or out of date, the program compiles the rules itself.

//go:embed precompiled
var precompiled embed.FS

// precompiledFile is the result, in the folder of this package.
const precompiledFile = "precompiled/rules.bin"

// built is what a build has compiled of the built-in rules.
type built struct {
	modules map[string]*ready // by file
	tables  map[string]*value // the data, by top-level key
	// constants are values that do not depend on a system or a decision, by the last
	// part of their name.
	constants map[string][]*value
}

// ready is a built-in module that a build has compiled.
type ready struct {
	// refs are the paths below data that it names, as dataRefs gives them.
	refs []string
	// rule is nil for a library.
	rule   *readyRule
	module []byte // as compiled.Encode gives it
}

// readyRule is what parseRule reads from the text of a rule.
type readyRule struct {
	RuleInfo
	Defines []string
}

// parts are everything that a build stores of a rule. Its source is in the file.
func (r *readyRule) parts() (texts []*string, lists []*[]string) {
	return []*string{&r.ID, &r.Title, &r.Description, (*string)(&r.Severity), &r.Pack, &r.Remediation, &r.Since, &r.File},
		[]*[]string{&r.Controls, &r.Inputs, &r.Packs, &r.Params, &r.Defines}
}

// Precompile writes the compiled built-in rules, their data, and the constants that
// follow from these. Equal rules give equal bytes.
func Precompile(w io.Writer) error {
	l, err := Builtin()
	if err != nil {
		return err
	}
	all, c, err := l.compileAll()
	if err != nil {
		return err
	}
	known, err := l.constants(c)
	if err != nil {
		return err
	}
	var p packer
	p.put(l.fingerprint())
	p.count(len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		r := all[name]
		p.text(name)
		p.text(strings.Join(r.refs, "\n"))
		p.rule(r.rule)
		p.put(r.module)
	}
	data := l.tables().Data
	p.count(len(data))
	for _, key := range slices.Sorted(maps.Keys(data)) {
		v, err := ast.InterfaceToValue(data[key])
		if err != nil {
			return err
		}
		p.value(key, ast.NewTerm(v))
	}
	p.count(len(known))
	for _, k := range known {
		p.value(strings.Join(ground(k.ref), "\n"), k.value)
	}
	if p.err == nil {
		_, p.err = w.Write(p.out)
	}
	return p.err
}

// constants leaves out constants that are only a second name of a table.
func (l *Library) constants(c *ast.Compiler) ([]constant, error) {
	data := l.tables().Data
	known, err := constants(context.Background(), c, newStore(data), topdown.NewVirtualCache(), inputFreeRefs(c, true))
	if err != nil {
		return nil, err
	}
	tables := ast.NewSet()
	for _, v := range data {
		value, err := ast.InterfaceToValue(v)
		if err != nil {
			return nil, err
		}
		tables.Add(ast.NewTerm(value))
	}
	return slices.DeleteFunc(known, func(k constant) bool { return tables.Contains(k.value) }), nil
}

// fingerprint covers everything that the compiled rules depend on.
func (l *Library) fingerprint() []byte {
	h := sha256.New()
	fmt.Fprintf(h, "2 %s %q %q\n", version.Version, sandbox.Builtins(), ending)
	for _, f := range slices.Concat(l.Modules, l.Tree.Data) {
		fmt.Fprintf(h, "%q %q %d\n", f.Path, f.Name, len(f.Content))
		h.Write(f.Content)
	}
	return h.Sum(nil)
}

// compileAll compiles all modules of a library together. The result for a module does
// not depend on the other modules, so each can be used alone.
func (l *Library) compileAll() (map[string]*ready, *ast.Compiler, error) {
	out := map[string]*ready{}
	modules := map[string]*ast.Module{}
	for pkg, files := range l.byPkg {
		for _, f := range files {
			m, err := parse(f)
			if err != nil {
				return nil, nil, err
			}
			modules[f.Name] = m
			r := &ready{refs: dataRefs(m)}
			if strings.HasPrefix(pkg, rulesPackage) {
				rule, err := parseRule(f)
				if err != nil {
					return nil, nil, err
				}
				r.rule = &readyRule{rule.RuleInfo, rule.defines}
			}
			out[f.Name] = r
		}
	}
	c := newCompiler()
	c.WithSkipStages(checks...)
	if c.Compile(modules); c.Failed() {
		return nil, nil, regoErrors(c.Errors)
	}
	for name, m := range c.Modules {
		var err error
		if out[name].module, err = compiled.Encode(m); err != nil {
			return nil, nil, system.Unusable("%s", name).Because(err)
		}
	}
	return out, c, nil
}

var errStale = errors.New("the compiled rules belong to other rules, or are damaged")

// readPrecompiled reads what Precompile has written for the same library.
func (l *Library) readPrecompiled(raw []byte) (*built, error) {
	u := unpacker{in: raw}
	if string(u.get()) != string(l.fingerprint()) {
		return nil, errStale
	}
	out := &built{map[string]*ready{}, map[string]*value{}, map[string][]*value{}}
	for range u.count() {
		name, refs := u.text(), u.text()
		r := &ready{rule: u.rule(), module: u.get()}
		if refs != "" {
			r.refs = strings.Split(refs, "\n")
		}
		out.modules[name] = r
	}
	for range u.count() {
		key := u.text()
		out.tables[key] = &value{raw: u.get()}
	}
	for range u.count() {
		ref := ast.Ref{ast.DefaultRootDocument}
		name := ""
		for name = range strings.SplitSeq(u.text(), "\n") {
			ref = append(ref, ast.StringTerm(name))
		}
		out.constants[name] = append(out.constants[name], &value{ref: ref, raw: u.get()})
	}
	if u.bad || len(u.in) > 0 {
		return nil, errStale
	}
	return out, nil
}

// usePrecompiled takes the compiled rules that are linked into the program, if they are
// up to date.
func (l *Library) usePrecompiled() {
	if raw, err := precompiled.ReadFile(precompiledFile); err == nil {
		l.built, _ = l.readPrecompiled(raw)
	}
}

// assembleReady is assemble for rules that a build has compiled. load reads their
// modules.
func (l *Library) assembleReady(name string, packs []*folder.Pack) *Set {
	s := &Set{name: name, modules: map[string]*ast.Module{}, ready: map[string]*ready{}, built: l.built}
	var refs []string
	add := func(f folder.File) {
		if s.ready[f.Name] == nil {
			s.ready[f.Name] = l.built.modules[f.Name]
			s.files = append(s.files, folder.File{Path: folder.DigestPath(f.Path, true), Content: f.Content})
			refs = append(refs, s.ready[f.Name].refs...)
		}
	}
	for _, p := range packs {
		s.addPack(p)
		for _, id := range p.Rules {
			f, from := find(id, l)
			if from == nil || l.built.modules[f.Name] == nil || l.built.modules[f.Name].rule == nil {
				return nil
			}
			if s.ready[f.Name] != nil {
				continue
			}
			add(f)
			known := l.built.modules[f.Name].rule
			r := &rule{RuleInfo: known.RuleInfo, pkg: strings.TrimPrefix(pkgOf(id), rulesPackage), from: f, defines: known.Defines}
			r.Source = string(f.Content)
			s.rules = append(s.rules, r)
		}
	}
	if len(s.rules) == 0 {
		return nil
	}
	slices.SortFunc(s.rules, func(a, b *rule) int { return strings.Compare(a.ID, b.ID) })
	slices.Sort(s.active)
	seen := map[string]bool{}
	for len(refs) > 0 {
		ref := refs[len(refs)-1]
		if refs = refs[:len(refs)-1]; seen[ref] {
			continue
		}
		seen[ref] = true
		for _, f := range l.defining(ref) {
			add(f)
		}
	}
	s.addFiles(l, l.Tree.Data)
	return s
}

// load reads the modules of a set that a build has compiled.
func (s *Set) load() error {
	var files []folder.File
	for name := range s.ready {
		if s.modules[name] == nil {
			files = append(files, folder.File{Name: name, Content: s.ready[name].module})
		}
	}
	modules, err := atOnce(files, func(f folder.File) (*ast.Module, error) { return compiled.Decode(f.Content) })
	if err != nil {
		return system.Unusable("the built-in rules cannot be read").Because(err).Report()
	}
	for i, f := range files {
		s.modules[f.Name] = modules[i]
	}
	for _, r := range s.rules {
		if r.module == nil {
			r.module = s.modules[r.from.Name]
		}
	}
	return nil
}

// compileReady is compile for modules that a build has compiled: only the indices are
// missing. The compiler would also copy the modules. That is not needed, because
// nothing changes them from here on.
func (s *Set) compileReady(own map[string]any) (*ast.Compiler, storage.Store, error) {
	if err := s.load(); err != nil {
		return nil, nil, err
	}
	c := ast.NewCompiler().WithCapabilities(sandbox.Capabilities()).WithSkipStages(allButIndices()...)
	c.ModuleTree = ast.NewModuleTree(s.modules)
	c.RuleTree = ast.NewRuleTree(c.ModuleTree)
	if c.Compile(nil); c.Failed() {
		return nil, nil, regoErrors(c.Errors)
	}
	c.Modules = s.modules
	return c, &tableStore{newStore(map[string]any{folder.Reserved: own}), s.built.tables}, nil
}

func allButIndices() []ast.StageID {
	return slices.DeleteFunc(ast.AllStages(), func(s ast.StageID) bool { return s == ast.StageBuildRuleIndices })
}
