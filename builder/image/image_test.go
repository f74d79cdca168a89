package image

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/u-root/u-root/pkg/cpio"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/petest"
)

// item is one entry of a test system with its content.
type item struct {
	path string
	typ  system.EntryType
	mode uint32
	body string
	link string
	// xattr is the value of an extended attribute, or "" for none.
	xattr string
	uid   int
}

// testKernel is an EFI program, as kernels are.
var testKernel = string(petest.Program("amd64", 5000))

// stubs is a folder with a program in place of systemd's stub.
func stubs(t *testing.T) Tools {
	t.Helper()
	dir := t.TempDir()
	for arch, a := range efiArches {
		if err := os.WriteFile(filepath.Join(dir, a.stub), petest.Stub(arch), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return Tools{Dirs: []string{dir}}
}

// requireTools skips the test of a format if one of its tools is not installed.
func requireTools(t *testing.T, format string) {
	t.Helper()
	if _, err := Require([]string{format}, "amd64", stubs(t), false); err != nil {
		t.Skip(err)
	}
}

var small = []item{
	{path: "boot", typ: system.TypeDir, mode: 0o755},
	{path: "boot/cmdline", typ: system.TypeFile, mode: 0o644, body: "quiet"},
	{path: "etc", typ: system.TypeDir, mode: 0o755},
	{path: "etc/motd", typ: system.TypeFile, mode: 0o644, body: "hello\n"},
	{path: "boot/kernel", typ: system.TypeFile, mode: 0o644, body: testKernel},
	{path: "bin", typ: system.TypeDir, mode: 0o755},
	{path: "bin/perl", typ: system.TypeFile, mode: 0o4755, body: strings.Repeat("perl", 5000)},
	{path: "bin/empty", typ: system.TypeFile, mode: 0o644},
	{path: "bin/perl5", typ: system.TypeHardlink, mode: 0o4755, link: "bin/perl"},
	{path: "bin/perl6", typ: system.TypeHardlink, mode: 0o4755, link: "bin/perl"},
	{path: "bin/none", typ: system.TypeHardlink, mode: 0o644, link: "bin/empty"},
	{path: "sbin", typ: system.TypeSymlink, mode: 0o777, link: "bin"},
	{path: "last", typ: system.TypeFile, mode: 0o600, body: "z"},
}

func feed(t *testing.T, s *Set, items []item) {
	t.Helper()
	for _, it := range items {
		e := system.Entry{Path: it.path, Type: it.typ, Mode: it.mode, Size: int64(len(it.body)), Link: it.link, UID: it.uid, GID: it.uid}
		if it.xattr != "" {
			e.Xattrs = map[string]string{"user.x": it.xattr}
		}
		w, err := s.Entry(&system.RootEntry{Entry: e})
		if err != nil {
			t.Fatal(err)
		}
		if w == nil {
			continue
		}
		for body := []byte(it.body); len(body) > 0; { // in pieces, as a pass gives it
			n := min(len(body), 4097)
			if _, err := w.Write(body[:n]); err != nil {
				t.Fatal(err)
			}
			body = body[n:]
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// build writes items in the formats and returns the files' contents.
func build(t *testing.T, formats []string, items []item, kernel *Kernel) map[string][]byte {
	t.Helper()
	return buildWith(t, formats, items, kernel, stubs(t))
}

// testInit is an init that can boot a verified root.
var testInit = item{path: "init", typ: system.TypeFile, mode: 0o755, body: strings.Repeat("x", 4090) + initMark + "x" + rootMark}

func buildWith(t *testing.T, formats []string, items []item, kernel *Kernel, tools Tools) map[string][]byte {
	t.Helper()
	for _, name := range formats {
		if f, _ := Find(name); f.Verified {
			items = append([]item{testInit}, items...)
			break
		}
	}
	dir := t.TempDir()
	s, err := New(formats, Options{Dir: dir, Stem: "os", Time: time.Unix(0, 0), Arch: "amd64", Tools: tools})
	if err != nil {
		t.Fatal(err)
	}
	half := len(items) / 2
	feed(t, s, items[:half])
	if kernel != nil {
		if err := s.Kernel(*kernel); err != nil {
			t.Fatal(err)
		}
	}
	feed(t, s, items[half:])
	names, err := s.Close()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, n := range names {
		if out[n], err = os.ReadFile(filepath.Join(dir, n)); err != nil {
			t.Fatal(err)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != len(names) {
		t.Errorf("the folder contains %v, the writer named %v (%v)", left, names, err)
	}
	return out
}

// unpack reads a cpio archive and returns its records by path.
func unpack(t *testing.T, archive []byte) map[string]cpio.Record {
	t.Helper()
	out := map[string]cpio.Record{}
	r := cpio.Newc.Reader(bytes.NewReader(archive))
	for {
		rec, err := r.ReadRecord()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out[rec.Name] = rec
	}
}

func body(t *testing.T, r cpio.Record) string {
	t.Helper()
	b, err := io.ReadAll(io.NewSectionReader(r.ReaderAt, 0, int64(r.FileSize)))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func unzstd(t *testing.T, b []byte) []byte {
	t.Helper()
	d, err := zstd.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	out, err := io.ReadAll(d)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestKernelInitrd(t *testing.T) {
	t.Parallel()
	out := build(t, []string{"kernel+initrd"}, small, &Kernel{Zstd: true})
	if got := string(out["os-kernel"]); got != testKernel {
		t.Errorf("kernel: %q", got)
	}
	if got := string(out["os-cmdline"]); got != "quiet" {
		t.Errorf("cmdline: %q", got)
	}
	checkArchive(t, unzstd(t, out["os-initrd.img"]))
}

func checkArchive(t *testing.T, archive []byte) {
	t.Helper()
	recs := unpack(t, archive)
	for _, it := range small {
		rec, ok := recs[it.path]
		if strings.HasPrefix(it.path, "boot/") {
			if ok {
				t.Errorf("%s is in the initrd", it.path)
			}
			continue
		}
		if !ok {
			t.Errorf("%s is missing", it.path)
			continue
		}
		if got := uint32(rec.Mode) & 0o7777; got != it.mode {
			t.Errorf("%s: mode %o, want %o", it.path, got, it.mode)
		}
		switch it.typ {
		case system.TypeFile:
			if got := body(t, rec); got != it.body {
				t.Errorf("%s: %d bytes, want %d", it.path, len(got), len(it.body))
			}
		case system.TypeSymlink:
			if got := body(t, rec); got != it.link {
				t.Errorf("%s -> %q", it.path, got)
			}
		}
	}
	if got := body(t, recs["bin/perl5"]); got != strings.Repeat("perl", 5000) {
		t.Errorf("the first hard link has %d bytes", len(got))
	}
	if a, b := recs["bin/perl5"], recs["bin/perl6"]; a.Ino != b.Ino || a.NLink != 2 || b.FileSize != 0 {
		t.Errorf("hard links are not linked: %+v %+v", a.Info, b.Info)
	}
}

func TestInitrdIsGzipIfZstdIsUnsupported(t *testing.T) {
	t.Parallel()
	out := build(t, []string{"kernel+initrd"}, small, &Kernel{})
	r, err := gzip.NewReader(bytes.NewReader(out["os-initrd.img"]))
	if err != nil {
		t.Fatal(err)
	}
	archive, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	checkArchive(t, archive)
}

func TestMicrocodeComesFirst(t *testing.T) {
	t.Parallel()
	for _, k := range []Kernel{{Zstd: true}, {}} {
		items := append([]item{small[2], small[3], {path: "boot/ucode.cpio", typ: system.TypeFile, mode: 0o644, body: "UCODE..."}}, small[4:]...)
		out := build(t, []string{"kernel+initrd"}, items, &k)["os-initrd.img"]
		rest, ok := bytes.CutPrefix(out, []byte("UCODE..."))
		if !ok {
			t.Fatalf("the initrd begins with %q", out[:8])
		}
		if magic := []byte{0x28, 0xb5, 0x2f, 0xfd}; k.Zstd != bytes.HasPrefix(rest, magic) {
			t.Errorf("zstd %v, but the body begins with %x", k.Zstd, rest[:4])
		}
	}
}

func TestTar(t *testing.T) {
	t.Parallel()
	out := build(t, []string{"tar"}, small, nil)
	tr := tar.NewReader(bytes.NewReader(out["os.tar"]))
	for _, it := range small {
		h, err := tr.Next()
		if err != nil {
			t.Fatal(err)
		}
		if strings.TrimSuffix(h.Name, "/") != it.path || uint32(h.Mode) != it.mode || h.Linkname != it.link {
			t.Errorf("%+v, want %+v", h, it)
		}
		if b, _ := io.ReadAll(tr); string(b) != it.body {
			t.Errorf("%s: %d bytes, want %d", it.path, len(b), len(it.body))
		}
	}
}

func TestSameBytesOnAnyNumberOfCores(t *testing.T) {
	items := append([]item{}, small...)
	noise := make([]byte, 0, 6<<20)
	for i := 0; len(noise) < 6<<20; i++ {
		s := sha256.Sum256([]byte(fmt.Sprint(i % 50000)))
		noise = append(noise, s[:]...)
	}
	items = append(items, item{path: "noise", typ: system.TypeFile, mode: 0o644, body: string(noise)})
	for _, k := range []Kernel{{Zstd: true}, {}} {
		sums := map[[32]byte]bool{}
		for _, cores := range []int{1, 2, 8} {
			old := runtime.GOMAXPROCS(cores)
			out := build(t, []string{"kernel+initrd", "tar"}, items, &k)
			runtime.GOMAXPROCS(old)
			sums[sha256.Sum256(append(out["os-initrd.img"], out["os.tar"]...))] = true
		}
		if len(sums) != 1 {
			t.Errorf("zstd %v: %d different outputs", k.Zstd, len(sums))
		}
	}
}

func TestUnsupportedFormats(t *testing.T) {
	t.Parallel()
	err := CheckFormats([]string{"tar", "rpi3", "tape", "floppy"})
	if !errors.Is(err, system.ErrInput) {
		t.Fatalf("%v", err)
	}
	for _, want := range []string{`unknown format "tape"`, "formats rpi3 and tar both write the file NAME.tar", `unknown format "floppy"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
}

// A file above 4 GiB is refused when its header comes, under the name of the format
// that was asked for, or the format can hold it.
func TestLargeFiles(t *testing.T) {
	t.Parallel()
	holds := []string{"docker", "kernel+erofs", "kernel+iso", "kernel+squashfs", "qcow2-efi-verity", "raw-efi-verity", "tar"}
	for _, format := range Formats() {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			if f, _ := Find(format); f.Verified {
				requireTools(t, format)
			}
			s, err := New([]string{format}, Options{Dir: t.TempDir(), Stem: "os", Time: time.Unix(0, 0), Arch: "amd64"})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Abort()
			_, err = s.Entry(&system.RootEntry{Entry: system.Entry{Path: "big", Type: system.TypeFile, Size: 5 << 30}})
			if slices.Contains(holds, format) {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var e *system.Error
			if !errors.Is(err, system.ErrInput) || !errors.As(err, &e) || !strings.Contains(e.Next, "kernel+squashfs") ||
				!strings.Contains(err.Error(), "format "+format+": /big: the file has 5368709120 bytes") {
				t.Errorf("%v", err)
			}
		})
	}
}

// An initrd is refused as soon as it is larger than what the format can boot.
func TestLargeInitrds(t *testing.T) {
	t.Parallel()
	for format, want := range map[string]int64{
		"kernel+initrd": 0, "tar-kernel-initrd": 0, "uki": 3840, "raw-efi": 3840, "qcow2-efi": 3840, "iso-efi": 3840, "raw-bios": 1792, "iso-bios": 1792, "gcp": 1792, "rpi3": 352,
	} {
		s, err := New([]string{format}, Options{Dir: t.TempDir(), Stem: "os", Time: time.Unix(0, 0), Arch: "amd64"})
		if err != nil {
			t.Fatal(err)
		}
		if got := s.steps[0].writer.output().limit.size >> 20; got != want {
			t.Errorf("%s: an initrd may have %d MiB, want %d", format, got, want)
		}
		s.Abort()
	}
	for _, zstd := range []bool{true, false} {
		w, err := newKernelInitrd(Options{Dir: t.TempDir(), Stem: "os", limit: initrdLimit{3 << 20, "it is a test"}})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Kernel(Kernel{Zstd: zstd}); err != nil {
			t.Fatal(err)
		}
		c, err := w.Entry(&system.RootEntry{Entry: system.Entry{Path: "noise", Type: system.TypeFile, Size: 1 << 30}})
		if err != nil {
			t.Fatal(err)
		}
		noise := rand.NewChaCha8([32]byte{})
		var written int64
		for err == nil && written < 1<<30 {
			var n int64
			n, err = io.CopyN(c, noise, 1<<20)
			written += n
		}
		if !errors.Is(err, system.ErrInput) || !strings.Contains(err.Error(), "the initrd has more than 3 MiB: it is a test") || written > 100<<20 {
			t.Errorf("zstd %t: after %d bytes: %v", zstd, written, err)
		}
		w.Abort()
	}
}

// The kernel would end the archive at such a name, or ignore the entry.
func TestNamesThatCpioCannotStore(t *testing.T) {
	long := strings.Repeat("a/", 2047) + "bc"
	for name, e := range map[string]system.Entry{
		"end mark":      {Path: "TRAILER!!!", Type: system.TypeFile},
		"folder":        {Path: "TRAILER!!!", Type: system.TypeDir},
		"long name":     {Path: long, Type: system.TypeFile},
		"long target":   {Path: "l", Type: system.TypeSymlink, Link: long},
		"end mark here": {Path: "a/TRAILER!!!", Type: system.TypeFile},
		"just fits":     {Path: long[1:], Type: system.TypeFile},
		"target fits":   {Path: "l", Type: system.TypeSymlink, Link: long[1:]},
	} {
		ok := strings.Contains(name, "here") || strings.Contains(name, "fits")
		s, err := New([]string{"kernel+initrd"}, Options{Dir: t.TempDir(), Stem: "x"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Entry(&system.RootEntry{Entry: e}); (err == nil) != ok {
			t.Errorf("%s: error %v", name, err)
		}
		s.Abort()
	}
	// A link's own name counts too, when it is written at the end.
	s, err := New([]string{"kernel+initrd"}, Options{Dir: t.TempDir(), Stem: "x"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Abort()
	feed(t, s, []item{{path: "f", typ: system.TypeFile}, {path: "TRAILER!!!", typ: system.TypeHardlink, link: "f"}})
	if _, err := s.Close(); err == nil || !strings.Contains(err.Error(), "TRAILER!!!") {
		t.Errorf("error %v", err)
	}
}

// The table must describe what each format does: rules depend on it, and a
// build uses it to remove the files of a failed build.
func TestFormatTable(t *testing.T) {
	t.Parallel()
	for _, f := range formats {
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			requireTools(t, f.Name)
			plain := build(t, []string{f.Name}, small, &Kernel{})
			var want []string
			for _, ending := range f.Files {
				want = append(want, "os"+ending)
			}
			slices.Sort(want)
			if got := slices.Sorted(maps.Keys(plain)); !slices.Equal(got, want) {
				t.Errorf("%s writes %q, but its Files say %q", f.Name, got, want)
			}
			with := build(t, []string{f.Name}, append(small, item{path: "x", typ: system.TypeFile, mode: 0o644, xattr: "1"}), &Kernel{})
			without := build(t, []string{f.Name}, append(small, item{path: "x", typ: system.TypeFile, mode: 0o644}), &Kernel{})
			if stored := !maps.EqualFunc(with, without, bytes.Equal); stored != f.Xattrs {
				t.Errorf("%s: Xattrs is %v, but an extended attribute changes its files: %v", f.Name, f.Xattrs, stored)
			}
		})
	}
	if _, ok := Find(Default()); !ok {
		t.Errorf("the default format %q is not a format", Default())
	}
}
