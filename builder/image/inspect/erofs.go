package inspect

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

var erofsKinds = []kind{{"erofs", "EROFS file system", func(c *content) bool { return c.at(1024, "\xe2\xe1\xf5\xe0") }, describeEROFS}}

// erofs is a file system (the kernel's fs/erofs/erofs_fs.h).
type erofs struct {
	s     *io.SectionReader
	block int64
	meta  int64
	root  uint64
}

// Layouts of the data of a file.
const (
	erofsPlain  = 0
	erofsInline = 2
)

func describeEROFS(w *walker, it *Item, s *io.SectionReader) {
	b := super(it, s, 1024, 128)
	if b == nil {
		return
	}
	le := binary.LittleEndian
	it.FileSystem = &FileSystem{Type: "EROFS", Label: cText(b[64:80]), ID: uuid(b[48:64]), Inodes: int64(min(le.Uint64(b[16:]), 1<<62))}
	if b[12] < 9 || b[12] > 16 {
		it.problem("the superblock is not valid")
		return
	}
	fs := &erofs{s: s, block: 1 << b[12], root: uint64(le.Uint16(b[14:]))}
	fs.meta = int64(le.Uint32(b[40:])) * fs.block
	it.FileSystem.BlockSize, it.FileSystem.Size = fs.block, int64(le.Uint32(b[36:]))*fs.block
	it.truncated(s)
	w.describeTree(it, fs)
	w.verityBehind(it, s, it.FileSystem.Size)
}

// erofsInode is a file or a folder.
type erofsInode struct {
	mode   uint16
	layout uint16
	size   int64
	data   int64 // place of the blocks
	tail   int64 // place of what follows the inode
}

func (i *erofsInode) folder() bool { return i.mode&0o170000 == 0o040000 }

func (f *erofs) inode(nid uint64) (*erofsInode, error) {
	if nid > 1<<40 {
		return nil, fmt.Errorf("inode %d does not exist", nid)
	}
	at := f.meta + int64(nid)*32
	b, err := read(f.s, at, 32)
	if err != nil {
		return nil, err
	}
	le := binary.LittleEndian
	format := le.Uint16(b)
	i := &erofsInode{mode: le.Uint16(b[4:]), layout: format >> 1 & 7, size: int64(le.Uint32(b[8:])), data: int64(le.Uint32(b[16:])) * f.block, tail: at + 32}
	if format&1 != 0 {
		i.size, i.tail = int64(le.Uint64(b[8:])), at+64
	}
	if n := int64(le.Uint16(b[2:])); n > 0 { // extended attributes
		i.tail += 12 + (n-1)*4
	}
	if i.size < 0 {
		return nil, errors.New("an inode is not valid")
	}
	return i, nil
}

// read reads a whole file or folder of at most limit bytes.
func (f *erofs) read(i *erofsInode, limit int64) ([]byte, error) {
	switch {
	case i.size > limit:
		return nil, fmt.Errorf("%d bytes are more than %d", i.size, limit)
	case i.layout == erofsPlain:
		return read(f.s, i.data, int(i.size))
	case i.layout != erofsInline:
		return nil, errors.New("it is compressed, and this compression is not read")
	}
	whole := i.size / f.block * f.block
	b, err := read(f.s, i.data, int(whole))
	if err != nil || whole == i.size {
		return b, err
	}
	tail, err := read(f.s, i.tail, int(i.size-whole))
	return append(b, tail...), err
}

// each calls do for each entry of a folder.
func (f *erofs) each(dir *erofsInode, do func(name string, nid uint64) (more bool)) error {
	b, err := f.read(dir, maxFolder)
	if err != nil {
		return err
	}
	const size = 12
	le := binary.LittleEndian
	for ; len(b) > 0; b = b[min(int64(len(b)), f.block):] {
		block := b[:min(int64(len(b)), f.block)]
		if len(block) < size {
			return errors.New("a folder is truncated")
		}
		count := int(le.Uint16(block[8:])) / size
		if count*size > len(block) {
			return errors.New("a folder is not valid")
		}
		for n := range count {
			begin, end := int(le.Uint16(block[n*size+8:])), len(block)
			if n+1 < count {
				end = int(le.Uint16(block[(n+1)*size+8:]))
			}
			if begin > end || end > len(block) {
				return errors.New("a folder is not valid")
			}
			name, _, _ := bytes.Cut(block[begin:end], []byte{0})
			if s := string(name); s != "." && s != ".." && !do(s, le.Uint64(block[n*size:])) {
				return nil
			}
		}
	}
	return nil
}

func (f *erofs) find(path string) (*erofsInode, error) { return find(f.inode, f.each, f.root, path) }

func (f *erofs) list(path string) ([]treeEntry, error) {
	dir, err := f.find(path)
	if err != nil || dir == nil || !dir.folder() {
		return nil, err
	}
	var out []treeEntry
	err = f.each(dir, func(name string, nid uint64) bool {
		e := treeEntry{name: name}
		if i, err := f.inode(nid); err == nil {
			e.folder, e.size = i.folder(), i.size
		}
		out = append(out, e)
		return len(out) < maxFiles
	})
	return out, err
}

func (f *erofs) content(path string) ([]byte, error) {
	i, err := f.find(path)
	if err != nil || i == nil || i.mode&0o170000 != 0o100000 || i.size > maxText {
		return nil, err
	}
	return f.read(i, maxText)
}
