package filesystem

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

var day = time.Date(2026, 11, 30, 12, 34, 56, 0, time.UTC)

// item is an entry with its content.
type item struct {
	system.Entry
	body string
}

func file(path string, mode uint32, body string) item {
	return item{system.Entry{Path: path, Type: system.TypeFile, Mode: mode, Size: int64(len(body))}, body}
}

func folder(path string, mode uint32) item {
	return item{Entry: system.Entry{Path: path, Type: system.TypeDir, Mode: mode}}
}

func link(path, to string) item {
	return item{Entry: system.Entry{Path: path, Type: system.TypeSymlink, Mode: 0o777, Link: to}}
}

func noise(n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		sum := sha256.Sum256([]byte(fmt.Sprint(i)))
		b.Write(sum[:])
	}
	return b.String()[:n]
}

// long is a name that needs two fields in Rock Ridge.
var long = strings.Repeat("long-name-", 25)

// tree has each type of file, and sizes on both sides of a block.
func testTree() []item {
	out := []item{
		folder("bin", 0o755), file("bin/su", 0o4755, noise(20000)), file("bin/empty", 0o600, ""),
		{Entry: system.Entry{Path: "bin/su2", Type: system.TypeHardlink, Link: "bin/su"}},
		{Entry: system.Entry{Path: "bin/su3", Type: system.TypeHardlink, Link: "bin/su"}},
		folder("dev", 0o755),
		{Entry: system.Entry{Path: "dev/null", Type: system.TypeChar, Mode: 0o666, DevMajor: 1, DevMinor: 3}},
		{Entry: system.Entry{Path: "dev/far", Type: system.TypeBlock, Mode: 0o660, DevMajor: 259, DevMinor: 70000}},
		{Entry: system.Entry{Path: "dev/pipe", Type: system.TypeFifo, Mode: 0o600}},
		folder("empty", 0o700), link("sbin", "bin"), link("root", "/"), link("here", "./../x/y"), link("far", "/"+strings.Repeat(long+"/", 3)+"end"),
		{system.Entry{Path: "owned", Type: system.TypeFile, Mode: 0o640, UID: 101, GID: 102, Size: 5}, "owned"},
		{system.Entry{Path: "far-owned", Type: system.TypeFile, Mode: 0o640, UID: 70000, GID: 4000000000, Size: 5}, "owned"},
		{system.Entry{Path: "tagged", Type: system.TypeFile, Mode: 0o755, Size: 6,
			Xattrs: map[string]string{"security.capability": "\x01\x00\x00\x02\x00\x20\x00\x00" + strings.Repeat("\x00", 12), "user.x": "value", "com.apple.x": "y"}}, "tagged"},
		folder("many", 0o755), folder(long, 0o755), file(long+"/a", 0o644, "a"),
	}
	for _, n := range []int{1, 2047, 2048, 2049, 4031, 4032, 4033, 4063, 4064, 4065, 4095, 4096, 4097, 8191, 8192, 12000} {
		out = append(out, file(fmt.Sprint("size", n), 0o644, noise(n)))
	}
	out = append(out, file("zeros", 0o644, strings.Repeat("\x00", 3<<20)+"end"))
	for i := range 500 {
		out = append(out, file(fmt.Sprintf("many/File_number_%d.txt", i), 0o644, fmt.Sprint(i)))
	}
	deep := "deep"
	for range 12 {
		out = append(out, folder(deep, 0o755))
		deep += "/deep"
	}
	return append(out, file(deep, 0o644, "deep"))
}

