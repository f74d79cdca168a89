package filesystem

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/image/disk"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// ISO 9660 (ECMA-119) with Rock Ridge 1.09.
const (
	isoBlock  = 2048
	isoVolume = 16 // the block of the volume descriptor, after the system area
	isoStart  = 18 // the first block after the descriptors
	// isoExtent is the largest piece of a file. A file can have several.
	isoExtent = 1<<32 - isoBlock
	// maxFolders is what the path table counts.
	maxFolders = 1<<16 - 1
	// Linux ignores a name or target behind these lengths (fs/isofs/rock.c).
	maxRockName = 253
	maxRockLink = 4094
)

// iso writes the file system.
type iso struct {
	*tree
	d     *data
	f     File
	label string
	time  time.Time
	// rest is the block with the Rock Ridge fields that had no room in their record,
	// and lies at restAt.
	rest   []byte
	restAt int64
}

// NewISO starts an ISO 9660 in f, which must be empty. All files have the time t.
// label has at most 32 of the characters A-Z, 0-9 and _.
func NewISO(f File, label string, t time.Time) (Writer, error) {
	if y := t.UTC().Year(); y < 1900 || y > 2155 {
		return nil, fmt.Errorf("an ISO 9660 file system cannot store the time %s", t)
	}
	return &iso{tree: newTree(), d: newData(f, isoBlock, isoStart*isoBlock), f: f, label: label, time: t.UTC()}, nil
}

func (w *iso) Entry(e *system.Entry) (io.WriteCloser, error) {
	i := strings.LastIndexByte(e.Path, '/')
	if name := e.Path[i+1:]; len(name) > maxRockName {
		return nil, fmt.Errorf("a name of %d bytes: Linux reads at most %d of an ISO 9660 file system", len(name), maxRockName)
	}
	if e.Type == system.TypeSymlink && len(e.Link) > maxRockLink {
		return nil, fmt.Errorf("a symbolic link of %d bytes: Linux reads at most %d of an ISO 9660 file system", len(e.Link), maxRockLink)
	}
	n, err := w.add(e)
	if err != nil || e.Type != system.TypeFile {
		return nil, err
	}
	n.at = w.d.next / isoBlock
	return &content{to: w.d, left: e.Size, end: w.d.pad}, nil
}

// Close writes the folders, the path tables and the descriptors.
func (w *iso) Close() (int64, error) {
	folders := w.all()
	if len(folders) > maxFolders {
		return 0, fmt.Errorf("%d folders: an ISO 9660 file system has at most %d", len(folders), maxFolders)
	}
	names := map[*node][]string{}
	for _, d := range folders {
		names[d] = isoNames(d)
		d.size = w.folderSize(d, names[d])
		at, err := w.d.reserve(d.size / isoBlock)
		if err != nil {
			return 0, err
		}
		d.at = at / isoBlock
	}
	for _, d := range folders {
		b, err := w.folder(d, names[d])
		if err != nil {
			return 0, err
		}
		if _, err := w.f.WriteAt(b, d.at*isoBlock); err != nil {
			return 0, err
		}
	}
	if err := w.flushRest(); err != nil {
		return 0, err
	}
	return w.finish(folders, names)
}

// isoNames are the names of a folder's children for readers without Rock Ridge:
// capital letters, digits and _, and a number where two would be equal.
func isoNames(d *node) []string {
	out := make([]string, len(d.children))
	taken := map[string]bool{}
	for i, c := range d.children {
		base := strings.Map(func(r rune) rune {
			switch {
			case r >= 'a' && r <= 'z':
				return r - 'a' + 'A'
			case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
				return r
			}
			return '_'
		}, c.name)
		base = base[:min(len(base), 20)]
		name := base
		for k := 1; taken[name]; k++ {
			name = fmt.Sprintf("%s_%d", base, k)
		}
		taken[name] = true
		if !c.n.folder() {
			name += ".;1"
		}
		out[i] = name
	}
	return out
}

// extents are the pieces of a file: place in blocks, and bytes.
func extents(n *node) [][2]int64 {
	if n.folder() {
		return [][2]int64{{n.at, n.size}}
	}
	var out [][2]int64
	for at, left := n.at, n.e.Size; ; {
		piece := min(left, isoExtent)
		out = append(out, [2]int64{at, piece})
		if left -= piece; left == 0 {
			return out
		}
		at += piece / isoBlock
	}
}

// record is a directory record.
func (w *iso) record(name string, extent [2]int64, folder, more bool, use []byte) []byte {
	return disk.Record{Name: name, At: extent[0], Size: extent[1], Folder: folder, More: more, Time: w.time, Use: use}.Bytes()
}

