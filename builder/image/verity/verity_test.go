package verity

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func noise(blocks int) []byte {
	out := make([]byte, 0, blocks*BlockSize)
	for i := 0; len(out) < blocks*BlockSize; i++ {
		s := sha256.Sum256([]byte(fmt.Sprint(i)))
		out = append(out, s[:]...)
	}
	return out
}

func write(t *testing.T, data []byte, block int64) (*Tree, *os.File) {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "tree"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	tree, err := Write(f, bytes.NewReader(data), int64(len(data)), block)
	if err != nil {
		t.Fatal(err)
	}
	return tree, f
}

// Numbers of blocks on both sides of a new level.
var sizes = []int{2, 127, 128, 129, 128*128 + 1}

// cryptsetup accepts the tree, and computes the same root hash from the data.
func TestVeritysetup(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("veritysetup")
	if err != nil {
		t.Skip("veritysetup is not installed (Debian package cryptsetup-bin)")
	}
	for i, blocks := range slices.Concat(sizes, sizes) {
		block := int64(BlockSize)
		if i >= len(sizes) {
			block = SmallBlock
		}
		data := noise(blocks)
		tree, f := write(t, data, block)
		p := filepath.Join(t.TempDir(), "data")
		if err := os.WriteFile(p, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(program, "verify", p, f.Name(), tree.Hash()).CombinedOutput(); err != nil {
			t.Errorf("%d blocks: %v\n%s", blocks, err, out)
		}
		theirs := filepath.Join(t.TempDir(), "theirs")
		out, err := exec.Command(program, "format", "--salt", "-", "--data-block-size", fmt.Sprint(block), p, theirs).CombinedOutput()
		if err != nil || !strings.Contains(string(out), tree.Hash()) {
			t.Errorf("%d blocks: not %s (%v):\n%s", blocks, tree.Hash(), err, out)
		}
		a, _ := os.ReadFile(theirs)
		b, _ := os.ReadFile(f.Name())
		if int64(len(b)) != tree.Size || !bytes.Equal(a[BlockSize:], b[BlockSize:]) {
			t.Errorf("%d blocks: the trees differ: %d bytes, and %d", blocks, len(a), len(b))
		}
	}
}

// Any other byte, in data, tree or superblock, is found.
func TestCheck(t *testing.T) {
	t.Parallel()
	for i, blocks := range sizes {
		data := noise(blocks)
		tree, f := write(t, data, []int64{BlockSize, SmallBlock}[i%2])
		raw, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		again := func() error {
			return check(bytes.NewReader(data), int64(len(data)), bytes.NewReader(raw), tree.Root[:])
		}
		if err := again(); err != nil {
			t.Errorf("%d blocks: %v", blocks, err)
		}
		for _, b := range []struct {
			in []byte
			at int
		}{{data, 0}, {data, len(data) - 1}, {raw, 0}, {raw, 20}, {raw, 600}, {raw, BlockSize}, {raw, len(raw) - 1}, {raw, len(raw) - BlockSize}} {
			b.in[b.at] ^= 1
			if err := again(); !errors.Is(err, errDamaged) {
				t.Errorf("%d blocks: byte %d: %v", blocks, b.at, err)
			}
			b.in[b.at] ^= 1
		}
		if err := check(bytes.NewReader(data), int64(len(data)), bytes.NewReader(raw), make([]byte, 32)); !errors.Is(err, errDamaged) {
			t.Errorf("%d blocks: another root hash: %v", blocks, err)
		}
	}
}

func TestBadData(t *testing.T) {
	t.Parallel()
	f, err := os.Create(filepath.Join(t.TempDir(), "x"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, c := range []struct {
		data []byte
		size int64
	}{{nil, 0}, {make([]byte, 4096), 4096}, {make([]byte, 5000), 5000}, {make([]byte, 4096), 8192}} {
		if _, err := Write(f, bytes.NewReader(c.data), c.size, BlockSize); err == nil {
			t.Errorf("%d bytes as %d: no error", len(c.data), c.size)
		}
	}
}

func TestGUIDs(t *testing.T) {
	t.Parallel()
	tree := &Tree{}
	for i := range tree.Root {
		tree.Root[i] = byte(i)
	}
	data, hash := tree.GUIDs()
	if data != "00010203-0405-0607-0809-0A0B0C0D0E0F" || hash != "10111213-1415-1617-1819-1A1B1C1D1E1F" {
		t.Errorf("%s %s", data, hash)
	}
}
