package disk

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"
)

// ISO describes an ISO 9660 file system (ECMA-119) that firmware can boot (El
// Torito 1.0).
type ISO struct {
	// Label has at most 32 of the characters A-Z, 0-9 and _.
	Label string
	// Time is the date of the volume and of every file.
	Time time.Time
	// Files have names of at most 30 characters, stored in capital letters.
	Files []File
	// Boot images, the default one first.
	Boot []BootImage
	// DiskID and PartitionID are GUIDs. With both, the image also has a partition
	// table, in which the first EFI boot image is the system partition: firmware
	// boots it from a USB stick too.
	DiskID, PartitionID string
	// BootCode is the code of a master boot record that starts the first boot image
	// from a disk: isohdpfx.bin of isolinux. With it, a BIOS boots the image from a
	// USB stick too. Signature is that of the disk.
	BootCode  []byte
	Signature uint32
}

// BootImage names a file that firmware loads.
type BootImage struct {
	// Path is that of one of the Files.
	Path     string
	Platform byte
	// InfoTable: the loader wants a table at offset 8 that says where it lies
	// (isolinux). Its content is then held in memory.
	InfoTable bool
}

// Platforms of boot images.
const (
	PlatformBIOS = 0
	PlatformEFI  = 0xef
)

const (
	block = 2048
	// Blocks before the path tables: the system area, the volume descriptor, the
	// boot record, the terminator.
	volumeAt, bootAt, endAt, tablesAt = 16, 17, 18, 19
)

// isoLayout says in which block each thing lies.
type isoLayout struct {
	ISO
	folders        []*folder
	paths          []byte // the path table, little endian
	pathBlocks     int64
	catalog, total int64
	at             map[*File]int64
}

// Write writes the file system to f, which must be empty, and returns its size.
func (o ISO) Write(f Output) (int64, error) {
	l, err := o.layout()
	if err != nil {
		return 0, err
	}
	if err := f.Truncate(l.total * block); err != nil {
		return 0, err
	}
	catalog, err := l.bootCatalog()
	if err != nil {
		return 0, err
	}
	blocks := map[int64][]byte{
		volumeAt: l.volume(), bootAt: l.bootRecord(), endAt: []byte("\xffCD001\x01"), l.catalog: catalog,
		tablesAt: l.paths, tablesAt + l.pathBlocks: l.bigEndianPaths(),
	}
	for _, d := range l.folders {
		blocks[int64(d.at)] = l.records(d)
	}
	for at, data := range blocks {
		if _, err := f.WriteAt(data, at*block); err != nil {
			return 0, err
		}
	}
	for i := range l.Files {
		if err := l.writeFile(f, &l.Files[i]); err != nil {
			return 0, err
		}
	}
	return l.total * block, errors.Join(l.hybrid(f), l.isohybrid(f))
}

