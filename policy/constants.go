package policy

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// constant is a rule's value that no input changes: what the tables say by
// themselves. It is worked out once for a policy, not once for a system.
type constant struct {
	ref   ast.Ref
	value *ast.Term
}

// worthForesight is the decision from which on it is worth knowing what no input
// changes: to work that out takes as long as it saves in three.
const worthForesight = 4

// foresee evaluates the rules that reach no input. Nothing bounds how long they
// take, so they must be ours.
func (p *program) foresee(ctx context.Context) error {
	refs := steadyRefs(p.compiler)
	var body ast.Body
	for i, ref := range refs {
		// A list, which is empty for what is undefined.
		v := ast.VarTerm("v")
		value := ast.ArrayComprehensionTerm(v, ast.NewBody(ast.Equality.Expr(v, ast.NewTerm(ref))))
		body.Append(ast.Equality.Expr(ast.VarTerm(constantVar(i)), value))
	}
	if len(body) == 0 {
		return nil
	}
	compiled, err := p.compiler.QueryCompiler().Compile(body)
	if err != nil {
		return regoErrors(err)
	}
	return storage.Txn(ctx, p.store, storage.TransactionParams{}, func(txn storage.Transaction) error {
		query := topdown.NewQuery(compiled).WithCompiler(p.compiler).WithStore(p.store).WithTransaction(txn).WithStrictBuiltinErrors(true)
		var known []constant
		err := query.Iter(ctx, func(result topdown.QueryResult) error {
			for i, ref := range refs {
				if list := result[ast.Var(constantVar(i))].Value.(*ast.Array); list.Len() == 1 {
					known = append(known, constant{ref, list.Elem(0)})
				}
			}
			return nil
		})
		if err != nil {
			return evalError(err)
		}
		p.known.Store(&known)
		return nil
	})
}

// steadyRefs are what stands for the rules that reach no input: of a set or an
// object, the whole.
func steadyRefs(c *ast.Compiler) []ast.Ref {
	var refs []ast.Ref
	seen := map[string]bool{}
	s := steady{compiler: c, known: map[*ast.Rule]bool{}}
	for _, name := range slices.Sorted(maps.Keys(c.Modules)) {
		for _, r := range c.Modules[name].Rules {
			ref := r.Ref().GroundPrefix()
			if len(r.Head.Args) > 0 || seen[ref.String()] {
				continue
			}
			seen[ref.String()] = true
			if s.all(ref) {
				refs = append(refs, ref)
			}
		}
	}
	return refs
}

func constantVar(i int) string { return fmt.Sprintf("constant%d", i) }

// steady tells which rules reach no input.
type steady struct {
	compiler *ast.Compiler
	known    map[*ast.Rule]bool
}

// all: every rule that makes up what ref stands for.
func (s *steady) all(ref ast.Ref) bool {
	for _, r := range s.compiler.GetRulesWithPrefix(ref) {
		if !s.rule(r) {
			return false
		}
	}
	return true
}

func (s *steady) rule(r *ast.Rule) bool {
	if known, ok := s.known[r]; ok {
		return known
	}
	s.known[r] = true // rules do not call themselves
	result := true
	ast.WalkTerms(r, func(t *ast.Term) bool {
		result = result && !t.Equal(ast.InputRootDocument)
		return !result
	})
	for d := range s.compiler.Graph.Dependencies(r) {
		result = result && s.rule(d.(*ast.Rule))
	}
	s.known[r] = result
	return result
}

// cacheOf begins an evaluation's cache with what is known already.
func cacheOf(known *[]constant) topdown.VirtualCache {
	cache := topdown.NewVirtualCache()
	if known == nil {
		return cache
	}
	for _, k := range *known {
		cache.Put(k.ref, k.value)
	}
	return cache
}
