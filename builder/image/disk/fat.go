package disk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"
	"unicode/utf16"
)

// FAT describes a FAT file system. Its layout follows Microsoft's specification
// (FAT: General Overview of On-Disk Format, version 1.03).
type FAT struct {
	// Bits is 16 or 32. The UEFI specification asks for FAT32 on disks, and
	// allows FAT16 on removable media; FAT16 has no minimum of 33 MB.
	Bits   int
	Serial uint32
	// Label has at most 11 ASCII characters.
	Label string
	// Time is the date of every file.
	Time time.Time
	// Hidden is the number of sectors before the file system on its disk.
	Hidden uint32
	// Spare is the number of bytes that stay free at least.
	Spare int64
	Files []File
}

const (
	sector = 512
	// The numbers of clusters decide the type of a FAT file system.
	minClusters16, maxClusters16 = 4085, 65524
	minClusters32, maxClusters32 = 65525, 0x0ffffff0
	rootEntries16                = 512
	dirEntry                     = 32
)

// layout is the geometry of a FAT file system.
type fatLayout struct {
	FAT
	root *folder
	// perCluster and the others are counted in sectors, clusters in clusters.
	perCluster, reserved, perTable, rootDir int64
	clusters, used                          int64
}

// layout chooses the smallest clusters with which everything fits, and adds free
// clusters where the type demands more.
func (o FAT) layout() (*fatLayout, error) {
	if o.Bits != 16 && o.Bits != 32 {
		return nil, fmt.Errorf("a FAT with %d bits", o.Bits)
	}
	root, err := treeOf(o.Files)
	if err != nil {
		return nil, err
	}
	l := &fatLayout{FAT: o, root: root, reserved: 4, rootDir: rootEntries16 * dirEntry / sector}
	least, most := int64(minClusters16+16), int64(maxClusters16) // a distance from the limit, where readers disagree
	if o.Bits == 32 {
		l.reserved, l.rootDir, least, most = 32, 0, minClusters32+16, maxClusters32
	}
	for _, f := range o.Files {
		if f.Size > 1<<32-1 {
			return nil, fmt.Errorf("%s has %d bytes, and a file of a FAT file system has at most 4 GiB", f.Path, f.Size)
		}
	}
	sizes := []int64{1, 2, 4, 8, 16, 32, 64}
	if o.Bits == 32 {
		sizes = []int64{8, 4, 2, 1} // larger clusters make smaller tables
	}
	for i, n := range sizes {
		l.perCluster = n
		if err := l.place(); err != nil {
			return nil, err
		}
		if o.Bits == 32 && l.used < least && i < len(sizes)-1 {
			continue
		}
		if l.clusters = max(l.used+divUp(o.Spare, n*sector), least); l.clusters <= most {
			l.perTable = divUp((l.clusters+2)*int64(o.Bits/8), sector)
			return l, nil
		}
	}
	return nil, errors.New("the files do not fit in a FAT file system")
}

// place gives each folder and each file its first cluster: all folders, then all
// files, without gaps.
func (l *fatLayout) place() error {
	next := int64(2)
	size := l.perCluster * sector
	for _, d := range l.root.all() {
		entries, err := l.entries(d)
		if err != nil {
			return err
		}
		if d.size = int64(len(entries)) * dirEntry; d == l.root && l.Bits == 16 {
			if len(entries) > rootEntries16 {
				return errors.New("too many files in the root folder")
			}
			continue
		}
		d.at = uint32(next)
		next += max(divUp(d.size, size), 1)
	}
	l.used = next - 2
	for _, f := range l.files() {
		l.used += divUp(f.Size, size)
	}
	return nil
}

// files are all files in the order of their clusters.
func (l *fatLayout) files() []*File {
	var out []*File
	for _, d := range l.root.all() {
		out = append(out, d.files...)
	}
	return out
}

// Size is the size of the file system in bytes.
func (o FAT) Size() (int64, error) {
	l, err := o.layout()
	if err != nil {
		return 0, err
	}
	return l.size(), nil
}

func (l *fatLayout) dataStart() int64 { return l.reserved + 2*l.perTable + l.rootDir }
func (l *fatLayout) size() int64      { return (l.dataStart() + l.clusters*l.perCluster) * sector }

// Write writes the file system at the beginning of w, whose bytes must be zero.
func (o FAT) Write(w io.WriterAt) error {
	l, err := o.layout()
	if err != nil {
		return err
	}
	starts, table := l.table()
	return errors.Join(l.writeBoot(w), l.writeTables(w, table), l.writeFolders(w, starts), l.writeFiles(w, starts))
}

