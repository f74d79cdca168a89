package disk

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// run runs a program of another project, and skips the test if it is missing.
func run(t *testing.T, pkg, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("%s is not installed (Debian package %s)", name, pkg)
	}
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "MTOOLS_SKIP_CHECK=1", "TZ=UTC")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func noise(n int, seed byte) []byte {
	out := make([]byte, 0, n+32)
	for i := 0; len(out) < n; i++ {
		s := sha256.Sum256([]byte(fmt.Sprint(seed, i)))
		out = append(out, s[:]...)
	}
	return out[:n]
}

var tree = []File{
	Bytes("EFI/BOOT/BOOTX64.EFI", noise(3<<20+17, 1)),
	Bytes("loader/keys/auto/PK.auth", noise(700, 2)),
	Bytes("loader/keys/auto/KEK.auth", noise(701, 3)),
	Bytes("a file with a long name.conf", []byte("text")),
	Bytes("a file with a longer name.conf", []byte("more text")),
	Bytes("empty", nil),
	Bytes("KERNEL", noise(512, 4)),
}

var day = time.Date(2026, 11, 30, 12, 34, 56, 0, time.UTC)

func create(t *testing.T, size int64) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "disk.img"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	return f
}

func writeFAT(t *testing.T, o FAT) *os.File {
	t.Helper()
	size, err := o.Size()
	if err != nil {
		t.Fatal(err)
	}
	f := create(t, size)
	if err := o.Write(f); err != nil {
		t.Fatal(err)
	}
	return f
}

// Another implementation finds no mistake, and reads every file.
func TestFAT(t *testing.T) {
	t.Parallel()
	for _, bits := range []int{16, 32} {
		t.Run(fmt.Sprint(bits), func(t *testing.T) {
			t.Parallel()
			f := writeFAT(t, FAT{Bits: bits, Serial: 0x1234abcd, Label: "SEAWORTHY", Time: day, Files: tree})
			run(t, "dosfstools", "fsck.vfat", "-n", "-v", f.Name())
			out := run(t, "mtools", "mdir", "-i", f.Name(), "-/", "::")
			for _, want := range []string{"SEAWORTHY", "1234-ABCD", "2026-11-30  12:34", "a file with a longer name.conf"} {
				if !strings.Contains(out, want) {
					t.Errorf("mdir does not show %q:\n%s", want, out)
				}
			}
			for _, file := range tree {
				to := filepath.Join(t.TempDir(), "x")
				run(t, "mtools", "mcopy", "-n", "-i", f.Name(), "::/"+file.Path, to)
				sameContent(t, file, to)
			}
		})
	}
}

func sameContent(t *testing.T, file File, got string) {
	t.Helper()
	r, err := file.Open()
	if err != nil {
		t.Fatal(err)
	}
	want, _ := io.ReadAll(r)
	if b, err := os.ReadFile(got); err != nil || !bytes.Equal(b, want) {
		t.Errorf("%s: %d bytes, want %d (%v)", file.Path, len(b), len(want), err)
	}
}

