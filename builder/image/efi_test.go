package image

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/image/uki"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// tool runs a program of another project on an image file, and skips the test if
// it is missing.
func tool(t *testing.T, pkg string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(args[0]); err != nil {
		t.Skipf("%s is not installed (Debian package %s)", args[0], pkg)
	}
	out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// store writes an image file to a temporary folder.
func store(t *testing.T, content []byte) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), "image")
	if err := os.WriteFile(p, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

// The UKI holds, byte for byte, what kernel+initrd has.
func TestUKI(t *testing.T) {
	t.Parallel()
	out := build(t, []string{"uki", "kernel+initrd"}, small, &Kernel{Zstd: true, Version: "6.1.0-test"})
	info, err := uki.Read(bytes.NewReader(out["os.efi"]), int64(len(out["os.efi"])))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{".linux": testKernel, ".initrd": string(out["os-initrd.img"]), ".cmdline": "quiet", ".uname": "6.1.0-test", ".osrel": OSRelease("os")} {
		s, ok := info.Section(name)
		if got := out["os.efi"][s.Offset : s.Offset+s.Size]; !ok || strings.TrimRight(string(got), "\x00") != strings.TrimRight(want, "\x00") {
			t.Errorf("%s has %d bytes, want %d", name, len(got), len(want))
		}
	}
	if text := tool(t, "binutils", "objdump", "-h", store(t, out["os.efi"])); !strings.Contains(text, ".initrd") {
		t.Error(text)
	}
}

// The name of a system cannot add lines to os-release.
func TestOSRelease(t *testing.T) {
	t.Parallel()
	if got := OSRelease("a\"b$c`d\\"); strings.Count(got, "\n") != 3 || !strings.Contains(got, `PRETTY_NAME="a\"b\$c`+"\\`"+`d\\ (Seaworthy)"`) {
		t.Errorf("%q", got)
	}
}

// Other people's tools find the UKI in a disk and in an ISO.
func TestEFIDisks(t *testing.T) {
	t.Parallel()
	out := build(t, []string{"raw-efi", "iso-efi", "iso-efi-initrd", "qcow2-efi", "uki"}, small, &Kernel{Zstd: true})
	raw := store(t, out["os-efi.img"])
	if text := tool(t, "gdisk", "sgdisk", "-v", raw); !strings.Contains(text, "No problems found") {
		t.Error(text)
	}
	iso := store(t, out["os-efi.iso"])
	if text := tool(t, "xorriso", "xorriso", "-indev", iso, "-report_el_torito", "plain"); !strings.Contains(text, "UEFI") {
		t.Error(text)
	}
	if !bytes.Equal(out["os-efi.iso"], out["os-efi-initrd.iso"]) {
		t.Error("iso-efi and iso-efi-initrd differ")
	}
	qcow2 := store(t, out["os-efi.qcow2"])
	if text := tool(t, "qemu-utils", "qemu-img", "compare", "-f", "raw", "-F", "qcow2", raw, qcow2); !strings.Contains(text, "identical") {
		t.Error(text)
	}
	dir := t.TempDir()
	tool(t, "xorriso", "xorriso", "-osirrox", "on", "-indev", iso, "-extract", "/BOOT/EFI.IMG", filepath.Join(dir, "esp"))
	for i, esp := range []string{raw + "@@1048576", filepath.Join(dir, "esp")} {
		got := filepath.Join(dir, fmt.Sprint(i))
		tool(t, "mtools", "mcopy", "-i", esp, "::/EFI/BOOT/BOOTX64.EFI", got)
		if b, err := os.ReadFile(got); err != nil || !bytes.Equal(b, out["os.efi"]) {
			t.Errorf("%s holds another program: %d bytes, want %d (%v)", esp, len(b), len(out["os.efi"]), err)
		}
	}
}

// Other people's tools read what a BIOS boots.
func TestBIOSDisks(t *testing.T) {
	t.Parallel()
	requireTools(t, "raw-bios")
	requireTools(t, "iso-bios")
	out := build(t, []string{"raw-bios", "iso-bios", "qcow2-bios", "vmdk", "vhd", "aws", "gcp", "kernel+initrd"}, small, &Kernel{Zstd: true})
	raw := store(t, out["os-bios.img"])
	if text := tool(t, "fdisk", "sfdisk", "--verify", raw); !strings.Contains(text, "No errors detected") {
		t.Error(text)
	}
	out["dynamic"] = build(t, []string{"dynamic-vhd"}, small, &Kernel{Zstd: true})["os.vhd"] // the name of the fixed one
	for name, format := range map[string]string{"os.qcow2": "qcow2", "os.vmdk": "vmdk", "os.vhd": "vpc", "dynamic": "vpc", "os.raw": "raw"} {
		if text := tool(t, "qemu-utils", "qemu-img", "compare", "-f", "raw", "-F", format, raw, store(t, out[name])); !strings.Contains(text, "identical") {
			t.Errorf("%s: %s", name, text)
		}
	}
	if text := tool(t, "xorriso", "xorriso", "-indev", store(t, out["os.iso"]), "-report_el_torito", "plain", "-report_system_area", "plain"); !strings.Contains(text, "BIOS") ||
		!strings.Contains(text, "isohybrid") || !strings.Contains(text, "MBR partition      :   1   0x80  0x17") {
		t.Error(text)
	}
	if text := tool(t, "fdisk", "sfdisk", "--verify", store(t, out["os.iso"])); !strings.Contains(text, "No errors detected") {
		t.Error(text)
	}
	got := filepath.Join(t.TempDir(), "x")
	tool(t, "mtools", "mcopy", "-i", raw+"@@1048576", "::/INITRD.IMG", got)
	if b, err := os.ReadFile(got); err != nil || !bytes.Equal(b, out["os-initrd.img"]) {
		t.Errorf("the initrd of the disk has %d bytes, want %d (%v)", len(b), len(out["os-initrd.img"]), err)
	}
	tool(t, "dosfstools", "fsck.vfat", "-n", store(t, out["os-bios.img"][1<<20:]))
}

// A command line cannot add lines to the loader's configuration.
func TestLoaderConfig(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"a\nLABEL x": "line break", strings.Repeat("a", 2048): "2048 bytes"} {
		if _, err := loaderConfig(text); !errors.Is(err, system.ErrInput) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text[:8], err)
		}
	}
	if b, err := loaderConfig("console=ttyS0"); err != nil || !strings.Contains(string(b), "APPEND console=ttyS0\n") {
		t.Errorf("%s, %v", b, err)
	}
}

