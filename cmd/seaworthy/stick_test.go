package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/boot"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
)

// TestBootStick: a BIOS boots the ISO from a disk too, as from a USB stick.
func TestBootStick(t *testing.T) {
	t.Parallel()
	if !allBoots() {
		t.Skip("skipped: boots a machine; run `make test-boot`")
	}
	s := newSystem(t)
	s.needs("qemu-system-x86_64")
	yml, out := s.path("minimal.yml"), s.path("out")
	s.run(cli.ExitPass, "lock", yml)
	s.run(cli.ExitPass, "build", "--unsigned", "--locked", "--format", "iso-bios", "--output-dir", out, yml)
	stick, err := os.Open(filepath.Join(out, "minimal.iso"))
	if err != nil {
		t.Fatal(err)
	}
	defer stick.Close()
	console := new(console)
	// The machine has no CD: only the boot sector of the disk can start it.
	if err := boot.Run(t.Context(), boot.Options{
		Arch: "amd64", Disk: stick, Console: console, Isolated: true, Ready: func(line string) bool { return strings.Contains(line, "ready: 2 of 2") },
	}); err != nil {
		t.Errorf("%v\n%s", err, console)
	}
}
