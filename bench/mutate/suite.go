package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// suite holds the rules with their tests.
type suite struct {
	modules map[string]*module
	byPkg   map[string][]string // files
	store   storage.Store
	tests   []*test
	index   func() (map[string]map[int][]*test, error)
	// most is the limit of steps of a test.
	most int
}

type module struct {
	file   string
	source []byte
	parsed *ast.Module
	pkg    string
	needs  []string // packages
}

// test is one rule test_NAME.
type test struct {
	name string // pkg.test_NAME
	file string
	// lines is the number of lines that the test reaches. A test that reaches few
	// lines is specific to them.
	lines int
}

func isTest(file string) bool { return strings.HasSuffix(file, "_test.rego") }

// load reads lib, kernel and os with their tests, and the data.
func load(dir fs.FS) (*suite, error) {
	s := &suite{modules: map[string]*module{}, byPkg: map[string][]string{}, most: maxSteps}
	for _, folder := range []string{"lib", "kernel", "os"} {
		files, err := fs.Glob(dir, folder+"/*.rego")
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			source, err := fs.ReadFile(dir, file)
			if err != nil {
				return nil, err
			}
			parsed, err := parse(file, source)
			if err != nil {
				return nil, err
			}
			m := &module{file: file, source: source, parsed: parsed, pkg: parsed.Package.Path.String()}
			s.modules[file] = m
			s.byPkg[m.pkg] = append(s.byPkg[m.pkg], file)
		}
	}
	if len(s.modules) == 0 {
		return nil, errors.New("no rules here: run this from the root of the repository")
	}
	for _, m := range s.modules {
		m.needs = s.needed(m)
	}
	s.findTests()
	var err error
	s.store, err = tables(dir)
	s.index = sync.OnceValues(s.reach)
	return s, err
}

func parse(file string, source []byte) (*ast.Module, error) {
	return ast.ParseModuleWithOpts(file, string(source), ast.ParserOptions{RegoVersion: ast.RegoV1})
}

// needed returns the packages that a module refers to.
func (s *suite) needed(m *module) []string {
	found := map[string]bool{}
	note := func(ref string) {
		for pkg := range s.byPkg {
			if ref == pkg || strings.HasPrefix(ref, pkg+".") || strings.HasPrefix(ref, pkg+"[") {
				found[pkg] = true
			}
		}
	}
	for _, i := range m.parsed.Imports {
		note(i.Path.String())
	}
	ast.WalkRefs(m.parsed, func(r ast.Ref) bool {
		note(r.String())
		return false
	})
	return slices.Sorted(maps.Keys(found))
}

func (s *suite) findTests() {
	for _, file := range slices.Sorted(maps.Keys(s.modules)) {
		m := s.modules[file]
		if !isTest(file) {
			continue
		}
		for _, r := range m.parsed.Rules {
			if name := r.Head.Name.String(); strings.HasPrefix(name, "test_") {
				t := &test{name: m.pkg + "." + name, file: file}
				if !slices.ContainsFunc(s.tests, func(o *test) bool { return o.name == t.name }) {
					s.tests = append(s.tests, t)
				}
			}
		}
	}
}

// tables returns what opa loads from data and packs.
func tables(dir fs.FS) (storage.Store, error) {
	all := map[string]any{}
	files, err := fs.Glob(dir, "data/*.json")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		raw, err := fs.ReadFile(dir, file)
		if err != nil {
			return nil, err
		}
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		if err := d.Decode(&all); err != nil {
			return nil, fmt.Errorf("%s: %w", path.Base(file), err)
		}
	}
	return inmem.NewFromObjectWithOpts(all, inmem.OptRoundTripOnWrite(false), inmem.OptReturnASTValuesOnRead(true)), nil
}

// compile compiles what these tests need. If instead is not nil, it replaces the
// module of that name.
func (s *suite) compile(tests []*test, name string, instead *ast.Module) (*ast.Compiler, error) {
	files := map[string]*ast.Module{}
	var include func(file string)
	include = func(file string) {
		if files[file] != nil {
			return
		}
		files[file] = s.modules[file].parsed
		for _, pkg := range s.modules[file].needs {
			for _, f := range s.byPkg[pkg] {
				include(f)
			}
		}
		for _, f := range s.byPkg[s.modules[file].pkg] {
			include(f)
		}
	}
	for _, t := range tests {
		include(t.file)
	}
	if instead != nil {
		files[name] = instead
	}
	c := ast.NewCompiler()
	if c.Compile(files); c.Failed() {
		return nil, c.Errors
	}
	return c, nil
}

