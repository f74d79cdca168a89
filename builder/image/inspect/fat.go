package inspect

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"
	"unicode/utf16"
)

const (
	// maxFolders bounds the folders of a file system, maxFolder the bytes of one.
	maxFolders = 500
	maxFolder  = 1 << 20
	// maxExtents bounds the pieces of one file: its place in memory.
	maxExtents = 1 << 14
)

var fatKinds = []kind{{"fat", "FAT file system", isFAT, describeFAT}}

func isFAT(c *content) bool {
	if !c.at(510, "\x55\xaa") || c.head[0] != 0xeb && c.head[0] != 0xe9 {
		return false
	}
	_, err := parseFAT(c.SectionReader, c.head)
	return err == nil
}

// fat is a FAT file system (Microsoft's "FAT: General Overview of On-Disk
// Format", version 1.03).
type fat struct {
	s        *io.SectionReader
	bits     int
	cluster  int64 // bytes
	table    int64 // place of the first table
	root     int64 // place of the root folder of FAT12 and FAT16
	rootSize int64
	data     int64 // place of cluster 2
	clusters int64
	rootAt   uint32 // cluster of the root folder of FAT32
	size     int64
	label    string
	serial   uint32
	// page is the part of the table that was read last.
	page   []byte
	pageAt int64
}

func parseFAT(s *io.SectionReader, b []byte) (*fat, error) {
	if len(b) < 512 {
		return nil, io.ErrUnexpectedEOF
	}
	le := binary.LittleEndian
	sector, per := int64(le.Uint16(b[11:])), int64(b[13])
	reserved, tables, entries := int64(le.Uint16(b[14:])), int64(b[16]), int64(le.Uint16(b[17:]))
	total, length := int64(le.Uint16(b[19:])), int64(le.Uint16(b[22:]))
	if total == 0 {
		total = int64(le.Uint32(b[32:]))
	}
	f := &fat{s: s, pageAt: -1}
	ext := b[36:]
	if length == 0 {
		length, f.rootAt = int64(le.Uint32(b[36:])), le.Uint32(b[44:])
		ext = b[64:]
	}
	powers := sector >= 512 && sector <= 4096 && sector&(sector-1) == 0 && per > 0 && per&(per-1) == 0
	if !powers || reserved == 0 || tables == 0 || tables > 4 || length == 0 || total == 0 || b[21] < 0xf0 {
		return nil, errors.New("not a FAT file system")
	}
	f.cluster, f.size = sector*per, total*sector
	f.table = reserved * sector
	f.root = f.table + tables*length*sector
	f.rootSize = (entries*32 + sector - 1) / sector * sector
	f.data = f.root + f.rootSize
	f.clusters = (f.size - f.data) / f.cluster
	switch {
	case f.clusters < 1:
		return nil, errors.New("not a FAT file system")
	case entries == 0:
		f.bits = 32
	case f.clusters < 4085:
		f.bits = 12
	default:
		f.bits = 16
	}
	f.clusters = min(f.clusters, length*sector*8/int64(f.bits)-2)
	if ext[2] == 0x29 {
		f.serial, f.label = le.Uint32(ext[3:]), strings.TrimRight(string(ext[7:18]), " \x00")
	}
	return f, nil
}

// next is the cluster after one in its chain; ok is false at the end.
func (f *fat) next(cluster uint32) (next uint32, ok bool, err error) {
	bit := int64(cluster) * int64(f.bits)
	at := f.table + bit/8
	width := 4
	if f.bits < 32 {
		width = 2
	}
	b, err := f.entry(at, width)
	if err != nil {
		return 0, false, err
	}
	le := binary.LittleEndian
	var end uint32
	switch f.bits {
	case 12:
		next, end = uint32(le.Uint16(b)>>(bit%8))&0xfff, 0xff7
	case 16:
		next, end = uint32(le.Uint16(b)), 0xfff7
	default:
		next, end = le.Uint32(b)&0x0fffffff, 0x0ffffff7
	}
	return next, next >= 2 && next < end, nil
}

