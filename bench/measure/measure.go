// Package measure measures the time and memory of programs and steps for the
// benchmarks.
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
	// CPU is user and system time of all cores.
	CPU time.Duration
	// Peak is the maximal resident memory in bytes; 0 if it could not be measured.
	Peak int64
}

// Command runs a program to its end and measures it. It returns what the program
// wrote to stdout. An exit code other than 0 is an error, which contains the output.
//
// Linux starts the peak of a new program with that of its parent, so the caller must
// be smaller than the program.
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

// Median returns the median of each figure separately; of an even number of samples,
// the upper one. Without samples it returns the zero Sample.
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

// Least returns the least of each figure separately. Without samples it returns the
// zero Sample.
func Least(samples []Sample) Sample {
	if len(samples) == 0 {
		return Sample{}
	}
	out := samples[0]
	for _, s := range samples[1:] {
		out = Sample{Wall: min(out.Wall, s.Wall), CPU: min(out.CPU, s.CPU), Peak: min(out.Peak, s.Peak)}
	}
	return out
}

// Load returns the kernel's load averages. Measurements on a busy machine are not
// reliable.
func Load() string {
	b, err := os.ReadFile("/proc/loadavg")
	if f := strings.Fields(string(b)); err == nil && len(f) >= 3 {
		return strings.Join(f[:3], " ")
	}
	return "unknown"
}
