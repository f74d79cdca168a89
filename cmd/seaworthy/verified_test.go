package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/boot"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
)

// TestDamagedRoot: a machine with a verified root refuses a disk on which one bit
// differs, wherever it is.
func TestDamagedRoot(t *testing.T) {
	if os.Getenv("SEAWORTHY_BOOT") != "all" {
		t.Skip("skipped: boots five machines; run `make test-boot`")
	}
	s := newSystem(t)
	for _, program := range []string{"qemu-system-x86_64", "mksquashfs"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("skipped: %s is not installed", program)
		}
	}
	yml, out := s.path("minimal.yml"), s.path("out")
	s.run(cli.ExitPass, "lock", yml)
	s.run(cli.ExitPass, "build", "--unsigned", "--locked", "--format", "kernel+squashfs", "--output-dir", out, yml)
	read := func(ending string) []byte {
		b, err := os.ReadFile(filepath.Join(out, "minimal"+ending))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	cmdline := string(read("-cmdline"))
	disk := read("-squashfs.img")
	// The superblock follows the data, and the tree follows the superblock.
	super := strings.LastIndex(string(disk), "verity\x00\x00")
	if super < 0 {
		t.Fatal("the disk has no superblock")
	}
	for _, c := range []struct {
		name    string
		at      int // byte to change, -1 for none
		options string
		want    string
	}{
		{"intact", -1, " seaworthy.verify=full", ""},
		{"data", super - 3*4096, " seaworthy.verify=full", "the root does not match its root hash"},
		{"tree", len(disk) - 4096 + 7, " seaworthy.verify=full", "the root does not match its root hash"},
		{"superblock", super + 4000, "", "the verity superblock is damaged"},
		{"first block", 9, "", "dm-verity device corrupted"},
	} {
		console := new(console)
		err := bootDisk(t, out, changed(disk, c.at), cmdline+c.options, console)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v\n%s", c.name, err, console)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %q\n%s", c.name, err, c.want, console)
		}
	}
}

// changed is a copy with one bit that differs.
func changed(b []byte, at int) []byte {
	out := append([]byte(nil), b...)
	if at >= 0 {
		out[at] ^= 4
	}
	return out
}

// bootDisk boots a loader with a disk until the services run, and gives the error of
// the machine.
func bootDisk(t *testing.T, out string, disk []byte, cmdline string, console *console) error {
	t.Helper()
	open := func(path string) *os.File {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	path := filepath.Join(t.TempDir(), "disk")
	if err := os.WriteFile(path, disk, 0o600); err != nil {
		t.Fatal(err)
	}
	return boot.Run(t.Context(), boot.Options{
		Arch: "amd64", Kernel: open(filepath.Join(out, "minimal-kernel")), Initrd: open(filepath.Join(out, "minimal-initrd.img")), Disk: open(path),
		Cmdline: cmdline, Console: console, Isolated: true, Ready: func(line string) bool { return strings.Contains(line, "ready: 2 of 2") },
	})
}
