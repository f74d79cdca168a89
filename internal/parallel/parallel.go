// Package parallel does a number of things at the same time, with one result.
package parallel

import (
	"runtime"

	"golang.org/x/sync/errgroup"
)

// Each calls do with 0 to n-1, as many calls at a time as there are processors. It makes
// all calls, and returns the error of the least number, so that the result does not depend
// on which call ends first.
func Each(n int, do func(i int) error) error {
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	errs := make([]error, n)
	for i := range n {
		g.Go(func() error {
			errs[i] = do(i)
			return nil
		})
	}
	_ = g.Wait() // the errors are in errs
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
