package filesystem

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// EROFS on a disk (Linux's fs/erofs/erofs_fs.h). Content is not compressed.
const (
	erofsBlock   = 4096
	erofsSuperAt = 1024
	erofsSlot    = 32 // inodes begin at multiples of it
	erofsRoot    = (erofsSuperAt + 128) / erofsSlot
	erofsDirent  = 12
	// Layouts of content: whole blocks, or the end behind the inode.
	erofsPlain  = 0
	erofsInline = 2
	// maxXattrs leaves room for the inode in one block.
	maxXattrs = erofsBlock - 64
	maxName   = 255
)

// erofs writes the file system. Blocks with inodes and blocks with content are
// mixed: an inode is written when its content has come, into the last block of
// inodes that was begun. Inodes are found by their place, so no table is needed. The
// place of the root has only 16 bits, so the root is in the first block.
type erofs struct {
	*tree
	d    *data
	f    File
	time time.Time
	// meta are the inodes of the current block, which lies at metaAt; 0 for none.
	meta   []byte
	metaAt int64
	inodes uint64
	// linked are the files with several names. How many is known at the end.
	linked []*node
	// first is the first block.
	first []byte
}

// NewEROFS starts an EROFS in f, which must be empty. All files have the time t.
func NewEROFS(f File, t time.Time) (Writer, error) {
	if t.Unix() < 0 {
		return nil, fmt.Errorf("an EROFS cannot store the time %s", t)
	}
	d := newData(f, erofsBlock, erofsBlock)
	d.sum = sha256.New()
	return &erofs{tree: newTree(), d: d, f: f, time: t, first: make([]byte, erofsBlock)}, nil
}

func (w *erofs) Entry(e *system.Entry) (io.WriteCloser, error) {
	if i := strings.LastIndexByte(e.Path, '/'); len(e.Path)-i-1 > maxName {
		return nil, fmt.Errorf("a name of %d bytes: an EROFS can have names of %d bytes", len(e.Path)-i-1, maxName)
	}
	w.note(e)
	n, err := w.add(e)
	if err != nil {
		return nil, err
	}
	switch e.Type {
	case system.TypeHardlink:
		if n.names == 2 {
			w.linked = append(w.linked, n)
		}
		return nil, nil
	case system.TypeDir:
		return nil, nil
	case system.TypeFile:
		return w.file(n)
	case system.TypeSymlink:
		return nil, w.inode(n, []byte(e.Link), int64(len(e.Link)), w.d.next/erofsBlock)
	}
	return nil, w.inode(n, nil, 0, 0)
}

// note adds an entry to the sum that the identifier is computed from.
func (w *erofs) note(e *system.Entry) {
	fmt.Fprintf(w.d.sum, "%q %s %o %d %d %d %q %d %d\n", e.Path, e.Type, e.Mode, e.UID, e.GID, e.Size, e.Link, e.DevMajor, e.DevMinor)
	for _, k := range slices.Sorted(maps.Keys(e.Xattrs)) {
		fmt.Fprintf(w.d.sum, "%q %q\n", k, e.Xattrs[k])
	}
}

