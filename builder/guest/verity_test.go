package guest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/image/disk"
	"github.com/seaworthy-os/seaworthy/builder/image/verity"
)

func TestRootHash(t *testing.T) {
	t.Parallel()
	hash := strings.Repeat("0a", 32)
	for text, want := range map[string]string{
		"quiet": "", "roothash=" + hash: hash, "roothash=" + strings.Repeat("1", 64) + " roothash=" + hash: hash, `"roothash=` + hash + `"`: hash,
	} {
		h, ok, err := ParseCmdline(text).RootHash()
		if err != nil || ok != (want != "") || ok && h.String() != want {
			t.Errorf("%s: %s, %v, %v", text, h, ok, err)
		}
	}
	for _, text := range []string{"roothash=", "roothash", "roothash=" + hash[2:], "roothash=" + hash + "00", "roothash=" + strings.Repeat("x", 64)} {
		if _, ok, err := ParseCmdline(text).RootHash(); err == nil || !ok {
			t.Errorf("%s is accepted", text)
		}
	}
	for text, want := range map[string]bool{"quiet": false, "seaworthy.verify=full": true} {
		if got, err := ParseCmdline(text).VerifyFull(); err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	if _, err := ParseCmdline("seaworthy.verify=no").VerifyFull(); err == nil {
		t.Error("an unknown value is accepted")
	}
}

// testRoot is a disk with a squashfs, as far as the loader reads it, and its tree.
func testRoot(t *testing.T) ([]byte, *verity.Tree) {
	t.Helper()
	const size = 200 * verityBlock
	data := bytes.Repeat([]byte("root"), size/4)
	copy(data, "hsqs")
	binary.LittleEndian.PutUint64(data[40:], size-100)
	f, err := os.Create(filepath.Join(t.TempDir(), "tree"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tree, err := verity.Write(f, bytes.NewReader(data), size, verity.BlockSize)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	return append(data, b...), tree
}

func TestRootOnWholeDisk(t *testing.T) {
	t.Parallel()
	image, tree := testRoot(t)
	root, err := wholeDisk("vda", bytes.NewReader(image), tree.Root)
	if err != nil {
		t.Fatal(err)
	}
	want := "1 /dev/vda /dev/vda 4096 4096 200 201 sha256 " + tree.Hash() + " -"
	if got := root.table(tree.Root, false); got != want {
		t.Errorf("the table is %q", got)
	}
	if got := root.table(tree.Root, true); got != want+" 1 panic_on_corruption" {
		t.Errorf("the table is %q", got)
	}
	small := verityRoot{data: "vda1", tree: "vda2", blocks: 8, block: veritySmall}
	if got := small.table(tree.Root, false); !strings.HasPrefix(got, "1 /dev/vda1 /dev/vda2 2048 4096 8 1 sha256 ") || small.size() != 16384 {
		t.Errorf("the table is %q", got)
	}
	other := rootHash(tree.Root)
	other[3] ^= 1
	if _, err := wholeDisk("vda", bytes.NewReader(image), other); !errors.Is(err, errOtherRoot) {
		t.Errorf("another root: %v", err)
	}
	// A change of any bit of the superblock is found.
	for i := range verityBlock {
		image[200*verityBlock+i] ^= 1 << (i % 8)
		if _, err := wholeDisk("vda", bytes.NewReader(image), tree.Root); err == nil {
			t.Errorf("byte %d of the superblock may be changed", i)
		}
		image[200*verityBlock+i] ^= 1 << (i % 8)
	}
	for _, n := range []int{0, 50, 96, 4096, 200 * verityBlock, 200*verityBlock + 100} {
		if _, err := wholeDisk("vda", bytes.NewReader(image[:n]), tree.Root); err == nil {
			t.Errorf("a disk of %d bytes is accepted", n)
		}
	}
	binary.LittleEndian.PutUint64(image[40:], 1<<63)
	if _, err := wholeDisk("vda", bytes.NewReader(image), tree.Root); err == nil {
		t.Error("a squashfs of any size is accepted")
	}
}

// Each kind of file system is recognised, and its size is in whole blocks.
func TestRootKinds(t *testing.T) {
	t.Parallel()
	le := binary.LittleEndian
	b := make([]byte, 40000)
	if _, err := kindOf(bytes.NewReader(b)); !errors.Is(err, errOtherRoot) {
		t.Errorf("zeros: %v", err)
	}
	copy(b[32768:], "\x01CD001\x01")
	le.PutUint32(b[32768+80:], 7)
	iso := bytes.Clone(b)
	copy(b[1024:], "\xe2\xe1\xf5\xe0")
	b[1024+12] = 12
	le.PutUint32(b[1024+36:], 5)
	erofs := bytes.Clone(b)
	copy(b, "hsqs")
	le.PutUint64(b[40:], 1)
	for want, image := range map[rootKind][]byte{{"iso9660", 4 * 4096}: iso, {"erofs", 5 * 4096}: erofs, {"squashfs", 2 * 4096}: b} {
		if got, err := kindOf(bytes.NewReader(image)); got != want || err != nil {
			t.Errorf("%v, want %v (%v)", got, want, err)
		}
	}
	erofs[1024+12] = 40
	if _, err := kindOf(bytes.NewReader(erofs)); err == nil || errors.Is(err, errOtherRoot) {
		t.Errorf("an EROFS of any size: %v", err)
	}
}

func TestPartitions(t *testing.T) {
	t.Parallel()
	_, tree := testRoot(t)
	data, hashes := tree.GUIDs()
	parts := []disk.Partition{
		{Name: "EFI system", Type: disk.TypeESP, ID: disk.GUID("esp", nil), Size: 1 << 20},
		{Name: "root", Type: disk.TypeESP, ID: data, Size: 1 << 20},
		{Name: "root-verity", Type: disk.TypeESP, ID: hashes, Size: 1 << 20},
	}
	f, err := os.Create(filepath.Join(t.TempDir(), "disk"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := disk.WriteGPT(f, disk.Lay(parts), disk.GUID("disk", nil), parts); err != nil {
		t.Fatal(err)
	}
	list, err := partitions(f, 512)
	if err != nil || len(list) != 3 || list[[16]byte(tree.Root[:16])] != 2 || list[[16]byte(tree.Root[16:])] != 3 {
		t.Fatalf("%v, %v", list, err)
	}
	head := make([]byte, 64<<10)
	if _, err := f.ReadAt(head, 0); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func([]byte){
		"no table":     func(b []byte) { b[512]++ },
		"far away":     func(b []byte) { binary.LittleEndian.PutUint64(b[512+72:], 1<<62) },
		"at the end":   func(b []byte) { binary.LittleEndian.PutUint64(b[512+72:], 127) },
		"many entries": func(b []byte) { binary.LittleEndian.PutUint32(b[512+80:], 1<<31) },
		"long entries": func(b []byte) { binary.LittleEndian.PutUint32(b[512+84:], 1<<31) },
		"short ones":   func(b []byte) { binary.LittleEndian.PutUint32(b[512+84:], 16) },
	} {
		b := bytes.Clone(head)
		change(b)
		if list, err := partitions(bytes.NewReader(b), 512); err == nil {
			t.Errorf("%s: %v", name, list)
		}
	}
}

// No input makes the parsers fail in another way than with an error.
func FuzzRoot(f *testing.F) {
	f.Add([]byte("hsqs"))
	f.Add(append(make([]byte, 512), "EFI PART"...))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = wholeDisk("vda", bytes.NewReader(b), rootHash{})
		_, _ = partitions(bytes.NewReader(b), 512)
	})
}
