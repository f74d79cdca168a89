package sandbox

import (
	"time"

	"golang.org/x/sys/unix"
)

// limitMemory bounds the memory that this process may write to. It also stops the
// process from writing files and core dumps.
func limitMemory(most uint64) error {
	for _, l := range []struct {
		resource int
		most     uint64
	}{{unix.RLIMIT_DATA, most}, {unix.RLIMIT_FSIZE, 0}, {unix.RLIMIT_CORE, 0}} {
		if err := setLimit(l.resource, l.most); err != nil {
			return err
		}
	}
	return nil
}

// limitTime makes the kernel end this process when it has computed for the time
// most, rounded up to whole seconds.
func limitTime(most time.Duration) error {
	return setLimit(unix.RLIMIT_CPU, uint64(most/time.Second)+1)
}

// setLimit lowers a limit, and never raises one: that needs privileges, and a lower
// limit was set on purpose.
func setLimit(resource int, most uint64) error {
	var now unix.Rlimit
	if err := unix.Getrlimit(resource, &now); err != nil {
		return err
	}
	most = min(most, now.Max)
	return unix.Setrlimit(resource, &unix.Rlimit{Cur: most, Max: most})
}

// computed returns how long this process has computed, on all processors together.
func computed() time.Duration {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t) != nil {
		return time.Since(begin)
	}
	return time.Duration(t.Nano())
}

// cpuTime returns how long a child has computed, on all processors together. The
// second result is false if the kernel does not report it.
func cpuTime(pid int) (time.Duration, bool) {
	// The clock of another process, as clock_getcpuclockid computes it.
	const sched = 2
	var t unix.Timespec
	if unix.ClockGettime(int32(^pid)<<3|sched, &t) != nil {
		return 0, false
	}
	return time.Duration(t.Nano()), true
}
