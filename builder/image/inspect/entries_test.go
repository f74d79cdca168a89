package inspect

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// entriesTree is a folder with what file systems can hold.
func entriesTree(t *testing.T) (dir string, want map[string]string) {
	t.Helper()
	dir = t.TempDir()
	want = map[string]string{}
	file := func(name string, content []byte, mode os.FileMode) {
		p := filepath.Join(dir, "tree", name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(p, mode); err != nil {
			t.Fatal(err)
		}
		bits := mode.Perm()
		if mode&os.ModeSetuid != 0 {
			bits |= 0o4000
		}
		want[name] = fmt.Sprintf("file %o %x", bits, sha256.Sum256(content))
	}
	noise := make([]byte, 3<<20+12345)
	for i := range noise {
		noise[i] = byte(i * i >> 9)
	}
	file("etc/small", []byte("small"), 0o644)
	file("etc/empty", nil, 0o600)
	file("noise", noise, 0o755|os.ModeSetuid)
	file("block", noise[:1<<17], 0o644)
	file("holes", append(make([]byte, 1<<20), "end"...), 0o644)
	for i := range 300 {
		file(fmt.Sprintf("many/%03d", i), []byte(strings.Repeat("x", i)), 0o644)
	}
	if err := os.Symlink("../etc/small", filepath.Join(dir, "tree", "etc", "link")); err != nil {
		t.Fatal(err)
	}
	want["etc/link"] = "symlink ../etc/small"
	if err := os.Link(filepath.Join(dir, "tree", "noise"), filepath.Join(dir, "tree", "second")); err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{"etc", "many"} {
		want[d] = "dir"
	}
	return dir, want
}

// listed reads an image as Entries does.
func listed(t *testing.T, content []byte) map[string]string {
	t.Helper()
	got := map[string]string{}
	links := map[string]string{}
	var failed error
	_, err := Describe("x", bytes.NewReader(content), int64(len(content)), Options{BootOnly: true, Visit: func(it *Item, s *io.SectionReader) {
		if !Listable(it.Kind) {
			return
		}
		failed = Entries(it, s, func(e *system.Entry, body io.Reader) error {
			text := e.Type.String()
			switch e.Type {
			case system.TypeFile:
				h := sha256.New()
				n, err := io.Copy(h, body)
				if err != nil || n != e.Size {
					return fmt.Errorf("%s: %d of %d bytes: %w", e.Path, n, e.Size, err)
				}
				text += fmt.Sprintf(" %o %x", e.Mode, h.Sum(nil))
			case system.TypeSymlink:
				text += " " + e.Link
			case system.TypeHardlink:
				if _, ok := got[e.Link]; !ok {
					return fmt.Errorf("%s comes before %s", e.Path, e.Link)
				}
				links[e.Path] = e.Link
				return nil
			}
			if _, twice := got[e.Path]; twice {
				return fmt.Errorf("%s is there twice", e.Path)
			}
			got[e.Path] = text
			return nil
		})
	}})
	if err != nil || failed != nil {
		t.Fatal(err, failed)
	}
	for p, to := range links {
		got[p] = got[to]
	}
	return got
}

// The entries of images that other people's tools make.
func TestEntriesOfTools(t *testing.T) {
	t.Parallel()
	for name, command := range map[string]string{
		"cpio":           "cd tree && find . | LC_ALL=C sort | cpio --quiet -o -H newc > ../out",
		"cpio gzip":      "cd tree && find . | LC_ALL=C sort | cpio --quiet -o -H newc | gzip -c > ../out",
		"cpio zstd":      "cd tree && find . | LC_ALL=C sort | cpio --quiet -o -H newc | zstd -q -c > ../out",
		"tar":            "tar -cf out -C tree .",
		"squashfs zstd":  "mksquashfs tree out -quiet -no-progress -comp zstd -no-xattrs",
		"squashfs gzip":  "mksquashfs tree out -quiet -no-progress -comp gzip -no-xattrs -no-fragments",
		"squashfs xz":    "mksquashfs tree out -quiet -no-progress -comp xz -no-xattrs -b 1M",
		"squashfs lz4":   "mksquashfs tree out -quiet -no-progress -comp lz4 -no-xattrs -always-use-fragments",
		"squashfs plain": "mksquashfs tree out -quiet -no-progress -noI -noD -noF -no-xattrs",
		"mke2fs ext4":    "mke2fs -q -t ext4 -d tree out 32M",
		"mke2fs ext4 1K": "mke2fs -q -t ext4 -b 1024 -I 128 -O ^64bit,^metadata_csum -d tree out 32M",
		"mke2fs ext3":    "mke2fs -q -t ext3 -b 4096 -d tree out 32M",
		"mke2fs ext2":    "mke2fs -q -t ext2 -b 1024 -r 0 -d tree out 32M",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, want := entriesTree(t)
			want["second"] = want["noise"]
			tool := strings.Fields(name)[0]
			switch tool {
			case "squashfs":
				tool = "mksquashfs"
			case "mke2fs":
				want["lost+found"] = "dir"
			}
			if !run(t, dir, "sh", "-c", "PATH=$PATH:/usr/sbin:/sbin; command -v "+tool+" >/dev/null || exit 0; "+command) {
				t.Skip("no shell")
			}
			b, err := os.ReadFile(filepath.Join(dir, "out"))
			if err != nil {
				t.Skip(tool, "is not installed")
			}
			got := listed(t, b)
			for p, w := range want {
				if got[p] != w && !strings.HasPrefix(got[p], w) {
					t.Errorf("%s: %q, want %q", p, got[p], w)
				}
			}
			if len(got) != len(want) {
				t.Errorf("%d entries, want %d", len(got), len(want))
			}
		})
	}
}

// fuzzEntries reads the entries of any input as one kind.
func fuzzEntries(f *testing.F, kind string, seeds ...[]byte) {
	f.Helper()
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		left := int64(16 << 20)
		_ = Entries(&Item{Kind: kind}, io.NewSectionReader(bytes.NewReader(b), 0, int64(len(b))), func(e *system.Entry, body io.Reader) error {
			if e.Path == "" || strings.HasPrefix(e.Path, "/") || strings.HasPrefix(e.Path, "../") || e.Size < 0 {
				t.Fatalf("%+v", e)
			}
			if body != nil {
				n, _ := io.Copy(io.Discard, io.LimitReader(body, left))
				left -= n
			}
			if left <= 0 {
				return io.ErrShortBuffer
			}
			return nil
		})
	})
}

func FuzzInitrdEntries(f *testing.F) {
	f.Add([]byte("070701"))
	fuzzEntries(f, "initrd", []byte("070701"+strings.Repeat("00000001", 13)))
}

func FuzzTarEntries(f *testing.F) { fuzzEntries(f, "tar", make([]byte, 1024)) }

func FuzzSquashfsEntries(f *testing.F) {
	f.Add([]byte("hsqs"))
	fuzzEntries(f, "squashfs", toolImage(f, strings.Fields("mksquashfs tree out -quiet -no-progress -comp gzip -no-xattrs")...))
}
