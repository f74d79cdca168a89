package inspect

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// extKinds are ext2, ext3 and ext4 (the kernel's fs/ext4/ext4.h). The library go-diskfs,
// which we use elsewhere, reads ext4 too. It trusts the numbers in the image: a wrong
// number of inodes ends the program, and a wrong size takes any amount of memory.
var extKinds = []kind{{"ext", "ext file system", func(c *content) bool { return c.at(1080, "\x53\xef") }, describeExt}}

const (
	extSuper  = 512 // bytes of the superblock that are read
	extRoot   = 2   // the inode of the root
	extCore   = 128 // the fixed part of an inode
	extPlaces = 60  // bytes that say where the content is
	// Features that change the layout, and that are read: types in folders, extents,
	// large numbers, multiple mount protection, flexible groups, another seed of
	// checksums, large folders.
	extReadable = 0x2 | 0x40 | 0x80 | 0x100 | 0x200 | 0x2000 | 0x4000
	extRecover  = 0x4
	extWide     = 0x80
	// Flags of an inode.
	extExtents   = 0x80000
	extUnread    = 0x4 | 0x800 | 0x200000 | 0x10000000 // compressed, encrypted, attribute, inline
	extMaxBlock  = 64 << 10
	extMaxLevels = 5
)

// ext is a file system.
type ext struct {
	s                *io.SectionReader
	block, inodeSize int64
	inodes, perGroup uint32
	// groups is the place of the list of groups, and groupSize the size of a row.
	groups, groupSize int64
	wide              bool
	// last is the block of a tree of extents that was read last.
	last struct {
		at int64
		b  []byte
	}
}

func describeExt(w *walker, it *Item, s *io.SectionReader) {
	b := super(it, s, 1024, extSuper)
	if b == nil {
		return
	}
	le := binary.LittleEndian
	compat, incompat := le.Uint32(b[92:]), le.Uint32(b[96:])
	kind := "ext2"
	if incompat&0x40 != 0 { // extents
		kind = "ext4"
	} else if compat&4 != 0 { // journal
		kind = "ext3"
	}
	fs := &FileSystem{Type: kind, Label: cText(b[120:136]), ID: uuid(b[104:120]), Inodes: int64(le.Uint32(b))}
	it.FileSystem = fs
	if shift := le.Uint32(b[24:]); shift <= 6 {
		fs.BlockSize = 1024 << shift
		blocks := int64(le.Uint32(b[4:]))
		if incompat&extWide != 0 && le.Uint32(b[336:]) < 1<<14 {
			blocks |= int64(le.Uint32(b[336:])) << 32
		}
		fs.Size = blocks * fs.BlockSize
	}
	it.truncated(s)
	f, err := extOf(s, b)
	if err != nil {
		it.problem("files are not read: %v", err)
		return
	}
	w.describeTree(it, f)
	w.bootFolders(it, f)
}

// extBootFolders are where boot loaders have their files, in a root and on a partition of
// their own.
var extBootFolders = []string{"", "boot", "grub", "grub2", "extlinux", "syslinux", "loader", "loader/entries",
	"boot/grub", "boot/grub2", "boot/extlinux", "boot/syslinux", "boot/loader", "boot/loader/entries"}

// bootFolders looks into what boot loaders start.
func (w *walker) bootFolders(it *Item, f *ext) {
	for _, folder := range extBootFolders {
		dir, err := f.find(folder)
		if err == nil && dir != nil && dir.folder() {
			err = f.each(dir, func(name string, number uint32) bool {
				if i, err := f.inode(number); err == nil && i.is(extFile) && i.size > 0 {
					w.loaderFile(it, clean(folder+"/"+name), io.NewSectionReader(extAt{f, i}, 0, i.size))
				}
				return true
			})
		}
		if err != nil {
			it.problem("/%s cannot be read: %v", folder, err)
		}
	}
}

// extAt reads a file at any place.
type extAt struct {
	f *ext
	i *extInode
}