// file takes the content: whole blocks go to the disk, and the rest stays in memory
// until its inode is written.
func (w *erofs) file(n *node) (io.WriteCloser, error) {
	at := w.d.next
	whole := n.e.Size / erofsBlock * erofsBlock
	tail := make([]byte, 0, n.e.Size-whole)
	split := writerFunc(func(p []byte) (int, error) {
		k := min(int64(len(p)), at+whole-w.d.next)
		if _, err := w.d.Write(p[:k]); err != nil {
			return 0, err
		}
		tail = append(tail, p[k:]...)
		return len(p), nil
	})
	return &content{to: split, left: n.e.Size, end: func() error { return w.inode(n, tail, n.e.Size, at/erofsBlock) }}, nil
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// inode writes an inode. tail is the content behind the last whole block, at is the
// first whole block.
func (w *erofs) inode(n *node, tail []byte, size, at int64) error {
	x, err := erofsXattrs(n.e.Xattrs)
	if err != nil {
		return err
	}
	layout := erofsInline
	if len(tail) == 0 {
		layout = erofsPlain
	} else if coreSize(n, size)+len(x)+len(tail) > erofsBlock {
		// No block has room for both: the tail becomes a block.
		layout = erofsPlain
		if _, err := w.d.Write(tail); err != nil {
			return err
		}
		if err := w.d.pad(); err != nil {
			return err
		}
		tail = nil
	}
	core := w.core(n, layout, len(x), size, at)
	place, err := w.place(len(core) + len(x) + len(tail))
	if err != nil {
		return err
	}
	w.d.sum.Write(tail)
	n.nid, n.core = uint64(place/erofsSlot), len(core)
	w.meta = append(append(append(w.meta, core...), x...), tail...)
	return nil
}

// place makes room for size bytes in a block of inodes, and returns where it is.
func (w *erofs) place(size int) (int64, error) {
	w.meta = append(w.meta, make([]byte, roundUp(len(w.meta), erofsSlot)-len(w.meta))...)
	if w.metaAt == 0 || len(w.meta)+size > erofsBlock {
		if err := w.flushMeta(); err != nil {
			return 0, err
		}
		var err error
		if w.metaAt, err = w.d.reserve(1); err != nil {
			return 0, err
		}
	}
	return w.metaAt + int64(len(w.meta)), nil
}

func (w *erofs) flushMeta() error {
	if len(w.meta) == 0 {
		return nil
	}
	_, err := w.f.WriteAt(w.meta, w.metaAt)
	w.meta = w.meta[:0]
	return err
}

// coreSize is the size of an inode. The small one has no room for large numbers.
func coreSize(n *node, size int64) int {
	if n.e.UID > math.MaxUint16 || n.e.GID > math.MaxUint16 || size > math.MaxUint32 || n.links() > math.MaxUint16 {
		return 64
	}
	return 32
}

// core is an inode without what follows it. The small one has the time of the file
// system.
func (w *erofs) core(n *node, layout, xattrs int, size, at int64) []byte {
	w.inodes++
	b := make([]byte, coreSize(n, size))
	le := binary.LittleEndian
	le.PutUint16(b, uint16(layout<<1))
	if xattrs > 0 {
		le.PutUint16(b[2:], uint16((xattrs-12)/4+1))
	}
	le.PutUint16(b[4:], uint16(n.mode()))
	what := uint32(at)
	if n.e.Type == system.TypeChar || n.e.Type == system.TypeBlock {
		major, minor := uint32(n.e.DevMajor), uint32(n.e.DevMinor)
		what = minor&0xff | major<<8 | minor&^0xff<<12
	}
	le.PutUint32(b[16:], what)
	le.PutUint32(b[20:], uint32(w.inodes))
	if len(b) == 32 {
		le.PutUint16(b[6:], uint16(n.links()))
		le.PutUint32(b[8:], uint32(size))
		le.PutUint16(b[24:], uint16(n.e.UID))
		le.PutUint16(b[26:], uint16(n.e.GID))
		return b
	}
	b[0] |= 1
	le.PutUint64(b[8:], uint64(size))
	le.PutUint32(b[24:], uint32(n.e.UID))
	le.PutUint32(b[28:], uint32(n.e.GID))
	le.PutUint64(b[32:], uint64(w.time.Unix()))
	le.PutUint32(b[44:], n.links())
	return b
}

// erofsPrefixes are the names of extended attributes that EROFS can store. Names
// begin with one of them.
var erofsPrefixes = []struct {
	text  string
	index byte
}{{"user.", 1}, {"system.posix_acl_access", 2}, {"system.posix_acl_default", 3}, {"trusted.", 4}, {"security.", 6}}

// erofsXattrs are the extended attributes as they follow an inode. Others than the
// kernel knows are left out, because it would not return them.
func erofsXattrs(all map[string]string) ([]byte, error) {
	out := make([]byte, 12)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		value := all[name]
		for _, p := range erofsPrefixes {
			rest, ok := strings.CutPrefix(name, p.text)
			if !ok || strings.HasPrefix(p.text, "system.") && rest != "" {
				continue
			}
			if len(rest) > maxName {
				return nil, fmt.Errorf("an extended attribute with a name of %d bytes: an EROFS can have %d", len(rest), maxName)
			}
			if len(value) > maxXattrs {
				return nil, fmt.Errorf("the extended attribute %s has %d bytes: an EROFS has room for %d", name, len(value), maxXattrs)
			}
			out = append(out, byte(len(rest)), p.index, 0, 0)
			binary.LittleEndian.PutUint16(out[len(out)-2:], uint16(len(value)))
			out = append(append(out, rest...), value...)
			out = append(out, make([]byte, roundUp(len(out), 4)-len(out))...)
		}
	}
	switch {
	case len(out) == 12:
		return nil, nil
	case len(out) > maxXattrs:
		return nil, fmt.Errorf("extended attributes of %d bytes: an EROFS has room for %d", len(out), maxXattrs)
	}
	return out, nil
}

// Close writes the folders, the numbers of names and the superblock.
func (w *erofs) Close() (int64, error) {
	folders := w.all()
	for _, d := range folders {
		if err := w.placeFolder(d); err != nil {
			return 0, err
		}
	}
	if err := w.flushMeta(); err != nil {
		return 0, err
	}
	for _, d := range folders {
		if err := w.writeFolder(d); err != nil {
			return 0, err
		}
	}
	if err := w.writeNames(); err != nil {
		return 0, err
	}
	size, err := w.d.close(erofsBlock)
	if err != nil {
		return 0, err
	}
	if size/erofsBlock > math.MaxUint32 {
		return 0, fmt.Errorf("%d bytes: an EROFS has at most 16 TiB", size)
	}
	w.super(size)
	_, err = w.f.WriteAt(w.first, 0)
	return size, err
}

