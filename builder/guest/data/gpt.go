package data

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"unicode/utf16"
)

// dataType is the type of a partition with the data of a server, and dataName its name
// (The Discoverable Partitions Specification).
const (
	dataType = "\x25\x84\x8F\x3B\xE0\x20\x3B\x4F\x90\x7F\x1A\x25\xA7\x6F\x98\xE8" // 3B8F8425-20E0-4F3B-907F-1A25A76F98E8
	dataName = "data"
)

// Limits for partition tables. Usual tables have 128 entries of 128 bytes.
const (
	maxPartitions   = 1024
	maxPartitionRow = 1024
)

// gptAlign is the alignment of partitions in bytes.
const gptAlign = 1 << 20

// gptTable is a GUID partition table whose checksums match.
type gptTable struct {
	sector int64
	head   []byte // one sector
	rows   []byte
	// size is the size of one row.
	size int
}

// Partition is a partition. Number counts from 1; Start and End are bytes, and End
// is the first byte behind it.
type Partition struct {
	Number     int
	Start, End int64
	kind       [16]byte
}

var errNoGPT = errors.New("it has no partition table")

// readGPT reads the table of a disk of this size: the first one, or if that one is
// damaged, the second one at the end of the disk.
func readGPT(r io.ReaderAt, sector, size int64) (t *gptTable, damaged bool, err error) {
	if t, err = readGPTAt(r, sector, 1, size); err == nil {
		return t, false, nil
	}
	if second, errSecond := readGPTAt(r, sector, size/sector-1, size); errSecond == nil {
		return second, true, nil
	}
	return nil, true, err
}

// readGPTAt reads the table whose header is in the sector with this number.
func readGPTAt(r io.ReaderAt, sector, at, size int64) (*gptTable, error) {
	t := &gptTable{sector: sector, head: make([]byte, sector)}
	if _, err := r.ReadAt(t.head, at*sector); err != nil || string(t.head[:8]) != "EFI PART" {
		return nil, errNoGPT
	}
	le := binary.LittleEndian
	bad := errors.New("its partition table is damaged")
	length := int64(le.Uint32(t.head[12:]))
	if length < 92 || length > sector || int64(le.Uint64(t.head[24:])) != at {
		return nil, bad
	}
	if sum := le.Uint32(t.head[16:]); sum != headSum(t.head, length) {
		return nil, bad
	}
	rows, count := int64(le.Uint64(t.head[72:])), int(le.Uint32(t.head[80:]))
	t.size = int(le.Uint32(t.head[84:]))
	if rows < 2 || rows > size/sector || count < 1 || count > maxPartitions || t.size < 128 || t.size > maxPartitionRow || t.size%8 != 0 {
		return nil, bad
	}
	t.rows = make([]byte, count*t.size)
	if _, err := r.ReadAt(t.rows, rows*sector); err != nil || crc32.ChecksumIEEE(t.rows) != le.Uint32(t.head[88:]) {
		return nil, bad
	}
	return t, nil
}

// headSum is the checksum of a header, in which the place of the checksum counts as 0.
func headSum(head []byte, length int64) uint32 {
	b := bytes.Clone(head[:length])
	clear(b[16:20])
	return crc32.ChecksumIEEE(b)
}

// id is the identifier of the disk.
func (t *gptTable) id() []byte { return t.head[56:72] }

// row is the row of a partition, counted from 1.
func (t *gptTable) row(number int) []byte { return t.rows[(number-1)*t.size:][:t.size] }

// partitions are the partitions in use. Each must be on the disk.
func (t *gptTable) partitions(size int64) ([]Partition, error) {
	var out []Partition
	for n := 1; n <= len(t.rows)/t.size; n++ {
		row := t.row(n)
		p := Partition{Number: n, kind: [16]byte(row)}
		if p.kind == ([16]byte{}) {
			continue
		}
		first, last := binary.LittleEndian.Uint64(row[32:]), binary.LittleEndian.Uint64(row[40:])
		if first < 1 || last < first || last >= uint64(size/t.sector) {
			return nil, fmt.Errorf("partition %d is not on the disk", n)
		}
		p.Start, p.End = int64(first)*t.sector, int64(last+1)*t.sector
		out = append(out, p)
	}
	return out, nil
}

