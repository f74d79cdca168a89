package inspect

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/therootcompany/xz"
)

var squashfsKinds = []kind{{"squashfs", "squashfs file system", func(c *content) bool { return c.at(0, "hsqs") }, describeSquashfs}}

var squashfsCompressions = map[uint16]string{1: "gzip", 2: "lzma", 3: "lzo", 4: "xz", 5: "lz4", 6: "zstd"}

const (
	squashSuper    = 96
	squashMeta     = 8192 // the largest piece of metadata
	squashMaxBlock = 1 << 20
	squashNoFrag   = 1<<32 - 1
	// Types of inodes. Those of extended ones are higher by seven.
	squashFolder   = 1
	squashFile     = 2
	squashExtended = 7
)

// squashfs is a file system (the kernel's fs/squashfs/squashfs_fs.h).
type squashfs struct {
	s                       *io.SectionReader
	compression             string
	block                   int64
	inodes, folders, pieces int64
	root                    uint64
	pieceCount              uint32
	zstd                    *zstd.Decoder
	// last is the block of metadata that was read last.
	last metaBlock
	// piece is the fragment that was read last, and has the number pieceAt. Small files
	// that follow each other share fragments.
	piece   []byte
	pieceAt uint32
}

// metaBlock is a block of metadata, its place and that of the next one.
type metaBlock struct {
	at, next int64
	b        []byte
}

func describeSquashfs(w *walker, it *Item, s *io.SectionReader) {
	b := super(it, s, 0, squashSuper)
	if b == nil {
		return
	}
	le := binary.LittleEndian
	fs := squashOf(s, b)
	it.Compression = fs.compression
	it.FileSystem = &FileSystem{Type: fmt.Sprintf("squashfs %d.%d", le.Uint16(b[28:]), le.Uint16(b[30:])), BlockSize: fs.block, Inodes: int64(le.Uint32(b[4:]))}
	used := le.Uint64(b[40:])
	if used > 1<<62 || fs.block > squashMaxBlock || le.Uint16(b[28:]) != 4 {
		it.problem("the superblock is not valid")
		return
	}
	it.FileSystem.Size = int64(used)
	it.truncated(s)
	if fs.compression == "lzma" || fs.compression == "lzo" || fs.compression == "" {
		it.problem("files with this compression are not read")
	} else {
		w.describeTree(it, fs)
	}
	w.verityBehind(it, s, int64(used))
}

// squashOf reads the places in a superblock.
func squashOf(s *io.SectionReader, b []byte) *squashfs {
	le := binary.LittleEndian
	return &squashfs{s: s, compression: squashfsCompressions[le.Uint16(b[20:])], block: int64(le.Uint32(b[12:])), root: le.Uint64(b[32:]),
		pieceCount: le.Uint32(b[16:]), inodes: int64(le.Uint64(b[64:])), folders: int64(le.Uint64(b[72:])), pieces: int64(le.Uint64(b[80:]))}
}

// unpack decompresses one block of at most limit bytes.
func (f *squashfs) unpack(b []byte, limit int) ([]byte, error) {
	var r io.Reader
	var err error
	switch f.compression {
	case "gzip":
		r, err = zlib.NewReader(bytes.NewReader(b))
	case "xz":
		r, err = xz.NewReader(bytes.NewReader(b), squashMaxBlock*2)
	case "lz4":
		out := make([]byte, limit)
		n, err := lz4.UncompressBlock(b, out)
		return out[:max(n, 0)], err
	default:
		if f.zstd == nil {
			if f.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(squashMaxBlock), zstd.WithDecoderLowmem(true)); err != nil {
				return nil, err
			}
		}
		out, err := f.zstd.DecodeAll(b, nil)
		return out[:min(len(out), limit)], err
	}
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, int64(limit)))
}

