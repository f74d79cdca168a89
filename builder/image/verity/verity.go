// Package verity writes dm-verity hash trees, which let the kernel check every
// block of a read-only disk when it is read (Linux's
// Documentation/admin-guide/device-mapper/verity.rst; cryptsetup's superblock).
//
// The root hash covers the content, so it is the identity of the file system: a
// kernel that was given it reads these bytes or none.
package verity

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

const (
	// BlockSize is the size of hash blocks, and usually of data blocks.
	BlockSize = 4096
	// SmallBlock is the size of data blocks for file systems that Linux cannot mount
	// from a device with blocks of 4096 bytes: ISO 9660.
	SmallBlock = 2048
	// MinSize is the least size of data: one block has no tree.
	MinSize  = 2 * BlockSize
	perBlock = BlockSize / sha256.Size
	magic    = "verity\x00\x00"
)

// Tree describes a hash tree.
type Tree struct {
	// Root is the root hash.
	Root [sha256.Size]byte
	// Blocks is the number of data blocks, and Block their size in bytes.
	Blocks, Block int64
	// Size is that of the superblock and the tree in bytes, a multiple of
	// BlockSize.
	Size int64
}

// Hash is the root hash in hexadecimal digits, as kernels and tools take it.
func (t *Tree) Hash() string { return hex.EncodeToString(t.Root[:]) }

// GUIDs are the identifiers of the data partition and of the hash partition, as
// the Discoverable Partitions Specification derives them: the two halves of the
// root hash.
func (t *Tree) GUIDs() (data, tree string) { return guid(t.Root[:16]), guid(t.Root[16:]) }

func guid(b []byte) string {
	return fmt.Sprintf("%X-%X-%X-%X-%X", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

// levels gives the number of hash blocks of each level, leaves first.
func levels(blocks int64) []int64 {
	var out []int64
	for n := blocks; ; {
		n = (n + perBlock - 1) / perBlock
		out = append(out, n)
		if n == 1 {
			return out
		}
	}
}

// newTree describes the tree for size bytes of data in blocks of this size.
func newTree(size, block int64) *Tree {
	t := &Tree{Blocks: size / block, Block: block, Size: BlockSize}
	for _, n := range levels(t.Blocks) {
		t.Size += n * BlockSize
	}
	return t
}

// Write reads size bytes of data, a multiple of BlockSize, and writes superblock
// and tree to w. The data are hashed in blocks of BlockSize or SmallBlock. There is
// no salt: equal data give an equal root hash.
func Write(w interface {
	io.WriterAt
	io.ReaderAt
}, data io.Reader, size, block int64) (*Tree, error) {
	if size < MinSize || size%BlockSize != 0 {
		return nil, fmt.Errorf("%d bytes of data: the size must be a multiple of %d, and at least %d", size, BlockSize, MinSize)
	}
	t := newTree(size, block)
	list := levels(t.Blocks)
	// The highest level comes first in the file.
	at := t.Size
	source, count := data, t.Blocks
	for _, n := range list {
		at -= n * BlockSize
		if err := writeLevel(w, at, source, count, block); err != nil {
			return nil, err
		}
		source, count, block = io.NewSectionReader(w, at, n*BlockSize), n, BlockSize
	}
	top := make([]byte, BlockSize)
	if _, err := w.ReadAt(top, at); err != nil {
		return nil, err
	}
	t.Root = sha256.Sum256(top)
	_, err := w.WriteAt(t.superblock(), 0)
	return t, err
}

// writeLevel writes the hashes of count blocks of this size, and fills up the last
// block of hashes with zeros.
func writeLevel(w io.WriterAt, at int64, data io.Reader, count, size int64) error {
	out := bufio.NewWriterSize(io.NewOffsetWriter(w, at), 256<<10)
	in := bufio.NewReaderSize(data, 1<<20)
	block := make([]byte, size)
	for i := range count {
		if _, err := io.ReadFull(in, block); err != nil {
			return errors.Join(fmt.Errorf("reading block %d of %d", i, count), err)
		}
		sum := sha256.Sum256(block)
		if _, err := out.Write(sum[:]); err != nil {
			return err
		}
	}
	if rest := count % perBlock; rest != 0 {
		if _, err := out.Write(make([]byte, (perBlock-rest)*sha256.Size)); err != nil {
			return err
		}
	}
	return out.Flush()
}

func (t *Tree) superblock() []byte {
	b := make([]byte, BlockSize)
	le := binary.LittleEndian
	copy(b, magic)
	le.PutUint32(b[8:], 1)  // version of the superblock
	le.PutUint32(b[12:], 1) // type of the hash
	copy(b[16:], t.Root[:16])
	copy(b[32:], "sha256")
	le.PutUint32(b[64:], uint32(t.Block))
	le.PutUint32(b[68:], BlockSize)
	le.PutUint64(b[72:], uint64(t.Blocks))
	return b
}
