package engine

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/policy/input"
	"github.com/seaworthy-os/seaworthy/policy/sandbox"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// Run evaluates all rules once. It bounds the growth of the heap, and the time unless
// deadline is 0. Findings are sorted by ByResource.
func (p *Program) Run(ctx context.Context, f *facts.Facts, deadline time.Duration) ([]decision.Finding, error) {
	return p.runWithin(ctx, f, deadline, sandbox.BuiltinHeap)
}

func (p *Program) runWithin(ctx context.Context, f *facts.Facts, deadline time.Duration, heap uint64) ([]decision.Finding, error) {
	watches := []sandbox.Watch{sandbox.WatchHeap(heap)}
	if deadline > 0 {
		watches = append(watches, sandbox.WatchClock(deadline))
	}
	return sandbox.Within(ctx, func(ctx context.Context) ([]decision.Finding, error) { return p.decide(ctx, f) }, watches...)
}

// decide evaluates all rules once, until ctx ends.
func (p *Program) decide(ctx context.Context, f *facts.Facts) ([]decision.Finding, error) {
	value, err := input.Value(f)
	if err != nil {
		return nil, err
	}
	if p.ours && p.asked.Add(1) == precomputeAfter {
		if err := p.precompute(ctx); err != nil {
			return nil, err
		}
	}
	result, err := p.eval(ctx, value)
	if err != nil {
		return nil, err
	}
	results, err := p.unpack(result)
	if err != nil {
		return nil, err
	}
	return explain(p.set, f, results)
}

// eval evaluates all queries concurrently. It returns their joined results, or their
// errors in the order of the queries.
func (p *Program) eval(ctx context.Context, value ast.Value) (topdown.QueryResult, error) {
	results, errs := make([]topdown.QueryResult, len(p.queries)), make([][]error, len(p.queries))
	var all sync.WaitGroup
	for i, query := range p.queries {
		all.Go(func() { results[i], errs[i] = p.ask(ctx, query, value) })
	}
	all.Wait()
	if err := once(slices.Concat(errs...)); err != nil {
		return nil, err
	}
	out := topdown.QueryResult{}
	for _, r := range results {
		maps.Copy(out, r)
	}
	return out, nil
}

// once joins errors, and leaves out repeated texts.
func once(errs []error) error {
	seen := map[string]bool{}
	return errors.Join(slices.DeleteFunc(errs, func(err error) bool {
		known := seen[err.Error()]
		seen[err.Error()] = true
		return known
	})...)
}

// ask evaluates one query. It returns every error of a builtin, not only the first: a
// rule that failed must not count as passed.
func (p *Program) ask(ctx context.Context, query ast.Body, value ast.Value) (result topdown.QueryResult, errs []error) {
	var crash error
	defer func() {
		if crash != nil {
			errs = []error{crash}
		}
	}()
	defer sandbox.Recover(&crash)
	var results []topdown.QueryResult
	var stumbles []topdown.Error
	cancel := topdown.NewCancel()
	defer context.AfterFunc(ctx, cancel.Cancel)()
	err := storage.Txn(ctx, p.store, storage.TransactionParams{}, func(txn storage.Transaction) error {
		return topdown.NewQuery(query).WithCompiler(p.compiler).WithStore(p.store).WithTransaction(txn).
			WithInput(ast.NewTerm(value)).WithVirtualCache(p.set.cache(p.known.Load())).
			WithCancel(cancel).WithBuiltinErrorList(&stumbles).
			Iter(ctx, func(r topdown.QueryResult) error {
				results = append(results, r)
				return nil
			})
	})
	switch {
	case err != nil:
		return nil, []error{evalError(err)}
	case len(stumbles) > 0:
		for i := range stumbles {
			errs = append(errs, evalError(&stumbles[i]))
		}
		return nil, errs
	case len(results) != 1:
		return nil, []error{system.Unusable("the rules returned %d results, want one", len(results))}
	}
	return results[0], nil
}

func evalError(err error) error {
	var te *topdown.Error
	if !errors.As(err, &te) {
		return system.Unusable("rules could not be evaluated").Because(err)
	}
	e := system.Unusable("a rule failed: %s: %s", te.Code, te.Message).
		Suggest("correct the rule, and test it: seaworthy rules test")
	if te.Location != nil {
		e.Pos = system.Position{File: te.Location.File, Line: te.Location.Row, Column: te.Location.Col}
	}
	return e
}

// unpack checks the form of the result: a list for every set of every rule.
func (p *Program) unpack(result topdown.QueryResult) (map[string]map[string][]any, error) {
	out := make(map[string]map[string][]any, len(p.set.rules))
	for _, r := range p.set.rules {
		out[r.pkg] = map[string][]any{}
		for _, name := range r.defines {
			t, ok := result[resultVar(r, name)]
			if !ok {
				return nil, system.Unusable("rule %s: %s returned no result", r.ID, name)
			}
			v, err := ast.JSONWithOpt(t.Value, ast.JSONOpt{SortSets: true})
			if err != nil {
				return nil, system.Unusable("rule %s: %s", r.ID, name).Because(err)
			}
			if out[r.pkg][name], ok = v.([]any); !ok {
				return nil, system.Unusable("rule %s: %s is not a set", r.ID, name)
			}
		}
	}
	return out, nil
}
