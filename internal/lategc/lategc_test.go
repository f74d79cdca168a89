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

// outside ends the rules since the start, and returns a check that all settings
// are as without this package.
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

func start(t *testing.T) {
	t.Helper()
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	if current = begin(); current == nil {
		t.Fatal("no delay")
	}
	if percent, limit := settings(); percent != -1 || limit != worth {
		t.Errorf("memory is collected at %d %% and %d bytes, want -1 and %d", percent, limit, worth)
	}
}

// until collects until the limit meets a condition: cleanups run asynchronously.
func until(t *testing.T, met func(limit int64) bool) {
	t.Helper()
	for {
		runtime.GC()
		percent, limit := settings()
		if percent > 0 && met(limit) {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// The limit follows what is in use, up and down, and small programs have the least one.
func TestLimitFollowsUse(t *testing.T) {
	unchanged := outside(t)
	start(t)
	least := func(limit int64) bool { return limit == worth }
	until(t, least)
	used := make([]byte, 2*worth)
	until(t, func(limit int64) bool { return limit > 3*worth })
	runtime.KeepAlive(used)
	until(t, least)
	End()
	unchanged()
}

func TestLimit(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	for used, want := range map[int64]int64{0: 96, 60: 96, 80: 96, 81: 98, 160: 256, 1000: 1936} {
		if got := limit(used * mib); got != want*mib {
			t.Errorf("%d MiB in use: a limit of %d MiB, want %d", used, got/mib, want)
		}
	}
}

func TestEnd(t *testing.T) {
	unchanged := outside(t)
	start(t)
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
			if begin() != nil {
				t.Error("the environment is ignored")
			}
			unchanged()
		})
	}
}
