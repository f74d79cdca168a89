package policy

import (
	"crypto/sha256"
	"embed"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/version"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/compiled"
)

// `make build` compiles the built-in rules once and links the result into the
// program: to parse and compile them took most of the time of a small command.
// Where the result is missing, or is of other rules, they are compiled as any.

//go:embed precompiled
var precompiled embed.FS

// precompiledFile is the result, in the folder policy.
const precompiledFile = "precompiled/rules.bin"

// ready is a built-in module that is compiled already.
type ready struct {
	// refs are the paths below data that it names, as dataRefs gives them.
	refs []string
	// rule is nil for a library.
	rule   *readyRule
	module []byte // as compiled.Encode gives it
}

// readyRule is what a rule's text says.
type readyRule struct {
	RuleInfo
	Defines []string
}

// Precompile writes what the built-in rules compile to. Equal rules give equal
// bytes.
func Precompile(w io.Writer) error {
	l, err := builtin()
	if err != nil {
		return err
	}
	all, err := l.compileAll()
	if err != nil {
		return err
	}
	var out []byte
	put := func(b []byte) {
		out = binary.AppendUvarint(out, uint64(len(b)))
		out = append(out, b...)
	}
	put(l.fingerprint())
	for _, name := range slices.Sorted(maps.Keys(all)) {
		r := all[name]
		var rule []byte
		if r.rule != nil {
			if rule, err = json.Marshal(r.rule); err != nil {
				return err
			}
		}
		put([]byte(name))
		put([]byte(strings.Join(r.refs, "\n")))
		put(rule)
		put(r.module)
	}
	_, err = w.Write(out)
	return err
}

// fingerprint is of all that decides what the rules compile to.
func (l *library) fingerprint() []byte {
	h := sha256.New()
	fmt.Fprintf(h, "1 %s %q\n", version.Version, allowed)
	for _, f := range l.modules {
		fmt.Fprintf(h, "%q %q %d\n", f.path, f.name, len(f.content))
		h.Write(f.content)
	}
	return h.Sum(nil)
}

// compileAll compiles all modules of a library together. What a module becomes
// does not depend on which others are asked for, so any of them can be used.
func (l *library) compileAll() (map[string]*ready, error) {
	out := map[string]*ready{}
	modules := map[string]*ast.Module{}
	for pkg, files := range l.byPkg {
		for _, f := range files {
			m, err := parse(f)
			if err != nil {
				return nil, err
			}
			modules[f.name] = m
			r := &ready{refs: dataRefs(m)}
			if strings.HasPrefix(pkg, rulesPackage) {
				rule, err := parseRule(f)
				if err != nil {
					return nil, err
				}
				r.rule = &readyRule{rule.RuleInfo, rule.defines}
				r.rule.Source = "" // it is the file
			}
			out[f.name] = r
		}
	}
	c := newCompiler()
	c.WithSkipStages(checks...)
	if c.Compile(modules); c.Failed() {
		return nil, regoErrors(c.Errors)
	}
	for name, m := range c.Modules {
		var err error
		if out[name].module, err = compiled.Encode(m); err != nil {
			return nil, system.Unusable("%s", name).Because(err)
		}
	}
	return out, nil
}

var errStale = errors.New("compiled rules are of others, or damaged")

// readPrecompiled reads what Precompile has written for the same library.
func (l *library) readPrecompiled(raw []byte) (map[string]*ready, error) {
	ok := true
	get := func() []byte {
		n, size := binary.Uvarint(raw)
		if ok = ok && size > 0 && n <= uint64(len(raw)-size); !ok {
			return nil
		}
		b := raw[size : size+int(n)]
		raw = raw[size+int(n):]
		return b
	}
	if string(get()) != string(l.fingerprint()) {
		return nil, errStale
	}
	out := map[string]*ready{}
	for ok && len(raw) > 0 {
		name, refs, rule, module := string(get()), get(), get(), get()
		r := &ready{module: module}
		if len(refs) > 0 {
			r.refs = strings.Split(string(refs), "\n")
		}
		if len(rule) > 0 {
			r.rule = &readyRule{}
			ok = ok && json.Unmarshal(rule, r.rule) == nil
		}
		out[name] = r
	}
	if !ok {
		return nil, errStale
	}
	return out, nil
}

// usePrecompiled has the built-in library use what is linked into the program,
// where that is of these rules.
func (l *library) usePrecompiled() {
	if raw, err := precompiled.ReadFile(precompiledFile); err == nil {
		l.ready, _ = l.readPrecompiled(raw)
	}
}

// assembleReady is assemble for built-in rules that are compiled already; their
// modules are read by load.
func (l *library) assembleReady(name string, packs []*pack) *set {
	s := &set{name: name, modules: map[string]*ast.Module{}, data: l.data, ready: map[string]*ready{}}
	var refs []string
	add := func(f file) {
		if s.ready[f.name] == nil {
			s.ready[f.name] = l.ready[f.name]
			s.files = append(s.files, file{path: digestPath(f.path, true), content: f.content})
			refs = append(refs, s.ready[f.name].refs...)
		}
	}
	for _, p := range packs {
		s.addPack(p)
		for _, id := range p.rules {
			f, from := find(id, l)
			if from == nil || l.ready[f.name] == nil || l.ready[f.name].rule == nil {
				return nil
			}
			if s.ready[f.name] != nil {
				continue
			}
			add(f)
			known := l.ready[f.name].rule
			r := &rule{RuleInfo: known.RuleInfo, pkg: strings.TrimPrefix(pkgOf(id), rulesPackage), from: f, defines: known.Defines}
			r.Source = string(f.content)
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
	s.addFiles(l, l.tree.data)
	return s
}

// load reads the modules of a set that are compiled already.
func (s *set) load() error {
	var files []file
	for name := range s.ready {
		if s.modules[name] == nil {
			files = append(files, file{name: name, content: s.ready[name].module})
		}
	}
	modules, err := atOnce(files, func(f file) (*ast.Module, error) { return compiled.Decode(f.content) })
	if err != nil {
		return system.Unusable("built-in rules").Because(err).Suggest("please report this")
	}
	for i, f := range files {
		s.modules[f.name] = modules[i]
	}
	for _, r := range s.rules {
		if r.module == nil {
			r.module = s.modules[r.from.name]
		}
	}
	return nil
}

// written are the stages of the compiler that are left for modules that it has
// rewritten before: all others would do nothing.
var written = []ast.StageID{ast.StageSetModuleTree, ast.StageSetRuleTree, ast.StageSetGraph, ast.StageBuildRuleIndices}

// rewriting are all the others.
func rewriting() []ast.StageID {
	return slices.DeleteFunc(ast.AllStages(), func(s ast.StageID) bool { return slices.Contains(written, s) })
}
