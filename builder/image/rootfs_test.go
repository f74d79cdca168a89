package image

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// Other people's tools verify the tree of a root, and read the same files from it.
func TestOtherRoots(t *testing.T) {
	t.Parallel()
	for format, c := range map[string]struct {
		ending string
		size   func(image []byte) int64
		files  func(t *testing.T, data string) string // folder with the files
	}{
		"kernel+erofs": {erofsEnding, func(b []byte) int64 { return int64(binary.LittleEndian.Uint32(b[1024+36:])) * 4096 }, func(t *testing.T, data string) string {
			dir := filepath.Join(t.TempDir(), "out")
			tool(t, "erofs-utils", "fsck.erofs", "--extract="+dir, data)
			return dir
		}},
		"kernel+iso": {isoBIOSEnding, func(b []byte) int64 { return int64(binary.LittleEndian.Uint32(b[32768+80:])) * 2048 }, func(t *testing.T, data string) string {
			dir := filepath.Join(t.TempDir(), "out")
			tool(t, "xorriso", "xorriso", "-osirrox", "on", "-indev", data, "-extract", "/", dir)
			return dir
		}},
	} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			out := build(t, []string{format}, append(slices.Clone(small), modules...), &Kernel{Zstd: true})
			image := out["os"+c.ending]
			data, tree, hash := splitAt(t, out, image, c.size(image))
			tool(t, "cryptsetup-bin", "veritysetup", "verify", data, tree, hash)
			dir := c.files(t, data)
			for path, want := range map[string]string{"srv": "of another user", "etc/motd": "hello\n", "bin/perl5": strings.Repeat("perl", 5000), "init": testInit.body} {
				if got, err := os.ReadFile(filepath.Join(dir, path)); err != nil || string(got) != want {
					t.Errorf("/%s has %d bytes, want %d (%v)", path, len(got), len(want), err)
				}
			}
			for _, p := range append([]string{"var", "boot"}, beside...) {
				if _, err := os.Lstat(filepath.Join(dir, p)); (err == nil) == slices.Contains(beside, p) {
					t.Errorf("/%s is not as expected", p)
				}
			}
			if loader := unpack(t, unzstd(t, out["os-initrd.img"])); len(loader) != 6 || body(t, loader["init"]) != testInit.body {
				t.Errorf("the loader has %d files", len(loader))
			}
		})
	}
}

// What a file system cannot store is an error about the path.
func TestRootErrors(t *testing.T) {
	t.Parallel()
	if _, err := New([]string{"kernel+erofs"}, Options{Dir: t.TempDir(), Stem: "os", Time: time.Unix(-1, 0)}); err == nil || !strings.Contains(err.Error(), "cannot store the time") {
		t.Errorf("%v", err)
	}
	s, err := New([]string{"kernel+iso"}, Options{Dir: t.TempDir(), Stem: "os", Time: time.Unix(0, 0)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Abort()
	long := strings.Repeat("n", 254)
	if _, err := s.Entry(&system.RootEntry{Entry: system.Entry{Path: long, Type: system.TypeDir}}); err == nil || !strings.Contains(err.Error(), "format kernel+iso: /"+long+": a name of 254 bytes") {
		t.Errorf("%v", err)
	}
}
