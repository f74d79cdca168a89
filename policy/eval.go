package policy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"runtime/metrics"
	"slices"
	"sync"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

const (
	// maxHeap is how much the heap may grow while rules run.
	maxHeap = 512 << 20
	// grace is what a builtin that does not look at its context is given
	// before its goroutine is left behind.
	grace = time.Second
)

var (
	errDeadline = errors.New("the deadline has passed")
	errBudget   = errors.New("the rules compute for too long")
	errMemory   = errors.New("the rules use too much memory")
)

// run evaluates all rules once, within a bound on how much the heap may grow,
// and a deadline unless that is 0.
func (p *program) run(ctx context.Context, f *facts.Facts, deadline time.Duration, heap uint64) ([]decision.Finding, error) {
	watches := []watch{watchHeap(heap)}
	if deadline > 0 {
		watches = append(watches, watchClock(deadline))
	}
	return within(ctx, grace, func(ctx context.Context) ([]decision.Finding, error) { return p.decide(ctx, f) }, watches...)
}

// decide evaluates all rules once, for as long as ctx lets it.
func (p *program) decide(ctx context.Context, f *facts.Facts) ([]decision.Finding, error) {
	value, err := inputValue(f)
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

// watch stops what runs away. It returns when ctx is done.
type watch func(ctx context.Context, stop context.CancelCauseFunc)

// within calls fn for as long as the watches let it, and gives the cause of the
// one that does not. A call that does not look at its context is left behind
// after a grace.
func within[T any](ctx context.Context, grace time.Duration, fn func(context.Context) (T, error), watches ...watch) (T, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	for _, w := range watches {
		go w(ctx, stop)
	}
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		v, err := fn(ctx)
		done <- outcome{v, err}
	}()
	var out outcome
	select {
	case out = <-done:
	case <-ctx.Done():
		select {
		case out = <-done:
		case <-time.After(grace):
		}
	}
	if ctx.Err() != nil {
		return out.value, system.Unusable("rules stopped").Because(context.Cause(ctx)).Suggest("look for a rule that runs away, with `rules test`")
	}
	return out.value, out.err
}

// watchClock stops what has not ended after a while.
func watchClock(most time.Duration) watch {
	return func(ctx context.Context, stop context.CancelCauseFunc) {
		select {
		case <-ctx.Done():
		case <-time.After(most):
			stop(errDeadline)
		}
	}
}

// eval evaluates all queries at the same time, and gives their results together,
// or their errors in the order of the queries.
func (p *program) eval(ctx context.Context, value ast.Value) (topdown.QueryResult, error) {
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

// once joins errors, each text once.
func once(errs []error) error {
	seen := map[string]bool{}
	return errors.Join(slices.DeleteFunc(errs, func(err error) bool {
		known := seen[err.Error()]
		seen[err.Error()] = true
		return known
	})...)
}

// ask evaluates one query. It returns every error of a builtin, not the first one
// only: where a rule stumbles, its silence is no pass.
func (p *program) ask(ctx context.Context, query ast.Body, value ast.Value) (result topdown.QueryResult, errs []error) {
	var crash error
	defer func() {
		if crash != nil {
			errs = []error{crash}
		}
	}()
	defer notCrash(&crash)
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
		return nil, []error{system.Unusable("the rules gave %d results, not one", len(results))}
	}
	return results[0], nil
}

// notCrash makes an error of a crash of the evaluator's.
func notCrash(err *error) {
	if r := recover(); r != nil {
		*err = system.Unusable("the rule evaluator crashed").Because(fmt.Errorf("%v", r)).Suggest("please report this")
	}
}

func evalError(err error) error {
	var te *topdown.Error
	if !errors.As(err, &te) {
		return system.Unusable("rules could not be evaluated").Because(err)
	}
	e := system.Unusable("a rule failed: %s: %s", te.Code, te.Message).
		Suggest("a rule that fails decides nothing: correct it, see `rules test`")
	if te.Location != nil {
		e.Pos = system.Position{File: te.Location.File, Line: te.Location.Row, Column: te.Location.Col}
	}
	return e
}

// unpack checks the frame of the result: every rule, every set, each a list.
func (p *program) unpack(result topdown.QueryResult) (map[string]map[string][]any, error) {
	out := make(map[string]map[string][]any, len(p.set.rules))
	for _, r := range p.set.rules {
		out[r.pkg] = map[string][]any{}
		for _, name := range r.defines {
			t, ok := result[resultVar(r, name)]
			if !ok {
				return nil, system.Unusable("rule %s: %s gave no result", r.ID, name)
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

// watchHeap stops what lets the heap grow by more than most: a deadline alone
// does not bound memory.
func watchHeap(most uint64) watch {
	return func(ctx context.Context, stop context.CancelCauseFunc) {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		read := func() uint64 { metrics.Read(sample); return sample[0].Value.Uint64() }
		start := read()
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if now := read(); now < start+most {
					continue
				}
				runtime.GC() // garbage does not count
				if read() >= start+most {
					stop(errMemory)
					return
				}
			}
		}
	}
}
