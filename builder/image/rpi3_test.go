package image

import (
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// rpi3Tree is a system for a Raspberry Pi 3 with this kernel.
func rpi3Tree(kernel, cmdline string, trees ...string) []item {
	out := []item{
		{path: "boot", typ: system.TypeDir, mode: 0o755},
		{path: "boot/cmdline", typ: system.TypeFile, mode: 0o644, body: cmdline},
		{path: "boot/kernel", typ: system.TypeFile, mode: 0o644, body: kernel},
	}
	for _, p := range trees {
		out = append(out, item{path: p, typ: system.TypeFile, mode: 0o644, body: "tree " + p})
	}
	return append(out, item{path: "etc", typ: system.TypeDir, mode: 0o755}, item{path: "etc/motd", typ: system.TypeFile, mode: 0o644, body: "hello"})
}

// arm64Kernel is a kernel that takes this many bytes of memory.
func arm64Kernel(memory uint64) string {
	b := make([]byte, 5000)
	binary.LittleEndian.PutUint64(b[16:], memory)
	copy(b[56:], "ARM\x64")
	return string(b)
}

// rpi3Firmware is a folder with files in place of the firmware.
func rpi3Firmware(t *testing.T) Tools {
	t.Helper()
	dir := t.TempDir()
	for _, tool := range rpi3Tools {
		if err := os.WriteFile(filepath.Join(dir, tool.Name), []byte("firmware "+tool.Name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return Tools{Dirs: []string{dir}}
}

var debianTrees = []string{"usr/lib/linux-image-6.1/broadcom/bcm2837-rpi-3-b.dtb", "usr/lib/linux-image-6.1/broadcom/bcm2837-rpi-3-b-plus.dtb", "usr/lib/linux-image-6.1/broadcom/bcm2711-rpi-4-b.dtb"}

func buildRPi3(t *testing.T, items []item, zstd bool) (map[string]string, error) {
	t.Helper()
	return buildRPi3With(t, items, Kernel{Zstd: zstd}, false)
}

func buildRPi3With(t *testing.T, items []item, kernel Kernel, small bool) (map[string]string, error) {
	t.Helper()
	b, err := rpi3Tar(t, items, kernel, small)
	if err != nil {
		return nil, err
	}
	return untar(t, b), nil
}

func rpi3Tar(t *testing.T, items []item, kernel Kernel, small bool) ([]byte, error) {
	t.Helper()
	dir := t.TempDir()
	s, err := New([]string{"rpi3"}, Options{Dir: dir, Stem: "os", Time: time.Unix(1e9, 0), Arch: "arm64", Tools: rpi3Firmware(t), Small: small})
	if err != nil {
		t.Fatal(err)
	}
	feed(t, s, items)
	if err := s.Kernel(kernel); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Close(); err != nil {
		s.Abort()
		return nil, err
	}
	b, err := os.ReadFile(filepath.Join(dir, "os.tar"))
	if err != nil {
		t.Fatal(err)
	}
	return b, nil
}

func TestRPi3(t *testing.T) {
	t.Parallel()
	const cmdline = `console=ttyS1 a="b c" $x \ ;`
	kernel := arm64Kernel(30 << 20)
	for _, zstd := range []bool{true, false} {
		files, err := buildRPi3(t, rpi3Tree(kernel, cmdline, debianTrees...), zstd)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{
			"kernel": kernel, "config.txt": rpi3Config, "u-boot.bin": "firmware u-boot.bin", "start.elf": "firmware start.elf",
			"bcm2837-rpi-3-b.dtb": "tree " + debianTrees[0], "bcm2837-rpi-3-b-plus.dtb": "tree " + debianTrees[1],
		} {
			if files[name] != want {
				t.Errorf("%s has %d bytes, want %d", name, len(files[name]), len(want))
			}
		}
		if len(files) != 10 || len(files["initrd.img"]) == 0 {
			t.Errorf("%d files", len(files))
		}
		if !strings.Contains(files["boot.scr"], "\nload ${devtype} ${devnum}:${distro_bootpart} 0xa000000 initrd.img\nbooti 0x200000 0xa000000:${filesize} ${fdt_addr}\n") ||
			!strings.Contains(files["boot.scr"], "setenv bootargs '"+cmdline+"'\n") {
			t.Errorf("boot.scr: %q", files["boot.scr"])
		}
		list := tool(t, "u-boot-tools", "dumpimage", "-l", store(t, []byte(files["boot.scr"])))
		for _, want := range []string{"AArch64 Linux Script (uncompressed)", "Sep  9 01:46:40 2001", "Image 0: "} {
			if !strings.Contains(list, want) {
				t.Errorf("dumpimage does not show %q:\n%s", want, list)
			}
		}
	}
	if _, err := buildRPi3(t, rpi3Tree("\x1f\x8b"+strings.Repeat("x", 100), cmdline, "boot/dtb/broadcom/bcm2837-rpi-3-b.dtb"), true); err != nil {
		t.Errorf("a compressed kernel, with LinuxKit's folder: %v", err)
	}
}

// The device trees are found in an initrd that xz has compressed.
func TestRPi3Small(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("xz"); err != nil {
		t.Skip("xz is not installed")
	}
	kernel := Kernel{Options: map[string]string{"CONFIG_RD_XZ": "y"}}
	files, err := buildRPi3With(t, rpi3Tree(arm64Kernel(30<<20), "quiet", debianTrees...), kernel, true)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(files["initrd.img"], "\xfd7zXZ") || files["bcm2837-rpi-3-b.dtb"] != "tree "+debianTrees[0] {
		t.Errorf("%d files, initrd %.6q, tree %q", len(files), files["initrd.img"], files["bcm2837-rpi-3-b.dtb"])
	}
}

func TestRPi3Errors(t *testing.T) {
	t.Parallel()
	for want, items := range map[string][]item{
		"without '":            rpi3Tree(arm64Kernel(1), "a='b'", debianTrees...),
		"cannot start this":    rpi3Tree("MZ kernel", "quiet", debianTrees...),
		"there is room for 16": rpi3Tree(arm64Kernel(200<<20), "quiet", debianTrees...),
		"no device tree":       rpi3Tree(arm64Kernel(1), "quiet", debianTrees[1]),
	} {
		_, err := buildRPi3(t, items, true)
		var e *system.Error
		if !errors.Is(err, system.ErrInput) || !errors.As(err, &e) || !strings.Contains(err.Error()+e.Next, want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	// Missing files are reported before any work starts.
	if _, err := Require([]string{"rpi3"}, "arm64", Tools{}, false); err == nil || !strings.Contains(err.Error(), "start.elf was not found") {
		if !slices.ContainsFunc(rpi3Tools, func(tool Tool) bool { return !isFile(filepath.Join(tool.Dir, tool.Name)) }) {
			t.Skip("the firmware is installed")
		}
		t.Errorf("%v", err)
	}
	if _, err := Require([]string{"rpi3"}, "amd64", rpi3Firmware(t), false); err == nil || !strings.Contains(err.Error(), "does not exist for amd64") {
		t.Errorf("%v", err)
	}
}
