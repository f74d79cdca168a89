package policy

import (
	"time"

	"golang.org/x/sys/unix"
)

// limitMemory bounds what this process may write to, and lets it leave nothing
// behind.
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

// limitTime has the kernel end this process when it has computed for so long,
// in whole seconds.
func limitTime(most time.Duration) error {
	return setLimit(unix.RLIMIT_CPU, uint64(most/time.Second)+1)
}

// setLimit lowers a limit. It raises none: that takes privileges, and whoever
// set a lower one meant it.
func setLimit(resource int, most uint64) error {
	var now unix.Rlimit
	if err := unix.Getrlimit(resource, &now); err != nil {
		return err
	}
	most = min(most, now.Max)
	return unix.Setrlimit(resource, &unix.Rlimit{Cur: most, Max: most})
}

// computed is how long this process has computed, on all processors together.
func computed() time.Duration {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t) != nil {
		return time.Since(begin)
	}
	return time.Duration(t.Nano())
}

// cpuTime is how long a child has computed, on all processors together; false
// where the kernel does not tell.
func cpuTime(pid int) (time.Duration, bool) {
	// The clock of another process, as clock_getcpuclockid makes it.
	const sched = 2
	var t unix.Timespec
	if unix.ClockGettime(int32(^pid)<<3|sched, &t) != nil {
		return 0, false
	}
	return time.Duration(t.Nano()), true
}
