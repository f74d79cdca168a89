package policy

import (
	"time"

	"golang.org/x/sys/unix"
)

// limitSelf bounds this process: its writable memory, its time (a backstop, in
// case that whoever started it is gone), its files and what it leaves behind.
func limitSelf(memory uint64) error {
	for _, l := range []struct {
		resource int
		most     uint64
	}{
		{unix.RLIMIT_DATA, memory},
		{unix.RLIMIT_CPU, uint64(guestTestTime/time.Second) * 2},
		{unix.RLIMIT_FSIZE, 0},
		{unix.RLIMIT_CORE, 0},
	} {
		if err := unix.Setrlimit(l.resource, &unix.Rlimit{Cur: l.most, Max: l.most}); err != nil {
			return err
		}
	}
	return nil
}

// cpuTime is how long a child has computed, on all processors together.
func cpuTime(pid int) time.Duration {
	// The clock of another process, as clock_getcpuclockid makes it.
	const sched = 2
	var t unix.Timespec
	if unix.ClockGettime(int32(^pid)<<3|sched, &t) != nil {
		return 0
	}
	return time.Duration(t.Nano())
}