func TestRequire(t *testing.T) {
	t.Parallel()
	if _, err := Require([]string{"iso-efi", "tar"}, "riscv64", Tools{}, false); !errors.Is(err, system.ErrInput) || !strings.Contains(err.Error(), "format iso-efi does not exist for riscv64") {
		t.Errorf("%v", err)
	}
	used, err := Require([]string{"iso-efi", "raw-efi"}, "arm64", stubs(t), false)
	if err != nil || len(used) != 1 || used[0].Name != "linuxaa64.efi.stub" {
		t.Errorf("%v, %v", used, err)
	}
	if used, err := Require([]string{"tar", "kernel+initrd"}, "riscv64", Tools{}, false); err != nil || used != nil {
		t.Errorf("%v, %v", used, err)
	}
}

// A missing program is reported with the format that was asked for.
func TestMissingPrograms(t *testing.T) {
	t.Setenv("PATH", "")
	tools, missing := stubs(t), 0
	for _, f := range Formats() {
		_, err := Require([]string{f}, "amd64", tools, false)
		if errors.Is(err, system.ErrUnusable) {
			missing++
			if !strings.Contains(err.Error(), "format "+f+": ") {
				t.Errorf("%s: %v", f, err)
			}
		}
	}
	if missing < 6 {
		t.Errorf("programs are missing for %d formats", missing)
	}
}
