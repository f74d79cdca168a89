package lategc

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

// settings are the current settings of garbage collection.
func settings() (percent int, limit int64) {
	percent = debug.SetGCPercent(-1)
	debug.SetGCPercent(percent)
	return percent, debug.SetMemoryLimit(-1)
}

// outside ends the delay since the start, and returns a check that all settings
// are as without a delay.
func outside(t *testing.T) (unchanged func()) {
	t.Helper()
	End()
	wantPercent, wantLimit := settings()
	return func() {
		t.Helper()
		if percent, limit := settings(); percent != wantPercent || limit != wantLimit {
			t.Errorf("memory is collected at %d %% and %d bytes, want %d %% and %d", percent, limit, wantPercent, wantLimit)
		}
	}
}

func begin(t *testing.T) {
	t.Helper()
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	if usual = delay(); usual == nil {
		t.Fatal("no delay")
	}
	if percent, limit := settings(); percent != -1 || limit != worth {
		t.Errorf("memory is collected at %d %% and %d bytes, want -1 and %d", percent, limit, worth)
	}
}

func TestFirstCollectionEndsIt(t *testing.T) {
	unchanged := outside(t)
	begin(t)
	runtime.GC()
	for debug.SetMemoryLimit(-1) == worth { // cleanups run asynchronously
		time.Sleep(time.Millisecond)
	}
	unchanged()
}

func TestEnd(t *testing.T) {
	unchanged := outside(t)
	begin(t)
	End()
	unchanged()
	// Settings that the caller makes afterwards stay, even after a collection.
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(1 << 30))
	runtime.GC()
	runtime.GC()
	if _, limit := settings(); limit != 1<<30 {
		t.Errorf("the limit of the caller is %d", limit)
	}
	End() // this has no effect
}

func TestEnvironmentDecides(t *testing.T) {
	for _, name := range []string{"GOGC", "GOMEMLIMIT"} {
		t.Run(name, func(t *testing.T) {
			unchanged := outside(t)
			t.Setenv("GOGC", "")
			t.Setenv("GOMEMLIMIT", "")
			t.Setenv(name, "50")
			if delay() != nil {
				t.Error("the environment is ignored")
			}
			unchanged()
		})
	}
}