// Sizes at which the type of the file system, or the size of its clusters,
// changes.
func TestFATSizes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		bits int
		size int64
	}{{16, 0}, {16, 2 << 20}, {16, 31 << 20}, {16, 33 << 20}, {16, 70 << 20}, {32, 0}, {32, 40 << 20}, {32, 300 << 20}} {
		zero := File{Path: "BIG", Size: c.size, Open: func() (io.ReadCloser, error) {
			return io.NopCloser(io.LimitReader(zeros{}, c.size)), nil
		}}
		f := writeFAT(t, FAT{Bits: c.bits, Label: "X", Time: day, Files: []File{zero}})
		if out := run(t, "dosfstools", "fsck.vfat", "-n", "-v", f.Name()); !strings.Contains(out, fmt.Sprintf("%d bit entries", c.bits)) {
			t.Errorf("%d bits, %d bytes:\n%s", c.bits, c.size, out)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestFilesThatDoNotFit(t *testing.T) {
	t.Parallel()
	open := func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("")), nil }
	for name, files := range map[string][]File{
		"4 GiB": {{Path: "a", Size: 1 << 32, Open: open}}, "not a clean": {{Path: "../a", Open: open}}, "duplicate": {Bytes("a", nil), Bytes("A", nil)},
		"is a file and a folder": {Bytes("a/b", nil), Bytes("A", nil)}, "cannot hold the name": {Bytes("a:b", nil)},
	} {
		if _, err := (FAT{Bits: 16, Files: files}).Size(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("FAT, %s: %v", name, err)
		}
		if _, err := (ISO{Files: files}).Write(create(t, 0)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("ISO, %s: %v", name, err)
		}
	}
	if _, err := (FAT{Bits: 32, Files: []File{{Path: "a", Size: 1<<32 - 1, Open: open}}}).Size(); err != nil {
		t.Errorf("4 GiB in a FAT32: %v", err)
	}
	if _, err := (FAT{Bits: 16, Files: []File{{Path: "a", Size: 3 << 30, Open: open}}}).Size(); err == nil || !strings.Contains(err.Error(), "do not fit") {
		t.Errorf("3 GiB in a FAT16: %v", err)
	}
	short := File{Path: "a", Size: 10, Open: open}
	if err := (FAT{Bits: 16, Files: []File{short}}).Write(create(t, 8<<20)); err == nil || !strings.Contains(err.Error(), "0 bytes, expected 10") {
		t.Errorf("a short file: %v", err)
	}
	broken := File{Path: "a", Size: 10, Open: func() (io.ReadCloser, error) { return nil, errors.New("gone") }}
	if _, err := (ISO{Files: []File{broken}}).Write(create(t, 0)); err == nil || !strings.Contains(err.Error(), "gone") {
		t.Errorf("a broken file: %v", err)
	}
}

func TestGPT(t *testing.T) {
	t.Parallel()
	parts := []Partition{{Name: "EFI system", Type: TypeESP, ID: GUID("esp", []byte("x")), Size: 5 << 20}, {Name: "root", Type: TypeESP, ID: GUID("root", []byte("x")), Size: 512 * 77}}
	size := Lay(parts)
	f := create(t, 0)
	if err := WriteGPT(f, size, GUID("disk", []byte("x")), parts); err != nil {
		t.Fatal(err)
	}
	if out := run(t, "gdisk", "sgdisk", "-v", f.Name()); !strings.Contains(out, "No problems found") {
		t.Error(out)
	}
	out := run(t, "gdisk", "sgdisk", "-i", "2", f.Name())
	for _, want := range []string{parts[1].ID, "'root'", "77 sectors"} {
		if !strings.Contains(out, want) {
			t.Errorf("sgdisk does not show %q:\n%s", want, out)
		}
	}
}

var isoTree = []File{
	Bytes("boot/efi.img", noise(2<<20+100, 1)), Bytes("isolinux/isolinux.bin", noise(3000, 2)), Bytes("isolinux/isolinux.cfg", []byte("default x\n")),
	Bytes("kernel", noise(5000, 3)), Bytes("empty.txt", nil),
}

func isoOf() ISO {
	return ISO{Label: "SEAWORTHY", Time: day, Files: isoTree, DiskID: GUID("disk", nil), PartitionID: GUID("esp", nil),
		Boot: []BootImage{{Path: "isolinux/isolinux.bin", InfoTable: true}, {Path: "boot/efi.img", Platform: PlatformEFI}}}
}