// inlineSize is the size of the part of a folder that follows its inode: what does
// not fill a block, if the block of the inode has room for it.
func (w *erofs) inlineSize(d *node, core int) int {
	room := erofsBlock
	if d == w.root {
		room -= erofsRoot * erofsSlot
	}
	if tail := int(d.size % erofsBlock); core+tail <= room {
		return tail
	}
	return 0
}

// placeFolder decides where the inode and the names of a folder will be.
func (w *erofs) placeFolder(d *node) error {
	d.size = int64(len(w.dirents(d)))
	x, err := erofsXattrs(d.e.Xattrs)
	if err != nil {
		return fmt.Errorf("/%s: %w", d.e.Path, err)
	}
	core := coreSize(d, d.size) + len(x)
	inline := w.inlineSize(d, core)
	d.nid = erofsRoot
	if d != w.root {
		place, err := w.place(core + inline)
		if err != nil {
			return err
		}
		d.nid = uint64(place / erofsSlot)
		w.meta = append(w.meta, make([]byte, core+inline)...)
	}
	at, err := w.d.reserve(divUp(d.size-int64(inline), erofsBlock))
	d.at = at / erofsBlock
	return err
}

// writeFolder writes a folder at its place.
func (w *erofs) writeFolder(d *node) error {
	x, err := erofsXattrs(d.e.Xattrs)
	if err != nil {
		return err
	}
	names := w.dirents(d)
	layout, inline := erofsPlain, w.inlineSize(d, coreSize(d, d.size)+len(x))
	if inline > 0 {
		layout = erofsInline
	}
	whole := len(names) - inline
	b := append(append(w.core(d, layout, len(x), d.size, d.at), x...), names[whole:]...)
	if d == w.root {
		copy(w.first[erofsRoot*erofsSlot:], b)
	} else if _, err := w.f.WriteAt(b, int64(d.nid)*erofsSlot); err != nil {
		return err
	}
	_, err = w.f.WriteAt(names[:whole], d.at*erofsBlock)
	return err
}

// erofsTypes are the types of files in folders.
var erofsTypes = map[system.EntryType]byte{
	system.TypeFile: 1, system.TypeDir: 2, system.TypeChar: 3, system.TypeBlock: 4, system.TypeFifo: 5, system.TypeSymlink: 7,
}

// dirents is the content of a folder: blocks with the inodes of the names, and then
// the names. All names are sorted.
func (w *erofs) dirents(d *node) []byte {
	list := append([]child{{".", d}, {"..", d.parent}}, d.children...)
	slices.SortFunc(list, func(a, b child) int { return strings.Compare(a.name, b.name) })
	var out []byte
	for len(list) > 0 {
		count, size := 0, 0
		for count < len(list) && size+erofsDirent+len(list[count].name) <= erofsBlock {
			size += erofsDirent + len(list[count].name)
			count++
		}
		out = append(out, make([]byte, roundUp(len(out), erofsBlock)-len(out))...)
		var rows, names []byte
		for _, c := range list[:count] {
			rows = binary.LittleEndian.AppendUint64(rows, c.n.nid)
			rows = binary.LittleEndian.AppendUint16(rows, uint16(count*erofsDirent+len(names)))
			rows = append(rows, erofsTypes[c.n.e.Type], 0)
			names = append(names, c.name...)
		}
		out = append(append(out, rows...), names...)
		list = list[count:]
	}
	return out
}

// writeNames writes how many names each file has that has several.
func (w *erofs) writeNames() error {
	for _, n := range w.linked {
		b, at := binary.LittleEndian.AppendUint16(nil, uint16(n.names)), int64(n.nid)*erofsSlot+6
		if n.core == 64 {
			b, at = binary.LittleEndian.AppendUint32(nil, uint32(n.names)), int64(n.nid)*erofsSlot+44
		}
		if _, err := w.f.WriteAt(b, at); err != nil {
			return err
		}
	}
	return nil
}

// super adds the superblock to the first block. Its identifier is computed from the
// content, in the form of a UUID of version 8 (RFC 9562).
func (w *erofs) super(size int64) {
	b := w.first[erofsSuperAt:]
	le := binary.LittleEndian
	le.PutUint32(b, 0xe0f5e1e2)
	le.PutUint32(b[8:], 1) // there is a checksum
	b[12] = 12             // bits of the size of a block
	le.PutUint16(b[14:], erofsRoot)
	le.PutUint64(b[16:], w.inodes)
	le.PutUint64(b[24:], uint64(w.time.Unix()))
	le.PutUint32(b[36:], uint32(size/erofsBlock))
	id := b[48:64]
	copy(id, w.d.sum.Sum(nil))
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80
	// The kernel's crc32c does not invert its result.
	le.PutUint32(b[4:], ^crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
}
