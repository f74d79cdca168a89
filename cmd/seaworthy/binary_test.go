package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// maxBinary is what the program may weigh, in bytes. Every library is attack
// surface in a tool that says what is fit to boot.
const maxBinary = 75e6

func TestBinaryIsSmall(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: links the program")
	}
	path := filepath.Join(t.TempDir(), "seaworthy")
	if out, err := exec.Command("go", "build", "-ldflags", "-s -w", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() < 10e6 || info.Size() > maxBinary {
		t.Errorf("the program has %.1f MB, want less than %.0f MB", float64(info.Size())/1e6, maxBinary/1e6)
	}
}
