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

// constants evaluates the rules that reach no input. Nothing bounds how long
// they take, so they must be ours.
func constants(ctx context.Context, c *ast.Compiler, store storage.Store) ([]constant, error) {
	var body ast.Body
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
			if !s.all(ref) {
				continue
			}
			// A list, which is empty for what is undefined.
			v := ast.VarTerm("v")
			value := ast.ArrayComprehensionTerm(v, ast.NewBody(ast.Equality.Expr(v, ast.NewTerm(ref))))
			body.Append(ast.Equality.Expr(ast.VarTerm(constantVar(len(refs))), value))
			refs = append(refs, ref)
		}
	}
	if len(refs) == 0 {
		return nil, nil
	}
	compiled, err := c.QueryCompiler().Compile(body)
	if err != nil {
		return nil, err
	}
	var out []constant
	err = storage.Txn(ctx, store, storage.TransactionParams{}, func(txn storage.Transaction) error {
		query := topdown.NewQuery(compiled).WithCompiler(c).WithStore(store).WithTransaction(txn).WithStrictBuiltinErrors(true)
		return query.Iter(ctx, func(result topdown.QueryResult) error {
			for i, ref := range refs {
				if list := result[ast.Var(constantVar(i))].Value.(*ast.Array); list.Len() == 1 {
					out = append(out, constant{ref, list.Elem(0)})
				}
			}
			return nil
		})
	})
	return out, err
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
func cacheOf(known []constant) topdown.VirtualCache {
	cache := topdown.NewVirtualCache()
	for _, k := range known {
		cache.Put(k.ref, k.value)
	}
	return cache
}
