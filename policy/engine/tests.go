package engine

import (
	"cmp"
	"context"
	"errors"
	"io"
	"maps"
	"runtime"
	"slices"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/strictyaml"
	"github.com/seaworthy-os/seaworthy/policy/sandbox"
)

// testDeadline bounds each single test of a built-in rule. It is long enough for the
// slowest machine. The tests of a guest have a budget.
const testDeadline = time.Hour

// RunTests runs the tests of the library, and prints their results like stock opa. It
// is an error if a test fails, or if there is none.
func (l *Library) RunTests(ctx context.Context, w io.Writer) error {
	return testRules(ctx, []*Library{l}, l, l.Tables(), w)
}

// testRules runs the tests of one library with the modules of all.
func testRules(ctx context.Context, libs []*Library, from *Library, data map[string]any, w io.Writer) error {
	tests, err := from.ownTests()
	if err != nil {
		return err
	}
	if len(tests) == 0 {
		return system.BadInput("no rule has a test").Suggest("write tests as test_NAME rules in *_test.rego files")
	}
	modules := map[string]*ast.Module{}
	var errs []error
	for _, lib := range libs {
		lib.need(lib.Modules...)
		files := lib.Modules
		if lib == from {
			files = slices.Concat(files, tests)
		}
		for _, f := range files {
			m, err := parse(f)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			modules[f.Name] = m
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	store, err := testStore(libs, data)
	if err != nil {
		return err
	}
	return runTests(ctx, modules, store, w)
}

// testStore has the data that `opa test` loads from the same folder: data files, and
// packs as data.
func testStore(libs []*Library, data map[string]any) (storage.Store, error) {
	all := maps.Clone(data)
	for _, lib := range libs {
		for _, f := range lib.Tree.Packs {
			root, err := strictyaml.Parse(f.Name, f.Content)
			if err != nil {
				return nil, err
			}
			var packs map[string]any
			if err := root.Decode(&packs); err != nil {
				return nil, system.BadInput("%s: %v", f.Name, err)
			}
			maps.Copy(all, packs)
		}
	}
	return inmem.NewFromObjectWithOpts(all, inmem.OptRoundTripOnWrite(false), inmem.OptReturnASTValuesOnRead(true)), nil
}

func runTests(ctx context.Context, modules map[string]*ast.Module, store storage.Store, w io.Writer) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go sandbox.WatchHeap(sandbox.BuiltinHeap)(ctx, stop)
	compiler := ast.NewCompiler().
		WithCapabilities(sandbox.TestCapabilities()).
		WithStrict(true).
		WithEnablePrintStatements(false)
	txn, err := store.NewTransaction(ctx, storage.WriteParams)
	if err != nil {
		return system.Unusable("rule tests").Because(err)
	}
	defer store.Abort(ctx, txn)
	results, err := tester.NewRunner().
		SetCompiler(compiler).
		SetStore(store).
		SetModules(modules).
		SetTimeout(testDeadline).
		RaiseBuiltinErrors(false).
		SetParallel(runtime.GOMAXPROCS(0)).
		RunTests(ctx, txn)
	if err != nil {
		return regoErrors(err)
	}
	var all []*tester.Result
	for r := range results {
		all = append(all, r)
	}
	slices.SortFunc(all, byPlace)
	failed := 0
	shown := make(chan *tester.Result, len(all))
	for _, r := range all {
		if r.Fail || r.Error != nil {
			failed++
		}
		shown <- r
	}
	close(shown)
	if err := (tester.PrettyReporter{Output: w}).Report(shown); err != nil {
		return system.Unusable("rule tests").Because(err)
	}
	switch {
	case context.Cause(ctx) != nil:
		return system.Unusable("rule tests").Because(context.Cause(ctx))
	case failed > 0:
		return system.Unusable("rule tests failed").Suggest("see the tests above")
	case len(all) == 0:
		return system.BadInput("no rule has a test").Suggest("write tests as test_NAME rules in *_test.rego files")
	}
	return nil
}

// byPlace orders results by the places of their tests: tests end in any order.
func byPlace(a, b *tester.Result) int {
	if a.Location == nil || b.Location == nil {
		return cmp.Compare(a.Name, b.Name)
	}
	return cmp.Or(cmp.Compare(a.Location.File, b.Location.File), cmp.Compare(a.Location.Row, b.Location.Row), cmp.Compare(a.Name, b.Name))
}