// ReadAt follows io.ReaderAt.
func (a extAt) ReadAt(p []byte, off int64) (int, error) {
	n, err := io.ReadFull(&extContent{f: a.f, i: a.i, done: off}, p)
	if errors.Is(err, io.ErrUnexpectedEOF) && off+int64(n) >= a.i.size {
		err = io.EOF
	}
	return n, err
}

// extOf reads the places in a superblock. It is an error if files cannot be read.
func extOf(s *io.SectionReader, b []byte) (*ext, error) {
	le := binary.LittleEndian
	shift, incompat := le.Uint32(b[24:]), le.Uint32(b[96:])
	switch {
	case incompat&extRecover != 0:
		return nil, errors.New("the file system was not unmounted: its journal has changes")
	case incompat&^extReadable != 0:
		return nil, fmt.Errorf("the file system has features that are not known (%#x)", incompat&^extReadable)
	case shift > 6:
		return nil, errors.New("the superblock is not valid")
	}
	f := &ext{s: s, block: 1024 << shift, inodeSize: extCore, inodes: le.Uint32(b), perGroup: le.Uint32(b[40:]), groupSize: 32, wide: incompat&extWide != 0}
	if le.Uint32(b[76:]) > 0 { // the first version has inodes of one size
		f.inodeSize = int64(le.Uint16(b[88:]))
	}
	if f.wide {
		f.groupSize = int64(le.Uint16(b[254:]))
	}
	f.groups = (int64(le.Uint32(b[20:])) + 1) * f.block
	if f.perGroup == 0 || f.inodeSize < extCore || f.inodeSize > f.block || f.groupSize < 32 || f.wide && f.groupSize < 64 || f.groupSize > f.block {
		return nil, errors.New("the superblock is not valid")
	}
	return f, nil
}

// extInode is an inode.
type extInode struct {
	number, flags    uint32
	mode, links      uint16
	uid, gid         int
	size             int64
	sectors          int64 // of 512 bytes that content and attributes use
	attributes       int64 // the block of attributes, 0 for none
	places, ownAttrs []byte
}

// Types of files, in the mode.
const (
	extType    = 0o170000
	extFolder  = 0o040000
	extFile    = 0o100000
	extSymlink = 0o120000
)

func (i *extInode) is(kind uint16) bool { return i.mode&extType == kind }

func (i *extInode) folder() bool { return i.is(extFolder) }

// at is the place of a block.
func (f *ext) at(block uint64) (int64, error) {
	if block > uint64(f.s.Size()/f.block) {
		return 0, fmt.Errorf("block %d is behind the end of the file system", block)
	}
	return int64(block) * f.block, nil
}

func (f *ext) inode(n uint32) (*extInode, error) {
	if n == 0 || n > f.inodes {
		return nil, fmt.Errorf("inode %d does not exist", n)
	}
	g, err := read(f.s, f.groups+int64((n-1)/f.perGroup)*f.groupSize, int(f.groupSize))
	if err != nil {
		return nil, err
	}
	le := binary.LittleEndian
	table := uint64(le.Uint32(g[8:]))
	if f.wide {
		table |= uint64(le.Uint32(g[40:])) << 32
	}
	at, err := f.at(table)
	if err != nil {
		return nil, err
	}
	b, err := read(f.s, at+int64((n-1)%f.perGroup)*f.inodeSize, int(f.inodeSize))
	if err != nil {
		return nil, err
	}
	i := &extInode{number: n, mode: le.Uint16(b), links: le.Uint16(b[26:]), flags: le.Uint32(b[32:]), places: b[40:][:extPlaces],
		uid: int(le.Uint16(b[2:])) | int(le.Uint16(b[120:]))<<16, gid: int(le.Uint16(b[24:])) | int(le.Uint16(b[122:]))<<16,
		size:    int64(le.Uint32(b[4:])) | int64(le.Uint32(b[108:]))<<32,
		sectors: int64(le.Uint32(b[28:])) | int64(le.Uint16(b[116:]))<<32, attributes: int64(le.Uint32(b[104:])) | int64(le.Uint16(b[118:]))<<32}
	if f.inodeSize > extCore {
		if begin := extCore + int(le.Uint16(b[extCore:])); begin+4 <= len(b) && le.Uint32(b[begin:]) == extAttrMagic {
			i.ownAttrs = b[begin+4:]
		}
	}
	switch {
	case i.flags&extUnread != 0:
		return nil, fmt.Errorf("inode %d is compressed, encrypted or in another form that is not read", n)
	case i.size < 0 || i.size > 1<<50:
		return nil, fmt.Errorf("inode %d has %d bytes", n, i.size)
	}
	return i, nil
}

