package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// maxBinary is the maximum size of the program, in bytes. Every library adds attack
// surface to a tool that decides what can boot.
const maxBinary = 69e6

// maxInit is the maximum that the initialisation of one of our packages can
// allocate, in bytes. Unlike its time, this number is the same on all machines.
const maxInit = 16e3

func TestBinary(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: links the program")
	}
	path := filepath.Join(t.TempDir(), "seaworthy")
	if out, err := exec.Command("go", "build", "-ldflags", "-s -w", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Run("is small", func(t *testing.T) { isSmall(t, path) })
	t.Run("starts with little work", func(t *testing.T) { startsWithLittle(t, path) })
}

func isSmall(t *testing.T, path string) {
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() < 10e6 || info.Size() > maxBinary {
		t.Errorf("the program has %.1f MB, want less than %.0f MB", float64(info.Size())/1e6, maxBinary/1e6)
	}
}

// startsWithLittle reads the Go runtime's trace of a start. There must be no garbage
// collection, and our packages must not prepare data that most runs do not need.
func startsWithLittle(t *testing.T, path string) {
	cmd := exec.Command(path, "version")
	cmd.Env = append(os.Environ(), "GOGC=", "GOMEMLIMIT=", "GODEBUG=inittrace=1,gctrace=1")
	var trace strings.Builder
	cmd.Stderr = &trace
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	packages := 0
	for line := range strings.Lines(trace.String()) {
		var name string
		var at, took float64
		var bytes int
		switch n, _ := fmt.Sscanf(line, "init %s @%g ms, %g ms clock, %d bytes", &name, &at, &took, &bytes); {
		case strings.HasPrefix(line, "gc "):
			t.Errorf("garbage collection during the start: %s", line)
		case n == 4 && strings.HasPrefix(name, "github.com/seaworthy-os/"):
			if packages++; bytes > maxInit {
				t.Errorf("%s allocates %d bytes before main, want less than %.0f: see internal/lazyre", name, bytes, maxInit)
			}
		}
	}
	if packages < 5 {
		t.Errorf("the trace has %d packages of ours:\n%s", packages, trace.String())
	}
}
