package inspect

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"unicode/utf16"
)

// Table describes a partition table.
type Table struct {
	// Type is gpt or mbr.
	Type string `json:"type"`
	// ID is the GUID or the signature of the disk.
	ID string `json:"id,omitempty"`
	// SectorSize is that which the table counts in.
	SectorSize int64 `json:"sectorSize"`
}

// Partition describes a partition.
type Partition struct {
	Number int `json:"number"`
	// Type is a GUID or a number of two hexadecimal digits, TypeName its meaning.
	Type     string `json:"type"`
	TypeName string `json:"typeName,omitempty"`
	Name     string `json:"name,omitempty"`
	GUID     string `json:"guid,omitempty"`
	// Start in bytes.
	Start int64 `json:"start"`
	// Active: a BIOS boots it.
	Active     bool   `json:"active,omitempty"`
	Attributes string `json:"attributes,omitempty"`
}

const (
	maxGPTEntries = 1024
	maxLogical    = 64
)

// diskKinds are disks without a wrapper.
var diskKinds = []kind{
	{"disk", "disk", func(c *content) bool { return sectorSize(c) > 0 || isMBR(c) }, describeDisk},
}

// sectorSize is that of a GUID partition table, 0 without one.
func sectorSize(c *content) int64 {
	for _, size := range []int{512, 4096} {
		if c.at(size, "EFI PART") {
			return int64(size)
		}
	}
	return 0
}

// isMBR recognises a master boot record with at least one partition in the disk.
func isMBR(c *content) bool {
	if !c.at(510, "\x55\xaa") {
		return false
	}
	used := false
	for i := range 4 {
		e := c.head[446+16*i:]
		start, count := binary.LittleEndian.Uint32(e[8:]), binary.LittleEndian.Uint32(e[12:])
		if e[0] != 0 && e[0] != 0x80 || e[4] != 0 && int64(start)*512 >= c.Size() {
			return false
		}
		used = used || e[4] != 0 && count > 0
	}
	return used
}

func describeDisk(w *walker, it *Item, s *io.SectionReader) {
	c := &content{SectionReader: s, head: make([]byte, min(s.Size(), 8192))}
	if n, err := s.ReadAt(c.head, 0); n < len(c.head) {
		it.problem("cannot be read: %v", err)
		return
	}
	if size := sectorSize(c); size > 0 {
		describeGPT(w, it, s, size)
		return
	}
	describeMBR(w, it, s, c.head)
}

// gptHeader reads and checks a header. at is its place in bytes.
func gptHeader(s *io.SectionReader, at, sector int64) ([]byte, error) {
	h, err := read(s, at, 512)
	if err != nil {
		return nil, err
	}
	le := binary.LittleEndian
	size := le.Uint32(h[12:])
	if string(h[:8]) != "EFI PART" || size < 92 || size > 512 {
		return nil, fmt.Errorf("there is no header at byte %d", at)
	}
	sum := le.Uint32(h[16:])
	check := bytes.Clone(h[:size])
	clear(check[16:20])
	if got := crc32.ChecksumIEEE(check); got != sum {
		return nil, fmt.Errorf("the checksum of its header is %08x, and must be %08x", sum, got)
	}
	if mine := le.Uint64(h[24:]); mine != uint64(at/sector) {
		return nil, fmt.Errorf("its header at sector %d says that it is at sector %d", at/sector, mine)
	}
	return h, nil
}

