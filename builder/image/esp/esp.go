// Package esp finds the EFI program that firmware starts from a disk or an ISO.
// It reads what a build writes, and refuses everything else: two system
// partitions, a file in several pieces, a name that occurs twice. So there is no
// second program that firmware could start instead.
package esp

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
)

// Program finds the file of a path ("EFI/BOOT/BOOTX64.EFI") in the EFI system
// partition of a disk with a GUID partition table.
func Program(disk io.ReaderAt, size int64, path string) (*io.SectionReader, error) {
	part, err := partition(disk, size)
	if err != nil {
		return nil, err
	}
	return file(part, path)
}

// ProgramOnISO finds the file in the EFI boot image of an ISO.
func ProgramOnISO(iso io.ReaderAt, size int64, path string) (*io.SectionReader, error) {
	part, err := bootImage(iso, size)
	if err != nil {
		return nil, err
	}
	return file(part, path)
}

// wrong is an error about the image's structure.
func wrong(format string, args ...any) error {
	return fmt.Errorf("not as a build writes it: "+format, args...)
}

// read reads exactly n bytes.
func read(r io.ReaderAt, at, n int64) ([]byte, error) {
	b := make([]byte, n)
	if got, err := r.ReadAt(b, at); got < len(b) {
		if err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return b, nil
}

// section is a range of the image, which must lie inside of it.
func section(r io.ReaderAt, size, at, n int64) (*io.SectionReader, error) {
	if at < 0 || n <= 0 || at > size || n > size-at {
		return nil, wrong("something lies behind its end")
	}
	return io.NewSectionReader(r, at, n), nil
}

const (
	sector = 512
	block  = 2048
)

// typeESP is the type of the EFI system partition, in the byte order of EFI.
var typeESP = []byte{0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11, 0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b}

// partition finds the EFI system partition.
func partition(r io.ReaderAt, size int64) (*io.SectionReader, error) {
	header, err := read(r, sector, 92)
	if err != nil {
		return nil, err
	}
	le := binary.LittleEndian
	table, count := le.Uint64(header[72:]), le.Uint32(header[80:])
	if string(header[:8]) != "EFI PART" || le.Uint32(header[84:]) != 128 || count == 0 || count > 128 || table > uint64(size)/sector {
		return nil, wrong("it has no GUID partition table")
	}
	entries, err := read(r, int64(table)*sector, int64(count)*128)
	if err != nil {
		return nil, err
	}
	var found *io.SectionReader
	for ; len(entries) > 0; entries = entries[128:] {
		if !bytes.Equal(entries[:16], typeESP) {
			continue
		}
		first, last := le.Uint64(entries[32:]), le.Uint64(entries[40:])
		if found != nil {
			return nil, wrong("it has two EFI system partitions")
		}
		if first > last || last >= uint64(size)/sector {
			return nil, wrong("its EFI system partition lies behind its end")
		}
		if found, err = section(r, size, int64(first)*sector, int64(last-first+1)*sector); err != nil {
			return nil, err
		}
	}
	if found == nil {
		return nil, wrong("it has no EFI system partition")
	}
	return found, nil
}

// bootImage finds the image that the boot catalog (El Torito) has for EFI.
func bootImage(r io.ReaderAt, size int64) (*io.SectionReader, error) {
	record, err := read(r, 17*block, 75)
	if err != nil {
		return nil, err
	}
	if string(record[:7]) != "\x00CD001\x01" || string(record[7:30]) != "EL TORITO SPECIFICATION" {
		return nil, wrong("it has no boot record (El Torito)")
	}
	le := binary.LittleEndian
	catalog, err := read(r, int64(le.Uint32(record[71:]))*block, block)
	if err != nil {
		return nil, err
	}
	const efi, bootable = 0xef, 0x88
	if catalog[0] != 1 || catalog[1] != efi || catalog[32] != bootable || catalog[64] != 0 {
		return nil, wrong("its boot catalog has another entry than one for EFI")
	}
	at, n := int64(le.Uint32(catalog[40:]))*block, int64(le.Uint16(catalog[38:]))*sector
	if n == 0 {
		n = size - at // the file system in it says how long it is
	}
	image, err := section(r, size, at, n)
	if err != nil {
		return nil, err
	}
	// As a disk, the ISO has a partition table. It must lead to the same place.
	if part, err := partition(r, size); err != nil {
		return nil, err
	} else if _, start, _ := part.Outer(); start != at {
		return nil, wrong("as a disk it starts another program than as a CD")
	}
	return image, nil
}

// fat is a FAT16 or FAT32 file system.
type fat struct {
	*io.SectionReader
	bits, perCluster, data, clusters int64
	rootAt, rootSize, rootCluster    int64
	table                            []byte
}

const maxTable = 16 << 20

func openFAT(r *io.SectionReader) (*fat, error) {
	b, err := read(r, 0, sector)
	if err != nil {
		return nil, err
	}
	u16 := func(at int) int64 { return int64(binary.LittleEndian.Uint16(b[at:])) }
	u32 := func(at int) int64 { return int64(binary.LittleEndian.Uint32(b[at:])) }
	f := &fat{SectionReader: r, bits: 16, perCluster: int64(b[13]) * sector, rootSize: u16(17) * 32, rootCluster: 0}
	perTable, total := u16(22), u16(19)
	if perTable == 0 {
		f.bits, perTable, f.rootCluster = 32, u32(36), u32(44)
	}
	if total == 0 {
		total = u32(32)
	}
	reserved, tables := u16(14), int64(b[16])
	f.rootAt = (reserved + tables*perTable) * sector
	f.data = f.rootAt + f.rootSize
	if u16(11) != sector || f.perCluster == 0 || reserved == 0 || tables == 0 || f.rootSize%sector != 0 || perTable*sector > maxTable ||
		total*sector > r.Size() || f.data >= total*sector {
		return nil, wrong("its EFI system partition has no FAT file system")
	}
	f.clusters = (total*sector - f.data) / f.perCluster
	if is32 := f.clusters >= 65525; f.clusters < 4085 || is32 != (f.bits == 32) || (f.clusters+2)*f.bits/8 > perTable*sector {
		return nil, wrong("its FAT file system has %d clusters of FAT%d", f.clusters, f.bits)
	}
	f.table, err = read(r, reserved*sector, perTable*sector)
	return f, err
}

// next is the entry of a cluster in the table, and whether the chain ends there.
func (f *fat) next(cluster int64) (int64, bool) {
	if f.bits == 16 {
		n := int64(binary.LittleEndian.Uint16(f.table[cluster*2:]))
		return n, n >= 0xfff8
	}
	n := int64(binary.LittleEndian.Uint32(f.table[cluster*4:]) & 0x0fffffff)
	return n, n >= 0x0ffffff8
}

// run is what lies in n clusters that follow each other; n < 0 for as many as the
// chain has.
func (f *fat) run(cluster, n int64) (*io.SectionReader, error) {
	for length := int64(1); ; length++ {
		at := cluster + length - 1
		if cluster < 2 || at >= f.clusters+2 {
			return nil, wrong("a file lies behind the end of its FAT file system")
		}
		next, last := f.next(at)
		if !last && next != at+1 || n > 0 && last != (length == n) {
			return nil, wrong("a file of its FAT file system lies in several pieces")
		}
		if last {
			return section(f, f.Size(), f.data+(cluster-2)*f.perCluster, length*f.perCluster)
		}
	}
}

// maxFolder bounds a folder.
const maxFolder = 1 << 20

// file finds a file by its path, whose parts are short names.
func file(part *io.SectionReader, path string) (*io.SectionReader, error) {
	f, err := openFAT(part)
	if err != nil {
		return nil, err
	}
	var folder *io.SectionReader
	if f.bits == 16 {
		folder, err = section(f, f.Size(), f.rootAt, f.rootSize)
	} else {
		folder, err = f.run(f.rootCluster, -1)
	}
	names := strings.Split(path, "/")
	for i, name := range names {
		if err != nil {
			return nil, err
		}
		last := i == len(names)-1
		cluster, size, ferr := find(folder, name, !last)
		switch {
		case ferr != nil:
			return nil, fmt.Errorf("/%s: %w", strings.Join(names[:i+1], "/"), ferr)
		case last:
			run, err := f.run(cluster, (size+f.perCluster-1)/f.perCluster)
			if err != nil {
				return nil, err
			}
			return section(run, run.Size(), 0, size)
		}
		folder, err = f.run(cluster, -1)
	}
	return nil, wrong("the path is empty")
}

// find finds the only entry of a name in a folder.
func find(folder *io.SectionReader, name string, isFolder bool) (cluster, size int64, err error) {
	b, err := read(folder, 0, min(folder.Size(), maxFolder))
	if err != nil {
		return 0, 0, err
	}
	base, ext, _ := strings.Cut(name, ".")
	want := fmt.Sprintf("%-8s%-3s", base, ext)
	const longName, label, directory = 0x0f, 0x08, 0x10
	found := false
	for ; len(b) >= 32 && b[0] != 0; b = b[32:] {
		if b[11]&longName == longName || b[11]&label != 0 || !strings.EqualFold(string(b[:11]), want) {
			continue
		}
		if found {
			return 0, 0, wrong("the name occurs twice")
		}
		if found = true; isFolder != (b[11]&directory != 0) {
			return 0, 0, wrong("a folder is a file, or a file is a folder")
		}
		cluster = int64(binary.LittleEndian.Uint16(b[20:]))<<16 | int64(binary.LittleEndian.Uint16(b[26:]))
		size = int64(binary.LittleEndian.Uint32(b[28:]))
	}
	if !found {
		return 0, 0, wrong("it is missing")
	}
	return cluster, size, nil
}
