package main

import (
	"math"
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

// After the first collection, memory is collected as usual.
func TestCollectLate(t *testing.T) {
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	collectLate()
	if limit := debug.SetMemoryLimit(-1); limit == math.MaxInt64 {
		t.Error("nothing has changed")
	}
	runtime.GC()
	for debug.SetMemoryLimit(-1) != math.MaxInt64 { // what collects tells in its own time
		time.Sleep(time.Millisecond)
	}
	if percent := debug.SetGCPercent(100); percent != 100 {
		t.Errorf("memory is collected at %d %%", percent)
	}
}