// table gives the first cluster of each file, and the allocation table.
func (l *fatLayout) table() (map[*File]uint32, []uint32) {
	table := make([]uint32, 2+l.used)
	table[0], table[1] = 0x0ffffff8, 0x0fffffff
	chain := func(first, count int64) {
		for i := first; i < first+count-1; i++ {
			table[i] = uint32(i + 1)
		}
		table[first+count-1] = 0x0fffffff
	}
	size := l.perCluster * sector
	next := int64(2)
	for _, d := range l.root.all() {
		if d.at == 0 {
			continue
		}
		n := max(divUp(d.size, size), 1)
		chain(int64(d.at), n)
		next += n
	}
	starts := map[*File]uint32{}
	for _, f := range l.files() {
		if n := divUp(f.Size, size); n > 0 {
			starts[f] = uint32(next)
			chain(next, n)
			next += n
		}
	}
	return starts, table
}

func (l *fatLayout) writeTables(w io.WriterAt, table []uint32) error {
	raw := make([]byte, 0, len(table)*4)
	for _, c := range table {
		if l.Bits == 16 {
			raw = binary.LittleEndian.AppendUint16(raw, uint16(c))
		} else {
			raw = binary.LittleEndian.AppendUint32(raw, c)
		}
	}
	_, err := w.WriteAt(raw, l.reserved*sector)
	_, again := w.WriteAt(raw, (l.reserved+l.perTable)*sector)
	return errors.Join(err, again)
}

// writeBoot writes the boot sector, and for FAT32 its copy and the sector that
// counts free clusters.
func (l *fatLayout) writeBoot(w io.WriterAt) error {
	b := make([]byte, sector)
	le := binary.LittleEndian
	copy(b, "\xeb\x3c\x90MSWIN4.1")
	le.PutUint16(b[11:], sector)
	b[13] = byte(l.perCluster)
	le.PutUint16(b[14:], uint16(l.reserved))
	b[16] = 2 // tables
	b[21] = 0xf8
	le.PutUint16(b[24:], 63)  // sectors of a track
	le.PutUint16(b[26:], 255) // heads
	le.PutUint32(b[28:], l.Hidden)
	le.PutUint32(b[32:], uint32(l.size()/sector))
	ext := b[36:]
	if l.Bits == 16 {
		le.PutUint16(b[17:], rootEntries16)
		le.PutUint16(b[22:], uint16(l.perTable))
	} else {
		b[1] = 0x58
		le.PutUint32(b[36:], uint32(l.perTable))
		le.PutUint32(b[44:], l.root.at)
		le.PutUint16(b[48:], 1) // the sector with the free count
		le.PutUint16(b[50:], 6) // the copy of the boot sector
		ext = b[64:]
	}
	ext[0], ext[2] = 0x80, 0x29
	le.PutUint32(ext[3:], l.Serial)
	copy(ext[7:18], fmt.Sprintf("%-11s", l.Label))
	copy(ext[18:26], fmt.Sprintf("FAT%-5d", l.Bits))
	b[510], b[511] = 0x55, 0xaa
	_, err := w.WriteAt(b, 0)
	if l.Bits == 16 || err != nil {
		return err
	}
	info := make([]byte, sector)
	copy(info, "RRaA")
	copy(info[484:], "rrAa")
	le.PutUint32(info[488:], uint32(l.clusters-l.used))
	le.PutUint32(info[492:], uint32(2+l.used))
	info[510], info[511] = 0x55, 0xaa
	for _, at := range []int64{1, 7} {
		if _, err := w.WriteAt(info, at*sector); err != nil {
			return err
		}
	}
	_, err = w.WriteAt(b, 6*sector)
	return err
}

// offset is the place of a cluster.
func (l *fatLayout) offset(cluster uint32) int64 {
	return (l.dataStart() + int64(cluster-2)*l.perCluster) * sector
}

func (l *fatLayout) writeFiles(w io.WriterAt, starts map[*File]uint32) error {
	for _, f := range l.files() {
		if f.Size == 0 {
			continue
		}
		if err := copyFile(w, l.offset(starts[f]), f); err != nil {
			return err
		}
	}
	return nil
}

func (l *fatLayout) writeFolders(w io.WriterAt, starts map[*File]uint32) error {
	for _, d := range l.root.all() {
		entries, err := l.entries(d)
		if err != nil {
			return err
		}
		var raw []byte
		for _, e := range entries {
			if f := e.file; f != nil {
				e.setStart(starts[f])
			}
			raw = append(raw, e.raw[:]...)
		}
		at := (l.reserved + 2*l.perTable) * sector
		if d.at != 0 {
			at = l.offset(d.at)
		}
		if _, err := w.WriteAt(raw, at); err != nil {
			return err
		}
	}
	return nil
}

// fatEntry is one entry of a folder. file is set for the entry that names the
// first cluster of a file.
type fatEntry struct {
	raw  [dirEntry]byte
	file *File
}

func (e *fatEntry) setStart(cluster uint32) {
	binary.LittleEndian.PutUint16(e.raw[20:], uint16(cluster>>16))
	binary.LittleEndian.PutUint16(e.raw[26:], uint16(cluster))
}

