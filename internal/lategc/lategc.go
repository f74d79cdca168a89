// Package lategc delays the first collection of memory until there is some worth
// it. Most runs of a program are over by then. The initialisation of libraries
// alone would start two collections, which is a fifth of a short run.
//
// A program imports it for its init function. This package imports next to
// nothing, so that Go initialises it before the packages that need memory.
package lategc

import (
	"os"
	"runtime"
	"runtime/debug"
)

// worth is the memory of the Go runtime at which the first collection starts.
const worth = 96 << 20

// usual ends the delay. Nil: there is none.
var usual func()

func init() { usual = delay() }

// delay lasts until the first collection; from then on, memory is collected as
// before. There is none where the environment says how to collect.
func delay() func() {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return nil
	}
	percent := debug.SetGCPercent(-1)
	limit := debug.SetMemoryLimit(worth)
	restore := func(struct{}) {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	}
	type canary struct{ _ [64]byte }
	cleanup := runtime.AddCleanup(new(canary), restore, struct{}{})
	return func() {
		cleanup.Stop()
		restore(struct{}{})
	}
}

// End has memory collected as usual from now on, for a caller that sets bounds
// of its own: the end of a delay would take them away. Only main calls it,
// before it starts anything.
func End() {
	if usual != nil {
		usual()
		usual = nil
	}
}
