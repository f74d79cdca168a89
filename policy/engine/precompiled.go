package engine

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
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

// linked returns the result that is linked into the program. It is nil if there is
// none: a file that the command precompile writes sets it. An embedded text is not
// copied, in contrast to a file of an embed.FS.
var linked func() string

// built is what a build has compiled of the built-in rules.
type built struct {
	modules map[string]*ready // by file
	links   *links
	packs   map[string]*folder.Pack
	digests map[string]string // of the packs, by name
	// data are the tables, and those constants that can be documents.
	data documents
	// constants are values that do not depend on a system or a decision, by the last
	// part of their name. Those that are documents are not among them.
	constants map[string][]*value
}

// ready is a built-in module that a build has compiled.
type ready struct {
	from folder.File
	pkg  string
	// leads are the modules of the packages that it names.
	leads []*ready
	// rule is nil for a library.
	rule   *readyRule
	module string // as compiled.Encode gives it
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
	known, err := constants(context.Background(), c, newStore(l.tables().Data), topdown.NewVirtualCache(), inputFreeRefs(c, true))
	if err != nil {
		return err
	}
	var p packer
	p.put(l.fingerprint())
	files := slices.Sorted(maps.Keys(all))
	p.modules(files, all)
	p.links(files, linksOf(c))
	if err := p.packs(l, all); err != nil {
		return err
	}
	tables := map[string]ast.Value{}
	for key, v := range l.tables().Data {
		if tables[key], err = ast.InterfaceToValue(v); err != nil {
			return err
		}
	}
	p.count(len(tables))
	for _, key := range slices.Sorted(maps.Keys(tables)) {
		p.value(key, ast.NewTerm(tables[key]))
	}
	p.constants(known, tables, c)
	if p.err == nil {
		_, p.err = w.Write(p.out)
	}
	return p.err
}

// fingerprint covers everything that the compiled rules depend on.
func (l *Library) fingerprint() []byte {
	h := sha256.New()
	fmt.Fprintf(h, "3 %s %q %q\n", version.Version, sandbox.Builtins(), ending)
	for _, f := range slices.Concat(l.Modules, l.Tree.Data, l.Tree.Packs) {
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
			r := &ready{from: f, pkg: pkg}
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
		raw, err := compiled.Encode(m)
		if err != nil {
			return nil, nil, system.Unusable("%s", name).Because(err)
		}
		out[name].module = string(raw)
	}
	for name, m := range modules {
		for _, ref := range dataRefs(m) {
			for _, f := range l.defining(ref) {
				if to := out[f.Name]; !slices.Contains(out[name].leads, to) {
					out[name].leads = append(out[name].leads, to)
				}
			}
		}
	}
	return out, c, nil
}

var errStale = errors.New("the compiled rules belong to other rules, or are damaged")

// readPrecompiled reads what Precompile has written for the same library.
func (l *Library) readPrecompiled(raw string) (*built, error) {
	u := unpacker{in: raw}
	if u.get() != string(l.fingerprint()) {
		return nil, errStale
	}
	out := &built{constants: map[string][]*value{}}
	out.modules = u.modules(l.Tree.Modules)
	out.links = u.links(l.Tree.Modules)
	out.packs, out.digests = u.packs(l.Tree.Packs)
	for range u.count() {
		key := u.get()
		out.data.add([]string{key}, compiled.NewValue(u.get()))
	}
	u.constants(out)
	if u.bad || u.in != "" {
		return nil, errStale
	}
	return out, nil
}

// usePrecompiled takes the compiled rules that are linked into the program, if they are
// up to date.
func (l *Library) usePrecompiled() {
	if linked != nil {
		l.built, _ = l.readPrecompiled(linked())
	}
}

// assembleReady is assemble for rules that a build has compiled. load reads their
// modules.
func (l *Library) assembleReady(name string, packs []*folder.Pack) *Set {
	s := &Set{name: name, modules: map[string]*ast.Module{}, ready: map[string]*ready{}, built: l.built}
	var leads []*ready
	add := func(m *ready) {
		s.ready[m.from.Name] = m
		s.files = append(s.files, folder.File{Path: folder.DigestPath(m.from.Path, true), Content: m.from.Content})
		leads = append(leads, m.leads...)
	}
	for _, p := range packs {
		s.addPack(p)
		for _, id := range p.Rules {
			f, _ := find(id, l)
			m := l.built.modules[f.Name]
			if m == nil || m.rule == nil {
				return nil
			}
			if s.ready[f.Name] != nil {
				continue
			}
			add(m)
			r := &rule{RuleInfo: m.rule.RuleInfo, pkg: strings.TrimPrefix(pkgOf(id), rulesPackage), from: f, defines: m.rule.Defines}
			r.Source = string(f.Content)
			s.rules = append(s.rules, r)
		}
	}
	if len(s.rules) == 0 {
		return nil
	}
	slices.SortFunc(s.rules, func(a, b *rule) int { return strings.Compare(a.ID, b.ID) })
	slices.Sort(s.active)
	for len(leads) > 0 {
		m := leads[len(leads)-1]
		if leads = leads[:len(leads)-1]; s.ready[m.from.Name] == nil {
			add(m)
		}
	}
	s.addFiles(l, l.Tree.Data)
	return s
}
