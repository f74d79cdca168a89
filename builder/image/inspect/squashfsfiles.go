package inspect

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// squashTypes are the types of inodes.
var squashTypes = map[uint16]system.EntryType{
	1: system.TypeDir, 2: system.TypeFile, 3: system.TypeSymlink, 4: system.TypeBlock, 5: system.TypeChar, 6: system.TypeFifo,
}

// squashTree reads all files of a squashfs.
type squashTree struct {
	*squashfs
	each EachEntry
	ids  []uint32
	// names has the first name of a file with several names, by the number of its
	// inode.
	names map[uint32]string
	depth int
}

func squashfsEntries(s *io.SectionReader, each EachEntry) error {
	t, attributes, err := squashTreeOf(s)
	if err != nil {
		return err
	}
	if attributes {
		return errors.New("the squashfs has extended attributes, such as capabilities of files, which are not read")
	}
	t.each = each
	return t.folder("", t.root)
}

// SquashfsRoot reads who owns the root of a squashfs.
func SquashfsRoot(s *io.SectionReader) (uid, gid int, err error) {
	t, _, err := squashTreeOf(s)
	if err != nil {
		return 0, 0, err
	}
	head, err := t.metadata(t.inodes+int64(t.root>>16&0xffffffff), int(t.root&0xffff), 8)
	if err != nil {
		return 0, 0, err
	}
	return t.owners(head)
}

// squashTreeOf reads what all files need: the superblock, and the list of owners.
func squashTreeOf(s *io.SectionReader) (t *squashTree, attributes bool, err error) {
	b, err := read(s, 0, squashSuper)
	if err != nil {
		return nil, false, err
	}
	le := binary.LittleEndian
	fs := squashOf(s, b)
	if fs.compression == "lzma" || fs.compression == "lzo" || fs.compression == "" || fs.block <= 0 || fs.block > squashMaxBlock || le.Uint16(b[28:]) != 4 {
		return nil, false, errors.New("this squashfs is not read")
	}
	t = &squashTree{squashfs: fs, names: map[uint32]string{}}
	if err := t.readIDs(int64(le.Uint64(b[48:])), int(le.Uint16(b[26:]))); err != nil {
		return nil, false, fmt.Errorf("the list of owners: %w", err)
	}
	return t, le.Uint64(b[56:]) != 1<<64-1, nil
}

// readIDs reads the numbers of owners, to which inodes refer by index.
func (t *squashTree) readIDs(at int64, count int) error {
	const perBlock = squashMeta / 4
	for i := 0; i < count; i += perBlock {
		p, err := read(t.s, at+int64(i/perBlock)*8, 8)
		if err != nil {
			return err
		}
		n := min(perBlock, count-i)
		b, err := t.metadata(int64(binary.LittleEndian.Uint64(p)), 0, n*4)
		if err != nil {
			return err
		}
		for j := range n {
			t.ids = append(t.ids, binary.LittleEndian.Uint32(b[j*4:]))
		}
	}
	return nil
}

func (t *squashTree) owner(index uint16) (int, error) {
	if int(index) >= len(t.ids) {
		return 0, fmt.Errorf("owner %d does not exist", index)
	}
	return int(t.ids[index]), nil
}

// owners reads the owners of an inode from its first 8 bytes.
func (t *squashTree) owners(head []byte) (uid, gid int, err error) {
	uid, err1 := t.owner(binary.LittleEndian.Uint16(head[4:]))
	gid, err2 := t.owner(binary.LittleEndian.Uint16(head[6:]))
	return uid, gid, errors.Join(err1, err2)
}

const maxFolderDepth = 256

func (t *squashTree) folder(path string, ref uint64) error {
	if t.depth++; t.depth > maxFolderDepth {
		return fmt.Errorf("folders are nested deeper than %d", maxFolderDepth)
	}
	defer func() { t.depth-- }()
	dir, err := t.inode(ref)
	if err != nil {
		return err
	}
	if !dir.folder() {
		return fmt.Errorf("/%s is not a folder", path)
	}
	type child struct {
		name string
		ref  uint64
	}
	var list []child
	if dir.size-3 > maxFolder {
		return fmt.Errorf("folder /%s has %d bytes, more than are read", path, dir.size)
	}
	if err := t.squashfs.each(dir, func(name string, ref uint64, _ uint16) bool {
		list = append(list, child{name, ref})
		return true
	}); err != nil {
		return fmt.Errorf("/%s: %w", path, err)
	}
	for _, c := range list {
		p := clean(path + "/" + c.name)
		if p == "" || p == clean(path) {
			return fmt.Errorf("/%s has an entry with the name %q", path, c.name)
		}
		if err := t.entry(p, c.ref); err != nil {
			return err
		}
	}
	return nil
}