func (o ISO) layout() (*isoLayout, error) {
	root, err := treeOf(o.Files)
	errs := []error{err}
	for _, f := range o.Files {
		for name := range strings.SplitSeq(f.Path, "/") {
			errs = append(errs, checkISOName(name))
		}
		if f.Size > 1<<32-1 {
			errs = append(errs, fmt.Errorf("%s has %d bytes, and a file of an ISO 9660 file system has at most 4 GiB", f.Path, f.Size))
		}
	}
	if len(o.Label) > 32 || strings.Trim(o.Label, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" {
		errs = append(errs, fmt.Errorf("%q cannot be the label of an ISO 9660 file system", o.Label))
	}
	if len(o.BootCode) > hybridCode {
		errs = append(errs, fmt.Errorf("boot code of %d bytes: a master boot record that starts an ISO has room for %d", len(o.BootCode), hybridCode))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	l := &isoLayout{ISO: o, folders: root.all(), at: map[*File]int64{}}
	l.paths = l.pathTable() // for its size: the places are not known yet
	l.pathBlocks = divUp(int64(len(l.paths)), block)
	next := tablesAt + 2*l.pathBlocks
	for _, d := range l.folders {
		d.at = uint32(next)
		d.size = roundUp(int64(len(l.records(d))), block)
		next += d.size / block
	}
	l.catalog = next
	next++
	for i := range l.Files {
		l.at[&l.Files[i]] = next
		next += divUp(l.Files[i].Size, block)
	}
	l.paths = l.pathTable()
	// Readers look ahead of the last file; the second partition table needs room.
	l.total = next + 150
	if o.BootCode != nil {
		l.total = roundUp(l.total, hybridUnit/block)
	}
	return l, nil
}

func checkISOName(name string) error {
	base, ext, _ := strings.Cut(strings.ToUpper(name), ".")
	if len(name) > 30 || base == "" || strings.Trim(base+ext, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" {
		return fmt.Errorf("an ISO 9660 file system cannot hold the name %q", name)
	}
	return nil
}

// record is a directory record.
func (l *isoLayout) record(name string, at, size int64, isFolder bool) []byte {
	return Record{Name: name, At: at, Size: size, Folder: isFolder, Time: l.Time}.Bytes()
}

// records are the content of a folder. No record crosses a block.
func (l *isoLayout) records(d *folder) []byte {
	parent := d
	if d.parent != nil {
		parent = d.parent
	}
	list := [][]byte{}
	for _, sub := range d.folders {
		list = append(list, l.record(strings.ToUpper(sub.name), int64(sub.at), sub.size, true))
	}
	for _, f := range d.files {
		name := strings.ToUpper(path.Base(f.Path))
		if !strings.Contains(name, ".") {
			name += "."
		}
		list = append(list, l.record(name+";1", l.at[f], f.Size, false))
	}
	slices.SortFunc(list, func(a, b []byte) int { return bytes.Compare(a[33:], b[33:]) })
	list = append([][]byte{l.record("\x00", int64(d.at), d.size, true), l.record("\x01", int64(parent.at), parent.size, true)}, list...)
	var out []byte
	for _, r := range list {
		if len(out)%block+len(r) > block {
			out = append(out, make([]byte, block-len(out)%block)...)
		}
		out = append(out, r...)
	}
	return out
}

// pathTable lists the folders, parents first, in little endian.
func (l *isoLayout) pathTable() []byte {
	return l.pathsIn(binary.LittleEndian)
}

func (l *isoLayout) bigEndianPaths() []byte { return l.pathsIn(binary.BigEndian) }

func (l *isoLayout) pathsIn(order binary.AppendByteOrder) []byte {
	number := map[*folder]uint16{}
	var out []byte
	for i, d := range l.folders {
		number[d] = uint16(i + 1)
		name, parent := strings.ToUpper(d.name), uint16(1)
		if d.parent == nil {
			name = "\x00"
		} else {
			parent = number[d.parent]
		}
		out = append(out, byte(len(name)), 0)
		out = order.AppendUint32(out, d.at)
		out = order.AppendUint16(out, parent)
		out = append(out, name...)
		if len(name)%2 == 1 {
			out = append(out, 0)
		}
	}
	return out
}

// volume is the primary volume descriptor.
func (l *isoLayout) volume() []byte {
	root := l.folders[0]
	return Volume{Label: l.Label, Time: l.Time, Blocks: l.total, PathSize: len(l.paths), LittlePaths: tablesAt, BigPaths: tablesAt + l.pathBlocks,
		Root: Record{Name: "\x00", At: int64(root.at), Size: root.size, Folder: true, Time: l.Time}}.Descriptor()
}

func (l *isoLayout) bootRecord() []byte {
	b := make([]byte, block)
	copy(b, "\x00CD001\x01EL TORITO SPECIFICATION")
	binary.LittleEndian.PutUint32(b[71:], uint32(l.catalog))
	return b
}

// file finds a file by its path.
func (l *isoLayout) file(p string) (*File, error) {
	for i := range l.Files {
		if l.Files[i].Path == p {
			return &l.Files[i], nil
		}
	}
	return nil, fmt.Errorf("boot image %s is not a file of the file system", p)
}

// bootCatalog lists the boot images: the first as the default, each of the others
// in a section of its own.
func (l *isoLayout) bootCatalog() ([]byte, error) {
	b := make([]byte, 0, block)
	for i, img := range l.Boot {
		f, err := l.file(img.Path)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			b = append(b, validation(img.Platform)...)
		} else {
			header := make([]byte, 32)
			header[0], header[1] = 0x90, img.Platform
			if i == len(l.Boot)-1 {
				header[0] = 0x91
			}
			header[2] = 1
			b = append(b, header...)
		}
		e := make([]byte, 32)
		e[0] = 0x88
		binary.LittleEndian.PutUint16(e[6:], sectorsToLoad(img, f.Size))
		binary.LittleEndian.PutUint32(e[8:], uint32(l.at[f]))
		b = append(b, e...)
	}
	return b, nil
}