// write writes a file system and returns its file.
func write(t *testing.T, open func(File) (Writer, error), items []item) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "image"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	w, err := open(f)
	if err != nil {
		t.Fatal(err)
	}
	for i := range items {
		it := &items[i]
		c, err := w.Entry(&it.Entry)
		if err != nil {
			t.Fatalf("%s: %v", it.Path, err)
		}
		if c == nil {
			continue
		}
		for body := []byte(it.body); len(body) > 0; {
			n := min(len(body), 1500)
			if _, err := c.Write(body[:n]); err != nil {
				t.Fatal(err)
			}
			body = body[n:]
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	size, err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	if info, err := f.Stat(); err != nil || info.Size() != size || size%4096 != 0 {
		t.Errorf("the file has %d bytes, the file system %d (%v)", info.Size(), size, err)
	}
	return f
}

func newEROFS(f File) (Writer, error) { return NewEROFS(f, day) }
func newISO(f File) (Writer, error)   { return NewISO(f, "SEAWORTHY", day) }

var writers = map[string]func(File) (Writer, error){"erofs": newEROFS, "iso": newISO}

// run runs a program of another project, and skips the test if it is missing.
func run(t *testing.T, pkg, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("%s is not installed (Debian package %s)", name, pkg)
	}
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "TZ=UTC", "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// Another implementation finds no mistake, and reads the same files.
func TestEROFS(t *testing.T) {
	t.Parallel()
	items := testTree()
	f := write(t, newEROFS, items)
	if out := run(t, "erofs-utils", "fsck.erofs", f.Name()); out != "" {
		t.Error(out)
	}
	damaged := store(t, f)
	if _, err := damaged.WriteAt([]byte{0xff, 0xff}, erofsSuperAt+14); err != nil {
		t.Fatal(err)
	}
	if out, _ := exec.Command("fsck.erofs", damaged.Name()).CombinedOutput(); !strings.Contains(string(out), "chksum doesn't match") {
		t.Errorf("fsck.erofs accepts a damaged superblock: %s", out)
	}
	out := run(t, "erofs-utils", "dump.erofs", "-s", f.Name())
	for _, want := range []string{"0xE0F5E1E2", "Filesystem created:                           Mon Nov 30 12:34:56 2026"} {
		if !strings.Contains(out, want) {
			t.Errorf("dump.erofs does not show %q:\n%s", want, out)
		}
	}
	dir := filepath.Join(t.TempDir(), "out")
	run(t, "erofs-utils", "fsck.erofs", "--extract="+dir, "--preserve-perms", f.Name())
	sameFiles(t, items, dir, func(p string) string { return p })
	for path, want := range map[string]string{
		"/bin/su2": "Links: 3", "/far-owned": "Uid: 70000   Gid: 4000000000", "/owned": "Uid: 101   Gid: 102", "/tagged": "Xattr size: 60", "/bin/su": "Size: 20000",
	} {
		if out := run(t, "erofs-utils", "dump.erofs", "--path="+path, f.Name()); !strings.Contains(squeeze(out), squeeze(want)) {
			t.Errorf("%s has no %q:\n%s", path, want, out)
		}
	}
}

// store copies a file.
func store(t *testing.T, f *os.File) *os.File {
	t.Helper()
	out, err := os.Create(filepath.Join(t.TempDir(), "copy"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { out.Close() })
	if _, err := io.Copy(out, io.NewSectionReader(f, 0, 1<<62)); err != nil {
		t.Fatal(err)
	}
	return out
}

// squeeze makes runs of spaces one space.
func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

// sameFiles compares extracted files with what was written.
func sameFiles(t *testing.T, items []item, dir string, rename func(string) string) {
	t.Helper()
	for _, it := range items {
		p := filepath.Join(dir, rename(it.Path))
		info, err := os.Lstat(p)
		if err != nil {
			if it.Type != system.TypeChar && it.Type != system.TypeBlock { // they need root
				t.Errorf("%v", err)
			}
			continue
		}
		switch it.Type {
		case system.TypeFile:
			if info.Mode().Perm() != os.FileMode(it.Mode&0o777) {
				t.Errorf("%s has mode %v", it.Path, info.Mode())
			}
			if b, err := os.ReadFile(p); err != nil || string(b) != it.body {
				t.Errorf("%s: %d bytes, want %d (%v)", it.Path, len(b), len(it.body), err)
			}
		case system.TypeSymlink:
			if to, err := os.Readlink(p); err != nil || to != it.Link {
				t.Errorf("%s leads to %.80q, want %.80q (%v)", it.Path, to, it.Link, err)
			}
		case system.TypeDir:
			if !info.IsDir() {
				t.Errorf("%s is not a folder", it.Path)
			}
		}
	}
}

func TestISO(t *testing.T) {
	t.Parallel()
	items := testTree()
	f := write(t, newISO, items)
	dir := filepath.Join(t.TempDir(), "out")
	run(t, "xorriso", "xorriso", "-osirrox", "on", "-indev", f.Name(), "-extract", "/", dir)
	sameFiles(t, items, dir, func(p string) string { return p })
	list := squeeze(run(t, "xorriso", "xorriso", "-indev", f.Name(), "-lsl", "/", "/bin", "/dev", "--"))
	for _, want := range []string{
		"-rwsr-xr-x 1 0 0 20000 Nov 30 12:34 'su'", "-rw-r----- 1 101 102 5 Nov 30 12:34 'owned'", "'sbin' -> 'bin'", "'root' -> '/'", "drwx------ 1 0 0 0 Nov 30 12:34 'empty'", "-rw-r----- 1 70000 4000000000 5",
	} {
		if !strings.Contains(list, want) {
			t.Errorf("xorriso does not show %q:\n%.4000s", want, list)
		}
	}
	if out := run(t, "genisoimage", "isoinfo", "-d", "-i", f.Name()); !strings.Contains(out, "Rock Ridge signatures version 1 found") || !strings.Contains(out, "Volume id: SEAWORTHY") {
		t.Error(out)
	}
}

// Equal streams give equal bytes; other content gives another identifier.
func TestSameBytes(t *testing.T) {
	t.Parallel()
	for name, open := range writers {
		sum := func(items []item) string {
			b, err := os.ReadFile(write(t, open, items).Name())
			if err != nil {
				t.Fatal(err)
			}
			id := ""
			if name == "erofs" {
				id = fmt.Sprintf("%x ", b[erofsSuperAt+48:erofsSuperAt+64])
			}
			return id + fmt.Sprintf("%x", sha256.Sum256(b))
		}
		a, b := sum(testTree()), sum(testTree())
		if a != b {
			t.Errorf("%s: two file systems differ: %s, %s", name, a, b)
		}
		other := sum(append(testTree(), file("zz", 0o600, "")))
		if before, _, _ := strings.Cut(a, " "); strings.HasPrefix(other, before) {
			t.Errorf("%s: another tree has the same identifier", name)
		}
	}
}

// What a file system cannot hold is refused with the reason, when it comes.
func TestLimits(t *testing.T) {
	t.Parallel()
	name := strings.Repeat("n", 256)
	for _, c := range []struct {
		writer string
		item   item
		want   string
	}{
		{"erofs", file(name, 0o644, ""), "names of 255 bytes"},
		{"iso", file(name[:254], 0o644, ""), "reads at most 253"},
		{"iso", link("x", strings.Repeat("x", 4095)), "reads at most 4094"},
		{"erofs", item{Entry: system.Entry{Path: "x", Type: system.TypeFifo, Xattrs: map[string]string{"user.x": strings.Repeat("x", 5000)}}}, "the extended attribute user.x has 5000 bytes"},
		{"erofs", item{Entry: system.Entry{Path: "x", Type: system.TypeFifo, Xattrs: map[string]string{"user." + name: ""}}}, "a name of 256 bytes"},
		{"erofs", file("a/b", 0o644, ""), "the folder /a is missing"},
		{"iso", file("a/b", 0o644, ""), "the folder /a is missing"},
		{"iso", item{Entry: system.Entry{Path: "x", Type: system.TypeHardlink, Link: "y"}}, "hard link to /y"},
		{"erofs", item{Entry: system.Entry{Path: "x", Type: system.EntryType(99)}}, "cannot write a"},
	} {
		w, err := writers[c.writer](new(nowhere))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Entry(&c.item.Entry); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.writer, err, c.want)
		}
	}
	for writer, open := range writers {
		w, err := open(new(nowhere))
		if err != nil {
			t.Fatal(err)
		}
		c, err := w.Entry(&system.Entry{Path: "short", Type: system.TypeFile, Size: 10})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); err == nil || !strings.Contains(err.Error(), "10 bytes shorter") {
			t.Errorf("%s: %v", writer, err)
		}
	}
	if _, err := NewEROFS(new(nowhere), time.Unix(-1, 0)); err == nil {
		t.Error("an EROFS from before 1970")
	}
	if _, err := NewISO(new(nowhere), "X", time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)); err == nil {
		t.Error("an ISO of the year 2200")
	}
}