// place says where block n of a file is: at a block, or nowhere if at is 0, which reads as
// zeros. count blocks from there on are in one piece.
func (f *ext) place(i *extInode, n int64) (at uint64, count int64, err error) {
	if i.flags&extExtents != 0 {
		if n > 1<<32-1 {
			return 0, 0, errors.New("a file has too many blocks")
		}
		return f.extent(i, uint32(n))
	}
	return f.mapped(i, n)
}

// extent looks for block n in the tree of extents.
func (f *ext) extent(i *extInode, n uint32) (uint64, int64, error) {
	le := binary.LittleEndian
	node, levels := i.places, extMaxLevels+1
	next := int64(1) << 32 // the first block that another part of the tree has
	for {
		count, depth := int(le.Uint16(node[2:])), int(le.Uint16(node[6:]))
		if le.Uint16(node) != 0xf30a || 12+count*12 > len(node) || depth >= levels {
			return 0, 0, fmt.Errorf("the places of inode %d are damaged", i.number)
		}
		levels = depth
		row := func(k int) []byte { return node[12+12*k:][:12] }
		k, end := -1, int64(-1) // end is where the row before ends
		for j := range count {
			first := le.Uint32(row(j))
			if int64(first) <= end {
				return 0, 0, fmt.Errorf("the places of inode %d are damaged", i.number)
			}
			if end = int64(first); depth == 0 {
				end += extLength(row(j)) - 1
			}
			if first <= n {
				k = j
			}
		}
		if k+1 < count {
			next = min(next, int64(le.Uint32(row(k+1))))
		}
		if k < 0 {
			return 0, max(next-int64(n), 1), nil
		}
		r := row(k)
		if depth == 0 {
			length, at := extLength(r), uint64(le.Uint32(r[8:]))|uint64(le.Uint16(r[6:]))<<32
			in := int64(n) - int64(le.Uint32(r))
			switch {
			case in >= length:
				return 0, max(next-int64(n), 1), nil
			case int64(le.Uint16(r[4:])) > length: // the room is there, and was never written
				return 0, length - in, nil
			case at == 0:
				return 0, 0, fmt.Errorf("the places of inode %d are damaged", i.number)
			}
			return at + uint64(in), length - in, nil
		}
		at, err := f.at(uint64(le.Uint32(r[4:])) | uint64(le.Uint16(r[8:]))<<32)
		if err != nil {
			return 0, 0, err
		}
		if f.last.at != at || f.last.b == nil {
			b, err := read(f.s, at, int(f.block))
			if err != nil {
				return 0, 0, err
			}
			f.last.at, f.last.b = at, b
		}
		node = f.last.b
	}
}

// extLength is the number of blocks of an extent. A number that is larger by 1 << 15 says
// that they were never written.
func extLength(row []byte) int64 {
	n := int64(binary.LittleEndian.Uint16(row[4:]))
	if n > 1<<15 {
		n -= 1 << 15
	}
	return n
}

// mapped looks for block n in the lists of blocks that ext2 and ext3 have: twelve blocks,
// and then lists of lists.
func (f *ext) mapped(i *extInode, n int64) (uint64, int64, error) {
	le := binary.LittleEndian
	const direct = 12
	if n < direct {
		return uint64(le.Uint32(i.places[n*4:])), 1, nil
	}
	n -= direct
	per := f.block / 4
	span := int64(1)
	for level := range 3 {
		if n >= span*per {
			span *= per
			n -= span
			continue
		}
		p := le.Uint32(i.places[(direct+level)*4:])
		for ; ; span /= per {
			if p == 0 {
				return 0, span*per - n, nil
			}
			at, err := f.at(uint64(p))
			if err != nil {
				return 0, 0, err
			}
			b, err := read(f.s, at+n/span*4, 4)
			if err != nil {
				return 0, 0, err
			}
			p, n = le.Uint32(b), n%span
			if span == 1 {
				return uint64(p), 1, nil
			}
		}
	}
	return 0, 0, errors.New("a file has too many blocks")
}