// sectorsToLoad counts in 512 bytes. A BIOS loads the first 2 KiB of a loader,
// which loads the rest. EFI takes 0 for an image up to the end of the medium.
func sectorsToLoad(img BootImage, size int64) uint16 {
	if img.Platform == PlatformBIOS {
		return 4
	}
	n := divUp(size, sector)
	if n > 0xffff {
		return 0
	}
	return uint16(n)
}

// validation is the first entry of a boot catalog; its words add up to zero.
func validation(platform byte) []byte {
	e := make([]byte, 32)
	e[0], e[1], e[30], e[31] = 1, platform, 0x55, 0xaa
	var sum uint16
	for i := 0; i < 32; i += 2 {
		sum += binary.LittleEndian.Uint16(e[i:])
	}
	binary.LittleEndian.PutUint16(e[28:], -sum)
	return e
}

func (l *isoLayout) writeFile(w io.WriterAt, f *File) error {
	i := slices.IndexFunc(l.Boot, func(b BootImage) bool { return b.InfoTable && b.Path == f.Path })
	if i < 0 {
		return copyFile(w, l.at[f]*block, f)
	}
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, 1<<20))
	if err != nil || int64(len(data)) != f.Size || len(data) < 64 {
		return errors.Join(fmt.Errorf("boot image %s: not a loader of 64 bytes to 1 MiB", f.Path), err)
	}
	var sum uint32
	padded := append(slices.Clone(data), 0, 0, 0)
	for at := 64; at+4 <= len(padded); at += 4 {
		sum += binary.LittleEndian.Uint32(padded[at:])
	}
	for k, n := range []uint32{volumeAt, uint32(l.at[f]), uint32(len(data)), sum} {
		binary.LittleEndian.PutUint32(data[8+4*k:], n)
	}
	clear(data[24:64])
	_, err = w.WriteAt(data, l.at[f]*block)
	return err
}

// hybrid adds the partition table.
func (l *isoLayout) hybrid(f Output) error {
	i := slices.IndexFunc(l.Boot, func(b BootImage) bool { return b.Platform == PlatformEFI })
	if i < 0 || l.DiskID == "" || l.PartitionID == "" {
		return nil
	}
	esp, err := l.file(l.Boot[i].Path)
	if err != nil {
		return err
	}
	return WriteGPT(f, l.total*block, l.DiskID, []Partition{{Name: "EFI system", Type: TypeESP, ID: l.PartitionID,
		Start: l.at[esp] * block, Size: roundUp(esp.Size, sector)}})
}

const (
	// hybridCode is the room for boot code before the place of the loader.
	hybridCode = 432
	// hybridUnit is a cylinder of 64 heads and 32 sectors: the size of the image is a
	// multiple of it.
	hybridUnit = 1 << 20
	// hybridMark is at byte 64 of a loader that can start from a disk.
	hybridMark = 0x7078c0fb
)

// isohybrid writes the master boot record that isolinux needs on a disk: where the
// loader is, and one active partition with the whole image.
func (l *isoLayout) isohybrid(f Output) error {
	if l.BootCode == nil {
		return nil
	}
	if len(l.Boot) == 0 || l.Boot[0].Platform != PlatformBIOS {
		return errors.New("boot code for a disk, but no boot image for a BIOS")
	}
	loader, err := l.file(l.Boot[0].Path)
	if err != nil {
		return err
	}
	at := l.at[loader] * block
	mark := make([]byte, 4)
	le := binary.LittleEndian
	if _, err := f.ReadAt(mark, at+64); err != nil || le.Uint32(mark) != hybridMark {
		return errors.Join(fmt.Errorf("boot image %s cannot start from a disk", loader.Path), err)
	}
	size := l.total * block
	b := make([]byte, sector)
	copy(b, l.BootCode)
	le.PutUint32(b[hybridCode:], uint32(at/sector))
	le.PutUint32(b[codeSize:], l.Signature)
	e := b[446:]
	copy(e, "\x80\x00\x01\x00\x17\x3f\x20\xff") // active, hidden, from the first to the last cylinder
	if cylinders := size / hybridUnit; cylinders <= 1024 {
		e[6], e[7] = byte(32|(cylinders-1)>>8<<6), byte(cylinders-1)
	} else {
		e[6] |= 0xc0
	}
	le.PutUint32(e[12:], uint32(min(size/sector, 1<<32-1)))
	b[510], b[511] = 0x55, 0xaa
	_, err = f.WriteAt(b, 0)
	return err
}