// maxSteps limits one test, because a change can make a rule run endlessly. Steps of
// the evaluator are the same on every machine. The longest test takes 750,000 steps.
const maxSteps = 20_000_000

// passes runs one test. An error in it counts as a failure.
func (s *suite) passes(ctx context.Context, c *ast.Compiler, t *test, tracers ...topdown.QueryTracer) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	prepared, err := rego.New(rego.Query(t.name), rego.Compiler(c), rego.Store(s.store), rego.StrictBuiltinErrors(true)).PrepareForEval(ctx)
	if err != nil {
		return false
	}
	left := &steps{n: s.most, stop: cancel}
	options := []rego.EvalOption{rego.EvalQueryTracer(left)}
	for _, tracer := range tracers {
		// A change can make a body relevant that the rule index excludes now.
		options = append(options, rego.EvalQueryTracer(tracer), rego.EvalRuleIndexing(false), rego.EvalEarlyExit(false))
	}
	rs, err := prepared.Eval(ctx, options...)
	return err == nil && left.n >= 0 && len(rs) == 1 && len(rs[0].Expressions) == 1 && rs[0].Expressions[0].Value == true
}

// steps stops the evaluator after a number of steps.
type steps struct {
	n    int // steps that are left
	stop func()
}

func (s *steps) Enabled() bool               { return true }
func (s *steps) Config() topdown.TraceConfig { return topdown.TraceConfig{} }
func (s *steps) TraceEvent(topdown.Event) {
	if s.n--; s.n < 0 {
		s.stop()
	}
}

// lines records the lines that a test reaches.
type lines map[string]map[int]bool

func (l lines) Enabled() bool               { return true }
func (l lines) Config() topdown.TraceConfig { return topdown.TraceConfig{} }
func (l lines) TraceEvent(e topdown.Event) {
	if e.Location == nil || isTest(e.Location.File) {
		return
	}
	if l[e.Location.File] == nil {
		l[e.Location.File] = map[int]bool{}
	}
	l[e.Location.File][e.Location.Row] = true
}

// reach runs every test once and returns the tests that reach each line of a file.
func (s *suite) reach() (map[string]map[int][]*test, error) {
	c, err := s.compile(s.tests, "", nil)
	if err != nil {
		return nil, err
	}
	found := make([]lines, len(s.tests))
	failed := make([]bool, len(s.tests))
	each(len(s.tests), jobs, func(i int) {
		found[i] = lines{}
		failed[i] = !s.passes(context.Background(), c, s.tests[i], found[i])
	})
	out := map[string]map[int][]*test{}
	for i, t := range s.tests {
		if failed[i] {
			return nil, fmt.Errorf("%s fails without a change", t.name)
		}
		for file, rows := range found[i] {
			t.lines += len(rows)
			if out[file] == nil {
				out[file] = map[int][]*test{}
			}
			for row := range rows {
				out[file][row] = append(out[file][row], t)
			}
		}
	}
	return out, nil
}

// reaching returns the tests that reach a line of a rule, the most specific first.
func (s *suite) reaching(file string, first, last int) ([]*test, error) {
	index, err := s.index()
	if err != nil {
		return nil, err
	}
	seen := map[*test]bool{}
	for row, tests := range index[file] {
		if row >= first && row <= last {
			for _, t := range tests {
				seen[t] = true
			}
		}
	}
	out := slices.Collect(maps.Keys(seen))
	slices.SortFunc(out, func(a, b *test) int { return cmp.Or(cmp.Compare(a.lines, b.lines), cmp.Compare(a.name, b.name)) })
	return out, nil
}

// own returns the tests of the package that is named after a rule's file.
func (s *suite) own(file string) []*test {
	name := strings.TrimSuffix(file, ".rego") + "_test.rego"
	var out []*test
	for _, t := range s.tests {
		if t.file == name {
			out = append(out, t)
		}
	}
	return out
}
