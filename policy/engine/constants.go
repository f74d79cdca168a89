package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/seaworthy-os/seaworthy/policy/folder"
)

// constant is the value of a rule that does not depend on the input: it follows
// from the tables alone. It is computed once for a policy, not once for a system.
type constant struct {
	ref   ast.Ref
	value *ast.Term
}

// precomputeAfter is the number of the decision before which the constants are
// computed. To compute them takes as long as they save in three decisions.
const precomputeAfter = 4

// precompute evaluates the rules that do not depend on the input. No budget
// bounds this, so the rules must be built in.
func (p *Program) precompute(ctx context.Context) error {
	known, err := constants(ctx, p.compiler, p.store, p.set.cache(nil), inputFreeRefs(p.compiler, false))
	if err == nil {
		p.known.Store(&known)
	}
	return err
}

// constants evaluates references, and returns those that are defined.
func constants(ctx context.Context, c *ast.Compiler, store storage.Store, cache topdown.VirtualCache, refs []ast.Ref) (known []constant, err error) {
	var body ast.Body
	for i, ref := range refs {
		// A list, which is empty if the reference is undefined.
		v := ast.VarTerm("v")
		value := ast.ArrayComprehensionTerm(v, ast.NewBody(ast.Equality.Expr(v, ast.NewTerm(ref))))
		body.Append(ast.Equality.Expr(ast.VarTerm(constantVar(i)), value))
	}
	if len(body) == 0 {
		return nil, nil
	}
	compiled, err := c.QueryCompiler().Compile(body)
	if err != nil {
		return nil, regoErrors(err)
	}
	err = storage.Txn(ctx, store, storage.TransactionParams{}, func(txn storage.Transaction) error {
		query := topdown.NewQuery(compiled).WithCompiler(c).WithStore(store).WithTransaction(txn).WithVirtualCache(cache).WithStrictBuiltinErrors(true)
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
		return nil
	})
	return known, err
}

// inputFreeRefs are references to the rules that do not depend on the input. A set
// or an object has one reference, to the whole. With always, the rules do not
// depend on what the engine writes about a decision either.
func inputFreeRefs(c *ast.Compiler, always bool) []ast.Ref {
	var refs []ast.Ref
	seen := map[string]bool{}
	s := inputFree{compiler: c, graph: c.Graph, always: always, known: map[*ast.Rule]bool{}}
	if s.graph == nil {
		s.graph = ast.NewGraph(c.Modules, c.GetRulesDynamic) //nolint:staticcheck // NewGraph takes a function of this form
	}
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

// inputFree finds the rules that do not depend on the input.
type inputFree struct {
	compiler *ast.Compiler
	graph    *ast.Graph
	always   bool
	known    map[*ast.Rule]bool
}

// all reports whether every rule below ref is free of the input.
func (s *inputFree) all(ref ast.Ref) bool {
	for _, r := range s.compiler.GetRulesWithPrefix(ref) {
		if !s.rule(r) {
			return false
		}
	}
	return true
}

func (s *inputFree) rule(r *ast.Rule) bool {
	if known, ok := s.known[r]; ok {
		return known
	}
	s.known[r] = true // rules do not call themselves
	result := true
	ast.WalkTerms(r, func(t *ast.Term) bool {
		result = result && !t.Equal(ast.InputRootDocument) && !(s.always && ofDecision(t))
		return !result
	})
	for d := range s.graph.Dependencies(r) {
		result = result && s.rule(d.(*ast.Rule))
	}
	s.known[r] = result
	return result
}

// ofDecision finds references that can reach what compile puts below data.seaworthy.
func ofDecision(t *ast.Term) bool {
	ref, ok := t.Value.(ast.Ref)
	if !ok || !ref[0].Equal(ast.DefaultRootDocument) {
		return false
	}
	path := strings.Join(ground(ref), ".")
	return slices.ContainsFunc(ownData, func(name string) bool { return related(path, folder.Reserved+"."+name) })
}