// nowhere is a file that keeps nothing but its size, and how much was written.
type nowhere struct{ size, written int64 }

func (n *nowhere) WriteAt(p []byte, _ int64) (int, error) {
	n.written += int64(len(p))
	return len(p), nil
}

func (n *nowhere) Truncate(size int64) error {
	n.size = size
	return nil
}

// A file above 4 GiB is written, and its zeros take no room.
func TestLargeFile(t *testing.T) {
	t.Parallel()
	const size = 4<<30 + 5*4096 + 7
	for name, open := range writers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := os.Create(filepath.Join(t.TempDir(), "image"))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			w, err := open(f)
			if err != nil {
				t.Fatal(err)
			}
			c, err := w.Entry(&system.Entry{Path: "large", Type: system.TypeFile, Mode: 0o644, Size: size})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.CopyN(c, zeroReader{}, size-3); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Write([]byte("end")); err != nil {
				t.Fatal(err)
			}
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Close(); err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			if name == "erofs" {
				if out := run(t, "erofs-utils", "dump.erofs", "--path=/large", f.Name()); !strings.Contains(out, fmt.Sprint(size)) {
					t.Errorf("dump.erofs: %s", out)
				}
				return
			}
			fmt.Fprint(&b, run(t, "genisoimage", "isoinfo", "-l", "-R", "-i", f.Name()))
			if got := squeeze(b.String()); !strings.Contains(got, fmt.Sprint(int64(isoExtent))) {
				t.Errorf("isoinfo: %s", got)
			}
		})
	}
}

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
