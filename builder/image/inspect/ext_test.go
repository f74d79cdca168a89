package inspect

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// extImage is an ext4 with what debugfs can add: devices, a pipe, owners, a file with
// holes, a folder with an index, long links, and extended attributes in the inode and in a
// block.
func extImage(t testing.TB, options ...string) []byte {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "tree/index"), 0o755); err != nil {
		t.Fatal(err)
	}
	for i := range 500 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("tree/index/a file with a rather long name %d", i)), []byte(fmt.Sprint(i)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(strings.Repeat("long/", 100), filepath.Join(dir, "tree/long")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "value"), []byte(strings.Repeat("v", 700)), 0o600); err != nil {
		t.Fatal(err)
	}
	// A file with more pieces than an inode has room for.
	f, err := os.Create(filepath.Join(dir, "tree/pieces"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for i := range int64(400) {
		if _, err := f.WriteAt([]byte(fmt.Sprintf("piece %d", i)), i*20000); err != nil {
			t.Fatal(err)
		}
	}
	commands := `mknod device c 5 300
mknod disk b 8 1
mknod pipe p
set_inode_field device uid 70000
set_inode_field device gid 80001
ea_set device user.small x
ea_set -f value index user.large
ea_set -f value pieces security.large
`
	if err := os.WriteFile(filepath.Join(dir, "commands"), []byte(commands), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{append(append([]string{"/usr/sbin/mke2fs", "-q", "-b", "1024"}, options...), "-d", "tree", "out", "16M"), {"/usr/sbin/debugfs", "-w", "-f", "commands", "out"}, {"/usr/sbin/e2fsck", "-fyD", "out"}} {
		if _, err := os.Stat(args[0]); err != nil {
			t.Skipf("skipped: %s is not installed (e2fsprogs)", args[0])
		}
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil && cmd.ProcessState.ExitCode() != 1 { // 1: mended
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	b, err := os.ReadFile(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// extEntries reads all entries, and the content of files.
func extEntriesOf(b []byte) (map[string]*system.Entry, map[string]string, error) {
	entries, contents := map[string]*system.Entry{}, map[string]string{}
	err := Entries(&Item{Kind: "ext"}, io.NewSectionReader(bytes.NewReader(b), 0, int64(len(b))), func(e *system.Entry, body io.Reader) error {
		entries[e.Path] = e
		if e.Type != system.TypeFile {
			return nil
		}
		c, err := io.ReadAll(io.LimitReader(body, 64<<20))
		contents[e.Path] = string(c)
		if err == nil && int64(len(c)) != e.Size {
			err = io.ErrUnexpectedEOF
		}
		return err
	})
	return entries, contents, err
}

func TestExt(t *testing.T) {
	t.Parallel()
	for _, options := range []string{"-t ext4", "-t ext4 -I 128 -O ^metadata_csum", "-t ext2"} {
		entries, contents, err := extEntriesOf(extImage(t, strings.Fields(options)...))
		if err != nil {
			t.Fatalf("%s: %v", options, err)
		}
		for i := range 500 {
			if got := contents[fmt.Sprintf("index/a file with a rather long name %d", i)]; got != fmt.Sprint(i) {
				t.Fatalf("%s: file %d has %q", options, i, got)
			}
		}
		want := make([]byte, 399*20000)
		for i := range 400 {
			want = append(want[:i*20000], fmt.Sprintf("piece %d", i)...)
			want = append(want, make([]byte, 20000)...)
		}
		if want = want[:399*20000+len("piece 399")]; contents["pieces"] != string(want) {
			t.Errorf("%s: the file with holes differs", options)
		}
		if got := entries["long"].Link; got != strings.Repeat("long/", 100) {
			t.Errorf("%s: link %q", options, got)
		}
		d := entries["device"]
		if d.Type != system.TypeChar || d.DevMajor != 5 || d.DevMinor != 300 || d.UID != 70000 || d.GID != 80001 || d.Xattrs["user.small"] != "x" {
			t.Errorf("%s: %+v", options, d)
		}
		if d := entries["disk"]; d.Type != system.TypeBlock || d.DevMajor != 8 || d.DevMinor != 1 || entries["pipe"].Type != system.TypeFifo {
			t.Errorf("%s: %+v %+v", options, d, entries["pipe"])
		}
		large := strings.Repeat("v", 700)
		if entries["index"].Xattrs["user.large"] != large || entries["pieces"].Xattrs["security.large"] != large {
			t.Errorf("%s: %+v %+v", options, entries["index"].Xattrs, entries["pieces"].Xattrs)
		}
	}
}

// An access control list has another form in a file system than for programs.
func TestExtACL(t *testing.T) {
	t.Parallel()
	le := binary.LittleEndian
	stored := le.AppendUint32(nil, 1)
	for _, e := range [][]uint16{{0x1, 6}, {0x2, 7, 33, 0}, {0x4, 4}, {0x10, 7}, {0x20, 4}} {
		for _, v := range e {
			stored = le.AppendUint16(stored, v)
		}
	}
	got, err := extList(string(stored))
	want := le.AppendUint32(nil, 2)
	for _, e := range []uint32{0x60001, 1<<32 - 1, 0x70002, 33, 0x40004, 1<<32 - 1, 0x70010, 1<<32 - 1, 0x40020, 1<<32 - 1} {
		want = le.AppendUint32(want, e)
	}
	if err != nil || got != string(want) {
		t.Errorf("%x, %v; want %x", got, err, want)
	}
	for _, bad := range []string{"", "\x02\x00\x00\x00", string(stored[:len(stored)-1]), string(stored[:10])} {
		if _, err := extList(bad); err == nil {
			t.Errorf("%x is read", bad)
		}
	}
}

// What is not read is said, and not left out.
func TestExtUnread(t *testing.T) {
	t.Parallel()
	b := extImage(t, "-t", "ext4")
	for name, c := range map[string]struct {
		at   int
		bits byte
		want string
	}{
		"journal": {1024 + 96, 4, "its journal has changes"}, "inline data": {1024 + 97, 0x80, "features that are not known"},
		"encryption": {1024 + 98, 1, "features that are not known"},
	} {
		changed := bytes.Clone(b)
		changed[c.at] |= c.bits
		_, _, err := extEntriesOf(changed)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// A damaged file system is an error, or has other content: reading it ends, and needs
// little memory.
func TestExtDamaged(t *testing.T) {
	t.Parallel()
	b := extImage(t, "-t", "ext4")
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same damage in each run
	for range 300 {
		changed := bytes.Clone(b)
		for range 1 + r.IntN(20) {
			changed[r.IntN(256<<10)] = byte(r.IntN(256))
		}
		_, _, _ = extEntriesOf(changed)
	}
}

func FuzzExtEntries(f *testing.F) {
	f.Add(make([]byte, 2048))
	fuzzEntries(f, "ext", toolImage(f, strings.Fields("/usr/sbin/mke2fs -q -t ext4 -b 1024 -O ^has_journal,^resize_inode -N 32 -d tree out 1M")...))
}

func FuzzExt(f *testing.F) {
	fuzz(f, describeExt, toolImage(f, strings.Fields("/usr/sbin/mke2fs -q -t ext4 -b 1024 -O ^has_journal,^resize_inode -N 32 -d tree out 1M")...))
}
