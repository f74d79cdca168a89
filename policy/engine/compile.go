package engine

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/policy/folder"
	"github.com/seaworthy-os/seaworthy/policy/input"
	"github.com/seaworthy-os/seaworthy/policy/sandbox"
)

// Program is a policy that is ready to run, any number of times and concurrently.
type Program struct {
	set *Set
	// queries are evaluated concurrently. Together they ask for every rule.
	queries  []ast.Body
	compiler *ast.Compiler
	links    *links
	store    storage.Store
	// ours: its rules are linked into this program.
	ours  bool
	asked atomic.Int64 // how often it has decided
	known atomic.Pointer[[]constant]
}

// compile checks the rules strictly against the allowed builtins and the shape of the
// facts. So a misspelt name is an error, and not a rule that never fires. Rules see
// date (YYYY-MM-DD, the day of the decision), the active packs and the policies in
// force as data.seaworthy.
//
// With checked, the rules were checked before: built-in rules by their tests, and a
// guest when it was opened.
func compile(s *Set, date string, parts []decision.PolicyPart, checked bool) (*Program, error) {
	own := map[string]any{"date": date, "policy": partsData(parts)} // see ownData
	if s.active != nil {
		active := make([]any, 0, len(s.active))
		for _, name := range s.active {
			active = append(active, name)
		}
		own["active"] = active
	}
	c, store, err := s.compile(own, checked)
	if err != nil {
		return nil, err
	}
	p := &Program{set: s, compiler: c, store: store, links: s.linksOf(c)}
	for _, rules := range s.groups() {
		p.queries = append(p.queries, p.query(rules))
	}
	return p, nil
}

// Compile makes a program of a set. The rules that are linked into this program are
// not checked again, and their constants are precomputed.
func (l *Library) Compile(s *Set, date string, parts []decision.PolicyPart) (*Program, error) {
	linked, err := Builtin()
	ours := err == nil && l == linked
	p, err := compile(s, date, parts, ours)
	if err == nil {
		p.ours = ours
	}
	return p, err
}

// ownData are the keys below data.seaworthy that the engine writes.
var ownData = []string{"active", "date", "policy"}

// compile compiles the modules of a set, and makes a store of its data and own.
func (s *Set) compile(own map[string]any, checked bool) (*ast.Compiler, storage.Store, error) {
	if s.ready != nil {
		return s.compileReady(own)
	}
	data := maps.Clone(s.data)
	data[folder.Reserved] = own
	c := newCompiler()
	if checked {
		c.WithSkipStages(checks...)
	} else if err := checkRefs(s, data); err != nil {
		return nil, nil, err
	}
	if c.Compile(s.modules); c.Failed() {
		return nil, nil, regoErrors(c.Errors)
	}
	return c, newStore(data), nil
}

func newStore(data map[string]any) storage.Store {
	return inmem.NewFromObjectWithOpts(data, inmem.OptRoundTripOnWrite(false), inmem.OptReturnASTValuesOnRead(true))
}

// newCompiler makes a compiler for the language that rules are written in.
func newCompiler() *ast.Compiler {
	return ast.NewCompiler().
		WithCapabilities(sandbox.Capabilities()).
		WithStrict(true).
		WithEnablePrintStatements(false).
		WithSchemas(input.Schema()).
		WithUseTypeCheckAnnotations(false)
}

// checks are the stages of the compiler that only look for mistakes, and the stage
// that indexes comprehensions, which makes no built-in rule faster. They take a third
// of its time.
var checks = []ast.StageID{
	ast.StageCheckUnusedImports, ast.StageCheckDuplicateImports, ast.StageCheckKeywordOverrides, ast.StageCheckVoidCalls,
	ast.StageCheckRuleConflicts, ast.StageCheckSafetyRuleHeads, ast.StageCheckRecursion, ast.StageCheckTypes,
	ast.StageBuildRequiredCapabilities, ast.StageCheckUndefinedFuncs, ast.StageBuildComprehensionIndices,
}

// partsData returns the requested policies as rules see them. together has the name
// and digest that a lock has for all of them.
func partsData(parts []decision.PolicyPart) []any {
	out := []any{}
	together := map[string]any{"name": OverallName(parts), "digest": OverallDigest(parts)}
	for _, p := range parts {
		if p.IncludedBy != "" {
			continue
		}
		out = append(out, map[string]any{
			"name": p.Name, "source": p.Source, "digest": p.Digest,
			"reference": p.Reference, "manifest": p.Manifest, "pinned": p.Pinned, "signed": p.Signed,
			"together": together,
		})
	}
	return out
}

// groups divide the built-in rules. The rules about the kernel share few helpers with
// the others, so each half can use its own processor. The rules of a guest are one
// group: a helper that is evaluated twice would count twice for its budget.
func (s *Set) groups() [][]*rule {
	var kernel, others []*rule
	for _, r := range s.rules {
		if s.ready != nil && strings.HasPrefix(r.from.Path, "kernel/") {
			kernel = append(kernel, r)
		} else {
			others = append(others, r)
		}
	}
	return slices.DeleteFunc([][]*rule{kernel, others}, func(g []*rule) bool { return len(g) == 0 })
}