// tableSectors is the room of the rows, in sectors.
func (t *gptTable) tableSectors() int64 { return (int64(len(t.rows)) + t.sector - 1) / t.sector }

// free is the room behind the last of the partitions, on a disk of this size.
func (t *gptTable) free(parts []Partition, size int64) (start, end int64) {
	start = 2*t.sector + int64(len(t.rows))
	for _, p := range parts {
		start = max(start, p.End)
	}
	start = (start + gptAlign - 1) / gptAlign * gptAlign
	end = (size/t.sector - 1 - t.tableSectors()) * t.sector / gptAlign * gptAlign
	return start, max(start, end)
}

// second is the place of the second table, as the first one names it. If the disk is
// larger than the image, it is not at the end of the disk.
func (t *gptTable) second() (start, end int64) {
	other := int64(binary.LittleEndian.Uint64(t.head[32:])) & (1<<40 - 1)
	return (other - t.tableSectors()) * t.sector, (other + 1) * t.sector
}

// add adds a partition in the first free row, and returns its number.
func (t *gptTable) add(kind, id [16]byte, name string, start, end int64) (int, error) {
	for n := 1; n <= len(t.rows)/t.size; n++ {
		row := t.row(n)
		if [16]byte(row) != ([16]byte{}) {
			continue
		}
		clear(row)
		copy(row, kind[:])
		copy(row[16:], id[:])
		binary.LittleEndian.PutUint64(row[32:], uint64(start/t.sector))
		binary.LittleEndian.PutUint64(row[40:], uint64(end/t.sector-1))
		for i, u := range utf16.Encode([]rune(name)) {
			binary.LittleEndian.PutUint16(row[56+2*i:], u)
		}
		return n, nil
	}
	return 0, errors.New("its partition table has no free row")
}

// write writes the table for a disk of this size, which can have grown: first the
// second table at the end, then the first one, each at once. sync is called after each:
// if the machine stops at any time, one table is valid.
func (t *gptTable) write(w io.WriterAt, size int64, sync func() error) error {
	last := size/t.sector - 1
	rows := last - t.tableSectors()
	second := t.header(last, 1, rows, rows-1)
	first := t.header(1, last, 2, rows-1)
	padded := make([]byte, t.tableSectors()*t.sector)
	copy(padded, t.rows)
	for _, b := range []struct {
		data []byte
		at   int64
	}{{append(bytes.Clone(padded), second...), rows}, {append(first, padded...), 1}} {
		if _, err := w.WriteAt(b.data, b.at*t.sector); err != nil {
			return err
		}
		if err := sync(); err != nil {
			return err
		}
	}
	return nil
}

// header is the header for the table in sector own, whose rows are from sector rows on;
// the other table is in sector other, and partitions end at sector usable.
func (t *gptTable) header(own, other, rows, usable int64) []byte {
	le := binary.LittleEndian
	h := bytes.Clone(t.head)
	length := int64(le.Uint32(h[12:]))
	clear(h[length:])
	for at, v := range map[int]int64{24: own, 32: other, 48: usable, 72: rows} {
		le.PutUint64(h[at:], uint64(v))
	}
	le.PutUint32(h[88:], crc32.ChecksumIEEE(t.rows))
	le.PutUint32(h[16:], headSum(h, length))
	return h
}

// writeMBR makes the protective master boot record cover a disk of this size.
func writeMBR(f interface {
	io.ReaderAt
	io.WriterAt
}, sector, size int64) error {
	var mbr [512]byte
	if _, err := f.ReadAt(mbr[:], 0); err != nil {
		return err
	}
	const entry = 446
	if mbr[entry+4] != 0xee || !slices.Equal(mbr[510:], []byte{0x55, 0xaa}) {
		return nil // a record of another kind stays as it is
	}
	binary.LittleEndian.PutUint32(mbr[entry+12:], uint32(min(size/sector-1, 0xffffffff)))
	_, err := f.WriteAt(mbr[:], 0)
	return err
}