// metadata reads n bytes of metadata from a place: a block, and an offset in what
// the block contains.
func (f *squashfs) metadata(at int64, offset, n int) ([]byte, error) {
	if n > maxFolder {
		return nil, fmt.Errorf("%d bytes of metadata are too many", n)
	}
	var out []byte
	for len(out) < n {
		b, next, err := f.metaBlock(at)
		if err != nil {
			return nil, err
		}
		if offset > len(b) {
			return nil, fmt.Errorf("a block of metadata at byte %d is too short", at)
		}
		if len(b) == 0 {
			return nil, io.ErrUnexpectedEOF
		}
		out = append(out, b[offset:]...)
		offset, at = 0, next
	}
	return out[:n], nil
}

// metaBlock reads the block of metadata at a place, and says where the next one is.
func (f *squashfs) metaBlock(at int64) ([]byte, int64, error) {
	if f.last.b != nil && f.last.at == at {
		return f.last.b, f.last.next, nil
	}
	h, err := read(f.s, at, 2)
	if err != nil {
		return nil, 0, err
	}
	size := int(binary.LittleEndian.Uint16(h))
	plain := size&0x8000 != 0
	if size &= 0x7fff; size == 0 || size > squashMeta {
		return nil, 0, fmt.Errorf("a block of metadata at byte %d has %d bytes", at, size)
	}
	b, err := read(f.s, at+2, size)
	if err == nil && !plain {
		b, err = f.unpack(b, squashMeta)
	}
	if err != nil {
		return nil, 0, err
	}
	f.last = metaBlock{at, at + 2 + int64(size), b}
	return b, f.last.next, nil
}

// squashInode is a file or a folder.
type squashInode struct {
	kind   uint16
	size   int64
	start  int64 // of the data, or of the folder's list
	offset int   // in the list, or in the fragment
	piece  uint32
	// blocks is where the list of block sizes is.
	ref   uint64
	skips int
}

// inode reads an inode by its reference.
func (f *squashfs) inode(ref uint64) (*squashInode, error) {
	at, offset := f.inodes+int64(ref>>16&0xffffffff), int(ref&0xffff)
	head, err := f.metadata(at, offset, 16)
	if err != nil {
		return nil, err
	}
	le := binary.LittleEndian
	i := &squashInode{kind: le.Uint16(head), ref: ref}
	length := map[uint16]int{squashFolder: 32, squashFile: 32, squashFolder + squashExtended: 40, squashFile + squashExtended: 56}[i.kind]
	if length == 0 {
		return i, nil // links and devices
	}
	b, err := f.metadata(at, offset, length)
	if err != nil {
		return nil, err
	}
	i.skips = length
	switch i.kind {
	case squashFolder:
		i.start, i.size, i.offset = int64(le.Uint32(b[16:])), int64(le.Uint16(b[24:])), int(le.Uint16(b[26:]))
	case squashFolder + squashExtended:
		i.size, i.start, i.offset = int64(le.Uint32(b[20:])), int64(le.Uint32(b[24:])), int(le.Uint16(b[34:]))
	case squashFile:
		i.start, i.piece, i.offset, i.size = int64(le.Uint32(b[16:])), le.Uint32(b[20:]), int(le.Uint32(b[24:])), int64(le.Uint32(b[28:]))
	default:
		i.start, i.size, i.piece, i.offset = int64(le.Uint64(b[16:])), int64(le.Uint64(b[24:])), le.Uint32(b[44:]), int(le.Uint32(b[48:]))
	}
	if i.kind > squashExtended {
		i.kind -= squashExtended
	}
	return i, nil
}

// each calls do for each entry of a folder.
func (f *squashfs) each(dir *squashInode, do func(name string, ref uint64, kind uint16) (more bool)) error {
	if dir.size <= 3 { // . and .. are counted, and not stored
		return nil
	}
	b, err := f.metadata(f.folders+dir.start, dir.offset, int(min(dir.size-3, maxFolder+1)))
	if err != nil {
		return err
	}
	le := binary.LittleEndian
	for len(b) >= 12 {
		count, start := le.Uint32(b), le.Uint32(b[4:])
		b = b[12:]
		if count > 256 {
			return errors.New("a folder is not valid")
		}
		for range count + 1 {
			if len(b) < 8 || len(b) < 9+int(le.Uint16(b[6:])) {
				return errors.New("a folder is truncated")
			}
			end := 9 + int(le.Uint16(b[6:]))
			if !do(string(b[8:end]), uint64(start)<<16|uint64(le.Uint16(b)), le.Uint16(b[4:])) {
				return nil
			}
			b = b[end:]
		}
	}
	return nil
}

