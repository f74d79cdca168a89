// Package lategc delays the first garbage collection until the heap is large
// enough. Most runs of a program end before that. Without the delay, the
// initialisation of libraries starts two collections, which take a fifth of a
// short run.
//
// A program imports it for its init function. This package imports almost
// nothing, so that Go initialises it before the packages that allocate memory.
package lategc

import (
	"os"
	"runtime"
	"runtime/debug"
)

// worth is the memory of the Go runtime at which the first collection starts.
const worth = 96 << 20

// usual ends the delay. It is nil if there is no delay.
var usual func()

func init() { usual = delay() }

// delay lasts until the first collection. Later collections happen as usual.
// There is no delay if the environment configures garbage collection.
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

// End restores usual garbage collection. A caller that sets its own memory
// limits must call it first, because the end of a delay would remove them. Only
// main calls it, before it starts anything.
func End() {
	if usual != nil {
		usual()
		usual = nil
	}
}