// entry reads bytes of the table, from a page that is kept.
func (f *fat) entry(at int64, n int) ([]byte, error) {
	const size = 4096
	if f.pageAt < 0 || at < f.pageAt || at+int64(n) > f.pageAt+int64(len(f.page)) {
		f.page = make([]byte, size)
		got, err := f.s.ReadAt(f.page, at)
		if f.page, f.pageAt = f.page[:got], at; got < n {
			if err == nil || errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
	}
	return f.page[at-f.pageAt:][:n], nil
}

// extent is a piece of a file: n bytes of the file, from the byte start, are at a
// place of the file system.
type extent struct{ start, at, n int64 }

// extents is a file in pieces.
type extents struct {
	s    *io.SectionReader
	list []extent
	size int64
}

// ReadAt follows io.ReaderAt.
func (e *extents) ReadAt(p []byte, off int64) (int, error) {
	done := 0
	for done < len(p) {
		at := off + int64(done)
		i := sort.Search(len(e.list), func(i int) bool { return e.list[i].start+e.list[i].n > at })
		if at < 0 || i == len(e.list) || at < e.list[i].start {
			return done, io.EOF
		}
		x := e.list[i]
		want := p[done:min(int64(len(p)), int64(done)+x.start+x.n-at)]
		n, err := e.s.ReadAt(want, x.at+at-x.start)
		if done += n; n < len(want) {
			return done, err
		}
	}
	return done, nil
}

// file is a file of size bytes that begins at a cluster.
func (f *fat) file(first uint32, size int64) (*io.SectionReader, error) {
	e := &extents{s: f.s}
	for cluster := first; e.size < size; {
		if cluster < 2 || int64(cluster) >= f.clusters+2 {
			return nil, fmt.Errorf("cluster %d does not exist", cluster)
		}
		at := f.data + int64(cluster-2)*f.cluster
		if n := len(e.list); n > 0 && e.list[n-1].at+e.list[n-1].n == at {
			e.list[n-1].n += f.cluster
		} else if n == maxExtents {
			return nil, fmt.Errorf("it is in more than %d pieces", maxExtents)
		} else {
			e.list = append(e.list, extent{e.size, at, f.cluster})
		}
		if e.size += f.cluster; e.size > f.clusters*f.cluster {
			return nil, errors.New("its clusters form a circle")
		}
		next, ok, err := f.next(cluster)
		if err != nil {
			return nil, err
		}
		if !ok && e.size < size {
			return nil, fmt.Errorf("its clusters end after %d of %d bytes", e.size, size)
		}
		cluster = next
	}
	return io.NewSectionReader(e, 0, size), nil
}

// folder reads the bytes of a folder, to the end of its chain.
func (f *fat) folder(first uint32) ([]byte, error) {
	if first == 0 && f.bits < 32 {
		return read(f.s, f.root, int(f.rootSize))
	}
	if first == 0 {
		first = f.rootAt
	}
	var out []byte
	for cluster := first; ; {
		if cluster < 2 || int64(cluster) >= f.clusters+2 {
			return nil, fmt.Errorf("cluster %d does not exist", cluster)
		}
		b, err := read(f.s, f.data+int64(cluster-2)*f.cluster, int(f.cluster))
		if err != nil {
			return nil, err
		}
		if out = append(out, b...); len(out) > maxFolder {
			return nil, fmt.Errorf("it has more than %d bytes", maxFolder)
		}
		next, ok, err := f.next(cluster)
		if err != nil || !ok {
			return out, err
		}
		cluster = next
	}
}

// fatEntry is a file or folder.
type fatEntry struct {
	name   string
	folder bool
	label  bool
	first  uint32
	size   int64
}

// fatEntries decodes a folder.
func fatEntries(b []byte) []fatEntry {
	var out []fatEntry
	var long []uint16
	for ; len(b) >= 32 && b[0] != 0; b = b[32:] {
		attr := b[11]
		switch {
		case b[0] == 0xe5:
			long = nil
			continue
		case attr&0x3f == 0x0f: // a part of a long name; the last part comes first
			var units []uint16
			for _, at := range []int{1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30} {
				u := binary.LittleEndian.Uint16(b[at:])
				if u == 0 || u == 0xffff {
					break
				}
				units = append(units, u)
			}
			if b[0]&0x40 != 0 {
				long = nil
			}
			if long = append(units, long...); len(long) > 260 {
				long = nil
			}
			continue
		}
		le := binary.LittleEndian
		e := fatEntry{folder: attr&0x10 != 0, label: attr&0x08 != 0, size: int64(le.Uint32(b[28:])),
			first: uint32(le.Uint16(b[20:]))<<16 | uint32(le.Uint16(b[26:]))}
		if e.name = shortName(b); len(long) > 0 && !e.label {
			e.name = string(utf16.Decode(long))
		}
		long = nil
		if e.name != "." && e.name != ".." {
			out = append(out, e)
		}
	}
	return out
}

// shortName is the name in an entry. Two bits say that a part is in small letters.
func shortName(b []byte) string {
	name, ending := strings.TrimRight(string(b[:8]), " "), strings.TrimRight(string(b[8:11]), " ")
	if b[12]&0x08 != 0 {
		name = strings.ToLower(name)
	}
	if b[12]&0x10 != 0 {
		ending = strings.ToLower(ending)
	}
	if ending != "" {
		name += "." + ending
	}
	return name
}

func describeFAT(w *walker, it *Item, s *io.SectionReader) {
	head, err := read(s, 0, 512)
	if err != nil {
		it.problem("cannot be read: %v", err)
		return
	}
	f, err := parseFAT(s, head)
	if err != nil {
		it.problem("%v", err)
		return
	}
	it.FileSystem = &FileSystem{Type: fmt.Sprintf("FAT%d", f.bits), Size: f.size, Label: f.label, ID: fmt.Sprintf("%04X-%04X", f.serial>>16, f.serial&0xffff)}
	if f.size > s.Size() {
		it.problem("the file system has %d bytes, and there are %d: it is truncated", f.size, s.Size())
	}
	type open struct {
		path  string
		first uint32
	}
	queue := []open{{"", 0}}
	for i := 0; i < len(queue); i++ {
		dir := queue[i]
		b, err := f.folder(dir.first)
		if err != nil {
			it.problem("folder /%s: %v", dir.path, err)
			continue
		}
		for _, e := range fatEntries(b) {
			path := strings.TrimPrefix(dir.path+"/"+e.name, "/")
			switch {
			case e.label:
			case e.folder && e.first != 0 && len(queue) < maxFolders:
				queue = append(queue, open{path, e.first})
			case e.folder:
				it.problem("folder /%s is not shown", path)
			default:
				it.list(path, e.size)
				w.fatFile(it, f, e, path)
			}
		}
	}
}

func (w *walker) fatFile(it *Item, f *fat, e fatEntry, path string) {
	if e.size == 0 || it.FilesLeftOff > 0 {
		return
	}
	content, err := f.file(e.first, e.size)
	if err != nil {
		it.problem("file /%s: %v", path, err)
		return
	}
	w.loaderFile(it, path, content)
}