func (t *squashTree) entry(path string, ref uint64) error {
	fail := func(err error) error { return fmt.Errorf("/%s: %w", path, err) }
	at, offset := t.inodes+int64(ref>>16&0xffffffff), int(ref&0xffff)
	head, err := t.metadata(at, offset, 16)
	if err != nil {
		return fail(err)
	}
	le := binary.LittleEndian
	kind := le.Uint16(head)
	if kind > squashExtended {
		kind -= squashExtended
	}
	e := &system.Entry{Path: path, Type: squashTypes[kind], Mode: uint32(le.Uint16(head[2:]) & 0o7777)}
	if e.UID, e.GID, err = t.owners(head); err != nil {
		return fail(err)
	}
	switch e.Type {
	case 0: // a socket
		return nil
	case system.TypeDir:
		if err := t.each(e, nil); err != nil {
			return err
		}
		return t.folder(path, ref)
	case system.TypeSymlink:
		if e.Link, err = t.link(at, offset); err != nil {
			return fail(err)
		}
	case system.TypeBlock, system.TypeChar:
		b, err := t.metadata(at, offset, 24)
		if err != nil {
			return fail(err)
		}
		e.DevMajor, e.DevMinor = device(le.Uint32(b[20:]))
	case system.TypeFile:
		return t.file(e, ref, le.Uint32(head[12:]))
	}
	return t.each(e, nil)
}

func (t *squashTree) link(at int64, offset int) (string, error) {
	b, err := t.metadata(at, offset, 24)
	if err != nil {
		return "", err
	}
	n := binary.LittleEndian.Uint32(b[20:])
	if n > maxLink {
		return "", fmt.Errorf("the link has %d bytes", n)
	}
	b, err = t.metadata(at, offset, 24+int(n))
	if err != nil {
		return "", err
	}
	return string(b[24:]), nil
}

func (t *squashTree) file(e *system.Entry, ref uint64, number uint32) error {
	i, err := t.inode(ref)
	if err != nil {
		return fmt.Errorf("/%s: %w", e.Path, err)
	}
	if first, again := t.names[number]; again {
		e.Type, e.Link = system.TypeHardlink, first
		return t.each(e, nil)
	}
	t.names[number] = e.Path
	if e.Size = i.size; e.Size < 0 || e.Size > 1<<50 {
		return fmt.Errorf("/%s has %d bytes", e.Path, e.Size)
	}
	return t.each(e, &squashContent{t: t, i: i})
}

// squashContent reads a file block by block.
type squashContent struct {
	t     *squashTree
	i     *squashInode
	block int64
	rest  []byte
	done  int64
	// sizes are the next entries of the list of block sizes.
	sizes []byte
}

// Read follows io.Reader.
func (c *squashContent) Read(p []byte) (int, error) {
	for len(c.rest) == 0 {
		if c.done >= c.i.size {
			return 0, io.EOF
		}
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// next reads the next block, or the end of the file in a fragment.
func (c *squashContent) next() error {
	left := c.i.size - c.done
	want := min(left, c.t.block)
	if left < c.t.block && c.i.piece != squashNoFrag {
		b, err := c.t.fragment(c.i.piece)
		if err != nil {
			return err
		}
		if c.i.offset < 0 || int64(c.i.offset)+want > int64(len(b)) {
			return io.ErrUnexpectedEOF
		}
		c.rest = b[c.i.offset:][:want]
		c.done += want
		return nil
	}
	const batch = 1024 // entries of the list
	if len(c.sizes) == 0 {
		blocks := (left + c.t.block - 1) / c.t.block
		if c.i.piece != squashNoFrag {
			blocks = left / c.t.block
		}
		n := int(min(blocks, batch))
		skip := c.i.skips + int(c.block)*4
		b, err := c.t.metadata(c.t.inodes+int64(c.i.ref>>16&0xffffffff), int(c.i.ref&0xffff), skip+n*4)
		if err != nil {
			return err
		}
		c.sizes = b[skip:]
	}
	size := binary.LittleEndian.Uint32(c.sizes)
	c.sizes = c.sizes[4:]
	c.block++
	if size == 0 { // a hole
		c.rest = make([]byte, want)
		c.done += want
		return nil
	}
	b, err := c.t.data(c.i.start, size)
	if err != nil {
		return err
	}
	if int64(len(b)) < want {
		return io.ErrUnexpectedEOF
	}
	c.i.start += int64(size &^ (1 << 24))
	c.rest = b[:want]
	c.done += want
	return nil
}
