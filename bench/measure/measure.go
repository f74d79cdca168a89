// Package measure times programs and steps for the benchmarks beside it.
package measure

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Sample is one measurement.
type Sample struct {
	Wall time.Duration
	// CPU is user and system time, of all cores.
	CPU time.Duration
	// Peak resident memory in bytes; 0 where it could not be measured.
	Peak int64
}

// Command runs a program to its end and measures it. Exit code 0 is wanted;
// what the program wrote is part of the error otherwise.
//
// Linux starts a new program's peak at that of its parent, so whoever calls
// this must be smaller than what it measures.
func Command(env []string, name string, args ...string) (Sample, []byte, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	start := time.Now()
	err := cmd.Run()
	wall := time.Since(start)
	if err != nil {
		return Sample{}, nil, fmt.Errorf("%s %s: %w\n%s%s", name, strings.Join(args, " "), err, stderr.String(), stdout.String())
	}
	s := Sample{Wall: wall, CPU: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		s.Peak = u.Maxrss << 10
	}
	return s, stdout.Bytes(), nil
}

// Median is the median of each figure by itself; of an even number, the upper
// one. No samples give the zero Sample.
func Median(samples []Sample) Sample {
	if len(samples) == 0 {
		return Sample{}
	}
	middle := func(get func(Sample) int64) int64 {
		all := make([]int64, len(samples))
		for i, s := range samples {
			all[i] = get(s)
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	return Sample{
		Wall: time.Duration(middle(func(s Sample) int64 { return int64(s.Wall) })),
		CPU:  time.Duration(middle(func(s Sample) int64 { return int64(s.CPU) })),
		Peak: middle(func(s Sample) int64 { return s.Peak }),
	}
}

// Load is what the machine did besides, in the kernel's words; a measurement
// on a busy machine is worth little.
func Load() string {
	b, err := os.ReadFile("/proc/loadavg")
	if f := strings.Fields(string(b)); err == nil && len(f) >= 3 {
		return strings.Join(f[:3], " ")
	}
	return "unknown"
}
