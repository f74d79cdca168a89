package inspect

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
)

// otherKinds are file systems and volumes of which only the first blocks are read.
var otherKinds = []kind{
	{"xfs", "XFS file system", func(c *content) bool { return c.at(0, "XFSB") }, describeXFS},
	{"btrfs", "Btrfs file system", func(c *content) bool { return c.at(0x10040, "_BHRfS_M") }, describeBtrfs},
	{"luks", "LUKS volume (encrypted)", func(c *content) bool { return c.at(0, "LUKS\xba\xbe") }, describeLUKS},
	{"swap", "Linux swap", func(c *content) bool { return c.at(4086, "SWAPSPACE2") }, func(*walker, *Item, *io.SectionReader) {}},
	{"lvm", "LVM physical volume", func(c *content) bool { return c.at(512, "LABELONE") }, func(*walker, *Item, *io.SectionReader) {}},
	{"verity", "dm-verity hash tree", func(c *content) bool { return c.at(0, verityMagic) }, describeVerity},
}

func cText(b []byte) string {
	text, _, _ := bytes.Cut(b, []byte{0})
	return strings.TrimSpace(string(text))
}

func uuid(b []byte) string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

// super reads a superblock, and reports a problem if it is truncated.
func super(it *Item, s *io.SectionReader, at int64, n int) []byte {
	b, err := read(s, at, n)
	if err != nil {
		it.problem("the superblock cannot be read: %v", err)
		return nil
	}
	return b
}

// truncated reports a file system that is larger than its place.
func (it *Item) truncated(s *io.SectionReader) {
	if it.FileSystem.Size > s.Size() {
		it.problem("the file system has %d bytes, and there are %d: it is truncated", it.FileSystem.Size, s.Size())
	}
}

func describeXFS(_ *walker, it *Item, s *io.SectionReader) {
	b := super(it, s, 0, 512)
	if b == nil {
		return
	}
	be := binary.BigEndian
	fs := &FileSystem{Type: "XFS", Label: cText(b[108:120]), ID: uuid(b[32:48]), BlockSize: int64(be.Uint32(b[4:]))}
	if blocks := be.Uint64(b[8:]); blocks < 1<<46 && fs.BlockSize <= 64<<10 {
		fs.Size = int64(blocks) * fs.BlockSize
	}
	it.FileSystem = fs
	it.truncated(s)
}

func describeBtrfs(_ *walker, it *Item, s *io.SectionReader) {
	b := super(it, s, 0x10000, 0x230)
	if b == nil {
		return
	}
	fs := &FileSystem{Type: "Btrfs", Label: cText(b[0x12b:0x22b]), ID: uuid(b[32:48])}
	if size := binary.LittleEndian.Uint64(b[0x70:]); size < 1<<62 {
		fs.Size = int64(size)
	}
	it.FileSystem = fs
}

func describeLUKS(_ *walker, it *Item, s *io.SectionReader) {
	b := super(it, s, 0, 512)
	if b == nil {
		return
	}
	it.About = fmt.Sprintf("version %d", binary.BigEndian.Uint16(b[6:]))
	it.FileSystem = &FileSystem{Type: fmt.Sprintf("LUKS%d", binary.BigEndian.Uint16(b[6:])), ID: cText(b[168:208])}
	if b[7] == 2 {
		it.FileSystem.Label = cText(b[24:72])
	}
}

// Verity describes the superblock of a dm-verity hash tree.
type Verity struct {
	Algorithm     string `json:"algorithm"`
	Salt          string `json:"salt,omitempty"`
	ID            string `json:"id"`
	DataBlockSize int64  `json:"dataBlockSize"`
	HashBlockSize int64  `json:"hashBlockSize"`
	DataBlocks    int64  `json:"dataBlocks"`
	// RootHash is that of the tree's top block. The rest of the tree and the data
	// were not compared with it.
	RootHash string `json:"rootHash,omitempty"`
	// Named: a command line in the same file has this root hash.
	Named bool `json:"named"`
}

const verityMagic = "verity\x00\x00"

// describeVerity reads cryptsetup's superblock.
func describeVerity(_ *walker, it *Item, s *io.SectionReader) {
	b := super(it, s, 0, 512)
	if b == nil {
		return
	}
	le := binary.LittleEndian
	v := &Verity{Algorithm: cText(b[32:64]), ID: uuid(b[16:32]), DataBlockSize: int64(le.Uint32(b[64:])), HashBlockSize: int64(le.Uint32(b[68:]))}
	it.Verity = v
	blocks, saltSize := le.Uint64(b[72:]), le.Uint16(b[80:])
	if blocks > 1<<50 || saltSize > 256 || v.HashBlockSize < 512 || v.HashBlockSize > 1<<19 {
		it.problem("the superblock of the hash tree is not valid")
		return
	}
	salt := b[88 : 88+saltSize]
	v.DataBlocks, v.Salt = int64(blocks), hex.EncodeToString(salt)
	newHash := hashes[v.Algorithm]
	top, err := read(s, v.HashBlockSize, int(v.HashBlockSize))
	if newHash == nil || err != nil {
		it.problem("the root hash cannot be computed from the hash tree")
		return
	}
	h := newHash()
	if le.Uint32(b[12:]) == 1 { // the first version puts the salt behind the block
		h.Write(salt)
		h.Write(top)
	} else {
		h.Write(top)
		h.Write(salt)
	}
	v.RootHash = hex.EncodeToString(h.Sum(nil))
}

// verityBehind looks for a hash tree behind a file system, as some tools put it.
func (w *walker) verityBehind(it *Item, s *io.SectionReader, size int64) {
	const block = 4096
	at := (size + block - 1) / block * block
	if b, err := read(s, at, len(verityMagic)); err == nil && string(b) == verityMagic {
		w.inside(it, "", part(s, at, s.Size()-at))
	}
}