// entries are those of a folder: the label in the root, "." and ".." elsewhere,
// then folders and files.
func (l *fatLayout) entries(d *folder) ([]*fatEntry, error) {
	var out []*fatEntry
	if d.parent == nil {
		out = append(out, l.entry(fmt.Sprintf("%-11s", l.Label), 0x08, 0, 0))
	} else {
		up := d.parent.at
		if d.parent.parent == nil {
			up = 0 // the root is cluster 0 here
		}
		out = append(out, l.entry(fmt.Sprintf("%-11s", "."), 0x10, d.at, 0), l.entry(fmt.Sprintf("%-11s", ".."), 0x10, up, 0))
	}
	taken := map[string]bool{}
	add := func(name string, attribute byte, at uint32, size int64, f *File) error {
		short, exact, err := shortName(name, taken)
		if err != nil {
			return err
		}
		if !exact {
			out = append(out, longEntries(name, short)...)
		}
		e := l.entry(short, attribute, at, size)
		e.file = f
		out = append(out, e)
		return nil
	}
	for _, sub := range d.folders {
		if err := add(sub.name, 0x10, sub.at, 0, nil); err != nil {
			return nil, err
		}
	}
	for _, f := range d.files {
		if err := add(path.Base(f.Path), 0x20, 0, f.Size, f); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (l *fatLayout) entry(short string, attribute byte, cluster uint32, size int64) *fatEntry {
	e := new(fatEntry)
	copy(e.raw[:], short)
	e.raw[11] = attribute
	date, clock := dosTime(l.Time)
	for _, at := range []int{14, 22} {
		binary.LittleEndian.PutUint16(e.raw[at:], clock)
		binary.LittleEndian.PutUint16(e.raw[at+2:], date)
	}
	binary.LittleEndian.PutUint16(e.raw[18:], date)
	e.setStart(cluster)
	binary.LittleEndian.PutUint32(e.raw[28:], uint32(size))
	return e
}

// dosTime is a time as FAT stores it, in UTC, between 1980 and 2107.
func dosTime(t time.Time) (date, clock uint16) {
	t = t.UTC()
	if t.Year() < 1980 {
		t = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if t.Year() > 2107 {
		t = time.Date(2107, 12, 31, 23, 59, 58, 0, time.UTC)
	}
	return uint16(t.Year()-1980)<<9 | uint16(t.Month())<<5 | uint16(t.Day()), uint16(t.Hour())<<11 | uint16(t.Minute())<<5 | uint16(t.Second()/2)
}

const shortChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-!#$%&'()@^`{}~"

// shortName is the 8.3 form of a name, without its dot. It is exact if the name
// has that form, in capital letters; otherwise it ends in ~1, ~2, ...
func shortName(name string, taken map[string]bool) (short string, exact bool, err error) {
	if name == "" || len(name) > 255 || strings.ContainsFunc(name, func(r rune) bool { return r < 0x20 || r > 0x7e || strings.ContainsRune(`"*/:<>?\|`, r) }) ||
		strings.HasSuffix(name, ".") || strings.HasSuffix(name, " ") {
		return "", false, fmt.Errorf("a FAT file system cannot hold the name %q", name)
	}
	base, ext := name, ""
	if i := strings.LastIndexByte(name, '.'); i > 0 {
		base, ext = name[:i], name[i+1:]
	}
	b, e := shorten(base, 8), shorten(ext, 3)
	exact = b == base && e == ext
	short = fmt.Sprintf("%-8s%-3s", b, e)
	for i := 1; !exact || taken[short]; i++ {
		exact = false
		tail := fmt.Sprintf("~%d", i)
		if i > 9999 {
			return "", false, fmt.Errorf("too many names like %q", name)
		}
		short = fmt.Sprintf("%-8s%-3s", b[:min(len(b), 8-len(tail))]+tail, e)
		if !taken[short] {
			break
		}
	}
	taken[short] = true
	return short, exact, nil
}

// shorten keeps the first characters that a short name can have.
func shorten(s string, most int) string {
	var b strings.Builder
	for _, r := range strings.ToUpper(s) {
		if b.Len() < most && strings.ContainsRune(shortChars, r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// longEntries hold a long name, last part first, with the checksum of the short
// name.
func longEntries(name, short string) []*fatEntry {
	var sum byte
	for i := range 11 {
		sum = sum>>1 | sum<<7
		sum += short[i]
	}
	units := utf16.Encode([]rune(name))
	count := (len(units) + 12) / 13
	var out []*fatEntry
	for n := count; n >= 1; n-- {
		e := new(fatEntry)
		e.raw[0] = byte(n)
		if n == count {
			e.raw[0] |= 0x40
		}
		e.raw[11], e.raw[13] = 0x0f, sum
		for i, at := range []int{1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30} {
			unit := uint16(0xffff)
			switch k := (n-1)*13 + i; {
			case k < len(units):
				unit = units[k]
			case k == len(units):
				unit = 0
			}
			binary.LittleEndian.PutUint16(e.raw[at:], unit)
		}
		out = append(out, e)
	}
	return out
}
