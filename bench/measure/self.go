package measure

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Span measures a part of this process.
type Span struct {
	start time.Time
	cpu   time.Duration
	// exact means that the peak was reset at the start, so it belongs to this part
	// only.
	exact bool
}

// Begin starts a span. The peak counts from here if the kernel lets a process reset
// it (proc_pid_clear_refs(5)).
func Begin() Span {
	exact := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) == nil
	return Span{start: time.Now(), cpu: cpuTime(), exact: exact}
}

// End returns the measurement since Begin. The peak includes memory that earlier
// parts still hold. It is 0 if it could not be reset.
func (s Span) End() Sample {
	out := Sample{Wall: time.Since(s.start), CPU: cpuTime() - s.cpu}
	if s.exact {
		out.Peak = highWater()
	}
	return out
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// highWater returns VmHWM of proc_pid_status(5), in bytes.
func highWater() int64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(v), " kB"), 10, 64)
			return n << 10
		}
	}
	return 0
}