// query asks for every set of some rules, each by the name of resultVar. It has the
// form that the compiler would give it.
func (p *Program) query(rules []*rule) ast.Body {
	body := p.warm(rules)
	for _, r := range rules {
		for _, name := range r.defines {
			ref := ast.Ref{
				ast.DefaultRootDocument, ast.StringTerm("seaworthy"), ast.StringTerm("rules"),
				ast.StringTerm(r.pkg), ast.StringTerm(name),
			}
			body.Append(ast.Equality.Expr(ast.NewTerm(resultVar(r, name)), ast.NewTerm(ref)))
		}
	}
	return body
}

func resultVar(r *rule, name string) ast.Var { return ast.Var(r.pkg + "." + name) }

// warm asks for the whole of each helper that the rules reach and that gives its
// results by key, for example fail[id] for a family of rules that read one table. Asked
// key by key, a helper would read its whole table for every key, which takes ten times
// as long. Such a helper is never undefined, so it does not stop the query.
func (p *Program) warm(rules []*rule) ast.Body {
	var body ast.Body
	seen := map[string]bool{}
	reached := p.links.reached(rules)
	for _, name := range slices.Sorted(maps.Keys(p.compiler.Modules)) {
		m := p.compiler.Modules[name]
		for i, n := range p.set.present(p.links.numbers[name]) {
			r := m.Rules[i]
			head := r.Head.Ref()
			if !reached[n] || len(ground(head)) == len(head)-1 || len(r.Head.Args) > 0 {
				continue
			}
			whole := append(m.Package.Path.Copy(), ast.StringTerm(string(head[0].Value.(ast.Var))))
			if seen[whole.String()] {
				continue
			}
			seen[whole.String()] = true
			// A wildcard: it is no part of the result.
			body.Append(ast.Equality.Expr(ast.VarTerm(fmt.Sprintf("%swarm%d", ast.WildcardPrefix, len(seen))), ast.NewTerm(whole)))
		}
	}
	return body
}

// checkRefs refuses references below data that resolve to nothing: a misspelt
// parameter, table or helper would make a rule silently useless. It checks only
// references with a plain path.
func checkRefs(s *Set, data map[string]any) error {
	defined := map[string]bool{}
	for _, m := range s.modules {
		pkg := strings.Join(ground(m.Package.Path), ".")
		for _, r := range m.Rules {
			defined[pkg+"."+string(r.Head.Ref()[0].Value.(ast.Var))] = true
		}
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(s.modules)) {
		ast.WalkRefs(s.modules[name], func(ref ast.Ref) bool {
			if len(ref) < 2 || !ref[0].Equal(ast.DefaultRootDocument) {
				return false
			}
			path := ground(ref)
			if len(path) == 0 {
				return false
			}
			if path = plain(path); resolves(path, defined, data) {
				return false
			}
			what, next := "undefined reference data."+strings.Join(path, "."), ""
			if path[0] == folder.ParamsKey {
				if known, ok := data[folder.ParamsKey].(map[string]any); ok && len(path) > 1 {
					what = "unknown parameter " + path[1]
					next = "the parameters are " + list(slices.Sorted(maps.Keys(known)))
				}
			}
			errs = append(errs, system.BadInput("%s", what).At(refPos(name, ref)).Suggest("%s", next))
			return false
		})
	}
	return errors.Join(errs...)
}

// plain removes the two detours to data with which stock opa can run the rules:
// data.data.X, because opa loads a folder named data, and the helper package
// data.seaworthy.given.X, which chooses between the two.
func plain(path []string) []string {
	if path[0] == "data" && len(path) > 1 {
		return path[1:]
	}
	if len(path) > 3 && path[0] == folder.Reserved && path[1] == "given" && path[2] == folder.ParamsKey {
		return path[2:]
	}
	return path
}

func refPos(name string, ref ast.Ref) system.Position {
	pos := system.Position{File: name}
	if l := ref[0].Location; l != nil {
		pos.Line, pos.Column = l.Row, l.Col
	}
	return pos
}

// resolves reports whether a path below data reaches a rule or data. In data the first
// key must exist; below the parameters the second one too.
func resolves(path []string, defined map[string]bool, data map[string]any) bool {
	if path[0] == folder.Reserved {
		if len(path) == 2 && slices.Contains(ownData, path[1]) {
			return true
		}
		full := strings.Join(path, ".")
		for name := range defined {
			if related(name, full) {
				return true
			}
		}
		return false
	}
	full := strings.Join(path, ".")
	for name := range defined {
		if related(name, full) {
			return true
		}
	}
	top, ok := data[path[0]]
	if !ok {
		return false
	}
	if path[0] == folder.ParamsKey && len(path) > 1 {
		params, isObject := top.(map[string]any)
		if !isObject {
			return false
		}
		_, ok = params[path[1]]
	}
	return ok
}