// extContent reads a file piece by piece.
type extContent struct {
	f    *ext
	i    *extInode
	done int64
	// at is the place of the rest of a piece, 0 if it is zeros. left is its length.
	at, left int64
}

// Read follows io.Reader.
func (c *extContent) Read(p []byte) (int, error) {
	if c.done >= c.i.size {
		return 0, io.EOF
	}
	if c.left == 0 {
		block, count, err := c.f.place(c.i, c.done/c.f.block)
		if err != nil {
			return 0, err
		}
		in := c.done % c.f.block
		c.left, c.at = min(count*c.f.block-in, c.i.size-c.done), 0
		if block != 0 {
			if c.at, err = c.f.at(block); err != nil {
				return 0, err
			}
			c.at += in
		}
	}
	p = p[:min(int64(len(p)), c.left)]
	if c.at == 0 {
		clear(p)
	} else {
		n, err := c.f.s.ReadAt(p, c.at)
		if n < len(p) {
			if err == nil || errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return n, err
		}
		c.at += int64(n)
	}
	c.done += int64(len(p))
	c.left -= int64(len(p))
	return len(p), nil
}

// bytes reads a whole file or folder of at most limit bytes.
func (f *ext) bytes(i *extInode, limit int64) ([]byte, error) {
	if i.size > limit {
		return nil, fmt.Errorf("%d bytes are more than %d", i.size, limit)
	}
	b := make([]byte, i.size)
	_, err := io.ReadFull(&extContent{f: f, i: i}, b)
	return b, err
}

// each calls do for each entry of a folder, without "." and "..". Folders with an index
// have the same entries: blocks of the index look like empty ones.
func (f *ext) each(dir *extInode, do func(name string, number uint32) (more bool)) error {
	b, err := f.bytes(dir, maxFolder)
	if err != nil {
		return err
	}
	bad := errors.New("a folder is not valid")
	le := binary.LittleEndian
	for ; len(b) > 0; b = b[min(int64(len(b)), f.block):] {
		block := b[:min(int64(len(b)), f.block)]
		for len(block) > 0 {
			if len(block) < 8 {
				return bad
			}
			number, length, n := le.Uint32(block), int(le.Uint16(block[4:])), int(block[6])
			if f.block == extMaxBlock && (length == 0 || length == 1<<16-1) {
				length = extMaxBlock
			}
			if length < 8 || length > len(block) || n > length-8 {
				return bad
			}
			name := string(block[8:][:n])
			block = block[length:]
			if number == 0 || name == "." || name == ".." {
				continue
			}
			if name == "" || strings.ContainsAny(name, "/\x00") {
				return fmt.Errorf("a folder has the name %q", name)
			}
			if !do(name, number) {
				return nil
			}
		}
	}
	return nil
}

func (f *ext) find(path string) (*extInode, error) { return find(f.inode, f.each, extRoot, path) }

func (f *ext) list(path string) ([]treeEntry, error) {
	dir, err := f.find(path)
	if err != nil || dir == nil || !dir.folder() {
		return nil, err
	}
	var out []treeEntry
	err = f.each(dir, func(name string, number uint32) bool {
		e := treeEntry{name: name}
		if i, err := f.inode(number); err == nil {
			e.folder = i.folder()
			if i.is(extFile) {
				e.size = i.size
			}
		}
		out = append(out, e)
		return len(out) < maxFiles
	})
	return out, err
}

func (f *ext) content(path string) ([]byte, error) {
	i, err := f.find(path)
	if err != nil || i == nil || !i.is(extFile) || i.size > maxText {
		return nil, err
	}
	return f.bytes(i, maxText)
}