func TestISO(t *testing.T) {
	t.Parallel()
	f := create(t, 0)
	size, err := isoOf().Write(f)
	if err != nil {
		t.Fatal(err)
	}
	if info, _ := f.Stat(); info.Size() != size {
		t.Errorf("%d bytes, want %d", info.Size(), size)
	}
	out := run(t, "genisoimage", "isoinfo", "-d", "-i", f.Name())
	for _, want := range []string{"Volume id: SEAWORTHY", "El Torito VD version 1 found"} {
		if !strings.Contains(out, want) {
			t.Errorf("isoinfo does not show %q:\n%s", want, out)
		}
	}
	out = run(t, "xorriso", "xorriso", "-indev", f.Name(), "-report_el_torito", "plain", "-report_system_area", "plain")
	for _, want := range []string{"BIOS", "UEFI", "/isolinux/isolinux.bin", "/boot/efi.img", "GPT"} {
		if !strings.Contains(strings.ReplaceAll(out, "ISOLINUX", "isolinux"), want) && !strings.Contains(out, strings.ToUpper(want)) {
			t.Errorf("xorriso does not show %q:\n%s", want, out)
		}
	}
	if out := run(t, "gdisk", "sgdisk", "-v", f.Name()); !strings.Contains(out, "No problems found") {
		t.Error(out)
	}
	dir := t.TempDir()
	run(t, "xorriso", "xorriso", "-osirrox", "on", "-indev", f.Name(), "-extract", "/", dir)
	for _, file := range isoTree {
		if !strings.HasSuffix(file.Path, "isolinux.bin") { // which has the table in it
			sameContent(t, file, filepath.Join(dir, strings.ToUpper(file.Path)))
		}
	}
}

// Boot code for a disk goes with a loader that can start there.
func TestISOHybrid(t *testing.T) {
	t.Parallel()
	loader := noise(3000, 2)
	copy(loader[64:], "\xfb\xc0\x78\x70")
	iso := ISO{Label: "X", Time: day, Files: []File{Bytes("isolinux/isolinux.bin", loader)}, BootCode: make([]byte, 432), Signature: 0x1234abcd,
		Boot: []BootImage{{Path: "isolinux/isolinux.bin", InfoTable: true}}}
	f := create(t, 0)
	size, err := iso.Write(f)
	if err != nil || size != 1<<20 {
		t.Fatalf("%d bytes, %v", size, err)
	}
	out := run(t, "xorriso", "xorriso", "-indev", f.Name(), "-report_system_area", "plain")
	for _, want := range []string{"cyl-align-on", "MBR partition      :   1   0x80  0x17            0         2048"} {
		if !strings.Contains(out, want) {
			t.Errorf("xorriso does not show %q:\n%s", want, out)
		}
	}
	if out := run(t, "fdisk", "sfdisk", "--disk-id", f.Name()); !strings.Contains(out, "0x1234abcd") {
		t.Errorf("sfdisk shows another signature: %s", out)
	}
	for want, change := range map[string]func(*ISO){
		"room for 432":          func(o *ISO) { o.BootCode = make([]byte, 433) },
		"cannot start from a":   func(o *ISO) { o.Files = []File{Bytes("isolinux/isolinux.bin", noise(3000, 2))} },
		"no boot image for a B": func(o *ISO) { o.Boot = nil },
	} {
		o := iso
		change(&o)
		if _, err := o.Write(create(t, 0)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// A folder of several blocks: no record crosses a block.
func TestISOWithManyFiles(t *testing.T) {
	t.Parallel()
	var files []File
	for i := range 300 {
		files = append(files, Bytes(fmt.Sprintf("many/file_number_%d.txt", i), []byte(fmt.Sprint(i))))
	}
	f := create(t, 0)
	if _, err := (ISO{Label: "X", Time: day, Files: files}).Write(f); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	run(t, "xorriso", "xorriso", "-osirrox", "on", "-indev", f.Name(), "-extract", "/", dir)
	for _, file := range files {
		sameContent(t, file, filepath.Join(dir, strings.ToUpper(file.Path)))
	}
}

// The order of the files and the clock change nothing.
func TestSameBytes(t *testing.T) {
	t.Parallel()
	sum := func(write func(*os.File) error) string {
		f := create(t, 0)
		if err := write(f); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%x", sha256.Sum256(b))
	}
	turned := slices.Clone(tree)
	slices.Reverse(turned)
	for _, bits := range []int{16, 32} {
		a := sum(func(f *os.File) error { return FAT{Bits: bits, Time: day, Files: tree}.Write(f) })
		b := sum(func(f *os.File) error { return FAT{Bits: bits, Time: day, Files: turned}.Write(f) })
		if a != b {
			t.Errorf("FAT%d depends on the order of the files", bits)
		}
	}
	iso := func(f *os.File) error { _, err := isoOf().Write(f); return err }
	if a, b := sum(iso), sum(iso); a != b {
		t.Errorf("two ISO images differ: %s, %s", a, b)
	}
}