// each calls do for each record of a folder. The fields of the record are those of n.
func (w *iso) each(d *node, names []string, do func(name string, n *node, fields [][]byte, extent [2]int64, more bool) error) error {
	self := w.attributes(d)
	if d == w.root {
		self = append([][]byte{rock("SP", 0xbe, 0xef, 0)}, append(self, rockIdentity)...)
	}
	err := errors.Join(do("\x00", d, self, extents(d)[0], false), do("\x01", d.parent, w.attributes(d.parent), extents(d.parent)[0], false))
	order := make([]int, len(names))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(names[a], names[b]) })
	for _, i := range order {
		c := d.children[i]
		fields := append(rockName(c.name), w.attributes(c.n)...)
		list := extents(c.n)
		for k, x := range list {
			err = errors.Join(err, do(names[i], c.n, fields, x, k < len(list)-1))
		}
	}
	return err
}

// folderSize is the size of a folder in whole blocks. No record crosses a block.
func (w *iso) folderSize(d *node, names []string) int64 {
	size := 0
	_ = w.each(d, names, func(name string, _ *node, fields [][]byte, _ [2]int64, _ bool) error {
		n := len(w.record(name, [2]int64{}, false, false, nil))
		n += roundUp(useSize(fields, maxRecord-n), 2)
		if size%isoBlock+n > isoBlock {
			size = roundUp(size, isoBlock)
		}
		size += n
		return nil
	})
	return int64(roundUp(size, isoBlock))
}

// folder is the content of a folder.
func (w *iso) folder(d *node, names []string) ([]byte, error) {
	out := make([]byte, 0, d.size)
	err := w.each(d, names, func(name string, n *node, fields [][]byte, extent [2]int64, more bool) error {
		room := maxRecord - len(w.record(name, extent, false, false, nil))
		use, err := w.use(fields, room)
		r := w.record(name, extent, n.folder(), more, use)
		if len(out)%isoBlock+len(r) > isoBlock {
			out = append(out, make([]byte, roundUp(len(out), isoBlock)-len(out))...)
		}
		out = append(out, r...)
		return err
	})
	out = append(out, make([]byte, roundUp(len(out), isoBlock)-len(out))...)
	if err == nil && int64(len(out)) != d.size {
		err = fmt.Errorf("/%s: the folder has %d bytes, expected %d", d.e.Path, len(out), d.size)
	}
	return out, err
}

// finish writes the path tables and the descriptors.
func (w *iso) finish(folders []*node, names map[*node][]string) (int64, error) {
	var at [2]int64
	var size int
	for i, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		b := pathTable(folders, names, order)
		size = len(b)
		place, err := w.d.reserve(divUp(int64(size), isoBlock))
		if err != nil {
			return 0, err
		}
		if _, err := w.f.WriteAt(b, place); err != nil {
			return 0, err
		}
		at[i] = place / isoBlock
	}
	total, err := w.d.close(2 * isoBlock) // a whole number of verity's blocks
	if err != nil {
		return 0, err
	}
	if total/isoBlock > math.MaxUint32 {
		return 0, errors.New("an ISO 9660 file system has at most 8 TiB")
	}
	b := make([]byte, 2*isoBlock)
	copy(b, disk.Volume{Label: w.label, Time: w.time, Blocks: total / isoBlock, PathSize: size, LittlePaths: at[0], BigPaths: at[1],
		Root: disk.Record{Name: "\x00", At: w.root.at, Size: w.root.size, Folder: true, Time: w.time}}.Descriptor())
	copy(b[isoBlock:], "\xffCD001\x01")
	_, err = w.f.WriteAt(b, isoVolume*isoBlock)
	return total, err
}

// pathTable lists the folders, parents first.
func pathTable(folders []*node, names map[*node][]string, order binary.AppendByteOrder) []byte {
	number := map[*node]uint16{}
	name := map[*node]string{}
	for i, d := range folders {
		number[d] = uint16(i + 1)
		for k, c := range d.children {
			if c.n.folder() {
				name[c.n] = names[d][k]
			}
		}
	}
	name[folders[0]] = "\x00"
	var out []byte
	for _, d := range folders {
		out = append(out, byte(len(name[d])), 0)
		out = order.AppendUint32(out, uint32(d.at))
		out = order.AppendUint16(out, number[d.parent])
		out = append(out, name[d]...)
		if len(name[d])%2 == 1 {
			out = append(out, 0)
		}
	}
	return out
}