func (i *squashInode) folder() bool { return i.kind == squashFolder }

func (f *squashfs) find(path string) (*squashInode, error) {
	each := func(dir *squashInode, do func(string, uint64) bool) error {
		return f.each(dir, func(name string, ref uint64, _ uint16) bool { return do(name, ref) })
	}
	return find(f.inode, each, f.root, path)
}

func (f *squashfs) list(path string) ([]treeEntry, error) {
	dir, err := f.find(path)
	if err != nil || dir == nil || !dir.folder() {
		return nil, err
	}
	var out []treeEntry
	err = f.each(dir, func(name string, ref uint64, kind uint16) bool {
		e := treeEntry{name: name, folder: kind == squashFolder}
		if i, err := f.inode(ref); err == nil && i.kind == squashFile {
			e.size = i.size
		}
		out = append(out, e)
		return len(out) < maxFiles
	})
	return out, err
}

func (f *squashfs) content(path string) ([]byte, error) {
	i, err := f.find(path)
	if err != nil || i == nil || i.kind != squashFile || i.size > maxText || i.size < 0 || f.block <= 0 {
		return nil, err
	}
	if i.piece == squashNoFrag || i.size >= f.block {
		return f.firstBlock(i)
	}
	b, err := f.fragment(i.piece)
	if err != nil {
		return nil, err
	}
	if i.offset < 0 || i.offset+int(i.size) > len(b) {
		return nil, io.ErrUnexpectedEOF
	}
	return b[i.offset:][:i.size], nil
}

// firstBlock reads a file that is in one block.
func (f *squashfs) firstBlock(i *squashInode) ([]byte, error) {
	if i.size > f.block {
		return nil, errors.New("it is in several blocks, which are not read")
	}
	if i.size == 0 {
		return nil, nil
	}
	b, err := f.metadata(f.inodes+int64(i.ref>>16&0xffffffff), int(i.ref&0xffff), i.skips+4)
	if err != nil {
		return nil, err
	}
	b, err = f.data(i.start, binary.LittleEndian.Uint32(b[i.skips:]))
	return b[:min(int64(len(b)), i.size)], err
}

// fragment reads the block that holds the ends of files.
func (f *squashfs) fragment(n uint32) ([]byte, error) {
	if n >= f.pieceCount {
		return nil, fmt.Errorf("fragment %d does not exist", n)
	}
	if f.piece != nil && f.pieceAt == n {
		return f.piece, nil
	}
	p, err := read(f.s, f.pieces+int64(n/512)*8, 8)
	if err != nil {
		return nil, err
	}
	e, err := f.metadata(int64(binary.LittleEndian.Uint64(p)), int(n%512)*16, 16)
	if err != nil {
		return nil, err
	}
	b, err := f.data(int64(binary.LittleEndian.Uint64(e)), binary.LittleEndian.Uint32(e[8:]))
	if err != nil {
		return nil, err
	}
	f.piece, f.pieceAt = b, n
	return b, nil
}

// data reads a block of data. A bit of its size says that it is not compressed.
func (f *squashfs) data(at int64, size uint32) ([]byte, error) {
	plain := size&(1<<24) != 0
	if size &= 1<<24 - 1; size > squashMaxBlock {
		return nil, fmt.Errorf("a block has %d bytes", size)
	}
	b, err := read(f.s, at, int(size))
	if err != nil || plain || size == 0 {
		return b, err
	}
	return f.unpack(b, int(f.block))
}
