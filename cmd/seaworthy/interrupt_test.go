package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestInterrupt interrupts the real program while it waits for the data of a pipe that
// has a writer. One signal ends it.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"check", "-"}, {"check", "/dev/stdin"}, {"facts", "--offline", "/dev/stdin"}, {"check", "--facts", "-"}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			t.Parallel()
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			var said bytes.Buffer
			// testscript runs main in a copy of this program with this name.
			cmd := exec.Command(self, args...)
			cmd.Args[0], cmd.Stdin, cmd.Stderr = "seaworthy", r, &said
			cmd.Env, cmd.Dir = append(os.Environ(), "XDG_CACHE_HOME="+t.TempDir()), filepath.Clean(t.TempDir())
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			r.Close()
			// A pipe holds 64 KiB. When more is written, the program has begun to read.
			if _, err := io.WriteString(w, strings.Repeat("#", 128<<10)); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() != 3 || !strings.Contains(said.String(), "interrupted; nothing was changed") {
				t.Errorf("%v: %s", err, &said)
			}
		})
	}
}
