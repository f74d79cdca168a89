package verity

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// errDamaged: data or tree are not what the root hash says.
var errDamaged = errors.New("does not match the root hash")

// check reads data and tree whole, and compares them with the root hash and with
// each other: every byte of both, the superblock too.
func check(data io.Reader, size int64, tree io.ReaderAt, root []byte) error {
	if size < MinSize || size%BlockSize != 0 {
		return fmt.Errorf("%d bytes of data: %w", size, errDamaged)
	}
	super := make([]byte, BlockSize)
	if _, err := tree.ReadAt(super, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	block := int64(BlockSize)
	if binary.LittleEndian.Uint32(super[64:]) == SmallBlock {
		block = SmallBlock
	}
	t := newTree(size, block)
	copy(t.Root[:], root)
	if len(root) != sha256.Size || !bytes.Equal(super, t.superblock()) {
		return fmt.Errorf("superblock: %w", errDamaged)
	}
	at, source, count := t.Size, data, t.Blocks
	for level, n := range levels(t.Blocks) {
		at -= n * BlockSize
		if err := checkLevel(tree, at, source, count, block); err != nil {
			return fmt.Errorf("level %d: %w", level, err)
		}
		source, count, block = io.NewSectionReader(tree, at, n*BlockSize), n, BlockSize
	}
	top := make([]byte, BlockSize)
	if _, err := tree.ReadAt(top, at); err != nil {
		return err
	}
	if sum := sha256.Sum256(top); !bytes.Equal(sum[:], root) {
		return fmt.Errorf("top of the tree: %w", errDamaged)
	}
	return nil
}

func checkLevel(tree io.ReaderAt, at int64, data io.Reader, count, size int64) error {
	var want checker
	want.r = bufio.NewReaderSize(io.NewSectionReader(tree, at, (count+perBlock-1)/perBlock*BlockSize), 256<<10)
	return writeLevel(&want, 0, data, count, size)
}

// checker is a writer that compares what is written with what it reads.
type checker struct{ r io.Reader }

func (c *checker) WriteAt(p []byte, _ int64) (int, error) {
	have := make([]byte, len(p))
	if _, err := io.ReadFull(c.r, have); err != nil {
		return 0, err
	}
	if !bytes.Equal(have, p) {
		return 0, errDamaged
	}
	return len(p), nil
}
