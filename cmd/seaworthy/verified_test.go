package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/boot"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
)

// TestDamagedRoot: a machine with a verified root, and firmware that enforces Secure
// Boot, refuse a disk on which one bit differs, wherever it is, and the root of
// another image. TestSecureBoot boots the intact disk.
func TestDamagedRoot(t *testing.T) {
	t.Parallel()
	if !allBoots() {
		t.Skip("skipped: boots several machines; run `make test-boot`")
	}
	s := newSystem(t)
	s.needsFirmware()
	s.needs("mksquashfs")
	s.enrol("keys")
	store := readFile(t, s.path("keys/OVMF_VARS.fd"))
	// build writes a signed disk. option is a word of its command line.
	build := func(name, option string) []byte {
		yml := strings.Replace(string(readFile(t, s.path("minimal.yml"))), "sig_enforce=1 debugfs=off", "sig_enforce=1 debugfs=off "+option, 1)
		yml += "files:\n  - path: etc/motd\n    contents: " + name + "\n"
		if err := os.WriteFile(s.path(name+".yml"), []byte(yml), 0o600); err != nil {
			t.Fatal(err)
		}
		s.run(cli.ExitPass, "build", append(s.signed("keys"), "--unsigned", "--fail-on", "none", "--format", "raw-efi-verity", "--output-dir", s.path(name), s.path(name+".yml"))...)
		return readFile(t, filepath.Join(s.path(name), name+"-efi-verity.img"))
	}
	// A slow machine can fail the kernel's test of its timers.
	full := build("full", "no_timer_check seaworthy.verify=full")
	lazy := build("lazy", "no_timer_check")
	// The superblock of the tree follows the data; the kernel comes last in the UKI.
	super, kernel := bytes.LastIndex(full, []byte("verity\x00\x00")), bytes.LastIndex(full, []byte("HdrS"))
	root, other := bytes.Index(full, []byte("hsqs")), bytes.Index(lazy, []byte("hsqs"))
	if super < 0 || kernel < 0 || root < 0 || root != other || len(full) != len(lazy) {
		t.Fatalf("root at %d and %d, superblock at %d, kernel at %d; disks of %d and %d bytes", root, other, super, kernel, len(full), len(lazy))
	}
	for _, c := range []struct {
		name string
		disk []byte
		want string
	}{
		{"EFI system partition", changed(full, kernel), "Access Denied"},
		{"data", changed(full, root+3*4096), "the root does not match its root hash"},
		{"hash tree", changed(full, super+4096+7), "the root does not match its root hash"},
		{"superblock", changed(full, super+4000), "the verity superblock is damaged"},
		{"first block of data", changed(lazy, root+9), "dm-verity device corrupted"},
		{"root of another image", append(bytes.Clone(full[:root]), lazy[root:]...), "belongs to another root"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			console := new(console)
			err := bootDisk(t, c.disk, store, console)
			if err == nil || !strings.Contains(err.Error()+console.String(), c.want) || strings.Contains(console.String(), "services started") {
				t.Errorf("%v, want %q\n%s", err, c.want, console)
			}
		})
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// changed is a copy with one bit that differs.
func changed(b []byte, at int) []byte {
	out := bytes.Clone(b)
	out[at] ^= 4
	return out
}

// bootDisk boots a disk under firmware with a variable store until the services run,
// and gives the error of the machine.
func bootDisk(t *testing.T, disk, store []byte, console *console) error {
	t.Helper()
	path := filepath.Join(t.TempDir(), "disk")
	if err := os.WriteFile(path, disk, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return boot.Run(t.Context(), boot.Options{
		Arch: "amd64", Disk: f, DiskFormat: "raw", Firmware: boot.EFI, SecureBoot: store, Console: console, Isolated: true,
		Ready: func(line string) bool { return strings.Contains(line, "ready: 2 of 2") },
	})
}