func describeGPT(w *walker, it *Item, s *io.SectionReader, sector int64) {
	it.Table = &Table{Type: "gpt", SectorSize: sector}
	h, err := gptHeader(s, sector, sector)
	if err != nil {
		it.problem("the partition table is damaged: %v", err)
		return
	}
	le := binary.LittleEndian
	it.Table.ID = guid(h[56:])
	at, count, size := le.Uint64(h[72:]), le.Uint32(h[80:]), le.Uint32(h[84:])
	if at > uint64(s.Size()) || count > maxGPTEntries || size < 128 || size > 4096 {
		it.problem("the partition table is damaged: %d entries of %d bytes", count, size)
		return
	}
	list, err := read(s, int64(at)*sector, int(count*size))
	if err != nil {
		it.problem("the partition table is damaged: %v", err)
		return
	}
	if got, want := crc32.ChecksumIEEE(list), le.Uint32(h[88:]); got != want {
		it.problem("the partition table is damaged: the checksum of its entries is %08x, and must be %08x", want, got)
	}
	for i := range int(count) {
		e := list[i*int(size):][:size]
		if bytes.Equal(e[:16], make([]byte, 16)) {
			continue
		}
		p := &Partition{Number: i + 1, Type: guid(e), GUID: guid(e[16:]), Name: utf16Name(e[56:128])}
		p.TypeName = gptTypes[p.Type]
		if a := le.Uint64(e[48:]); a != 0 {
			p.Attributes = fmt.Sprintf("%016x", a)
		}
		first, last := le.Uint64(e[32:]), le.Uint64(e[40:])
		if last < first || last > 1<<50 {
			it.problem("partition %d from sector %d to %d is not valid", p.Number, first, last)
			continue
		}
		w.partition(it, p, s, int64(first)*sector, int64(last-first+1)*sector)
	}
	// The second table comes last: to read it, a compressed disk is read whole.
	if backup := le.Uint64(h[32:]); backup > 1<<50 {
		it.problem("the second partition table would be at sector %d", backup)
	} else if _, err := gptHeader(s, int64(backup)*sector, sector); err != nil {
		it.problem("the second partition table is missing or damaged: the file may be truncated, or was made larger")
	}
}

// partition adds a partition, and looks into it.
func (w *walker) partition(it *Item, p *Partition, s *io.SectionReader, start, size int64) {
	p.Start = start
	content := part(s, start, size)
	item := w.look("", content)
	if item == nil {
		it.problem("there are more partitions than are shown")
		return
	}
	if content.Size() < size {
		item.problem("the partition ends at byte %d, and the disk at %d", start+size, s.Size())
	}
	item.Size, item.Partition = size, p
	it.Contents = append(it.Contents, item)
}

func describeMBR(w *walker, it *Item, s *io.SectionReader, head []byte) {
	if len(head) < 512 {
		it.problem("the master boot record is truncated")
		return
	}
	it.Table = &Table{Type: "mbr", ID: fmt.Sprintf("%08x", binary.LittleEndian.Uint32(head[440:])), SectorSize: 512}
	for i := range 4 {
		e := head[446+16*i:][:16]
		if e[4] == 0 {
			continue
		}
		start, size := mbrPlace(e)
		p := mbrPartition(e, i+1)
		if e[4] == 0x05 || e[4] == 0x0f || e[4] == 0x85 {
			p.Start = start
			it.Contents = append(it.Contents, &Item{Size: size, Partition: p})
			w.logical(it, s, start)
			continue
		}
		w.partition(it, p, s, start, size)
	}
}

func mbrPlace(e []byte) (start, size int64) {
	return int64(binary.LittleEndian.Uint32(e[8:])) * 512, int64(binary.LittleEndian.Uint32(e[12:])) * 512
}

func mbrPartition(e []byte, number int) *Partition {
	return &Partition{Number: number, Type: fmt.Sprintf("%02x", e[4]), TypeName: mbrTypes[e[4]], Active: e[0] == 0x80}
}

// logical adds the partitions inside an extended one, which form a chain.
func (w *walker) logical(it *Item, s *io.SectionReader, extended int64) {
	at := extended
	for n := 5; n < 5+maxLogical; n++ {
		b, err := read(s, at, 512)
		if err != nil || b[510] != 0x55 || b[511] != 0xaa {
			it.problem("the list of logical partitions is damaged at byte %d", at)
			return
		}
		if e := b[446:462]; e[4] != 0 {
			start, size := mbrPlace(e)
			w.partition(it, mbrPartition(e, n), s, at+start, size)
		}
		if b[466] == 0 {
			return
		}
		start, _ := mbrPlace(b[462:478])
		at = extended + start
	}
	it.problem("there are more than %d logical partitions", maxLogical)
}

// guid writes a GUID as it is stored on disks.
func guid(b []byte) string {
	le := binary.LittleEndian
	return strings.ToUpper(fmt.Sprintf("%08x-%04x-%04x-%x-%x", le.Uint32(b), le.Uint16(b[4:]), le.Uint16(b[6:]), b[8:10], b[10:16]))
}

func utf16Name(b []byte) string {
	var units []uint16
	for i := 0; i+1 < len(b); i += 2 {
		u := binary.LittleEndian.Uint16(b[i:])
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	return string(utf16.Decode(units))
}
