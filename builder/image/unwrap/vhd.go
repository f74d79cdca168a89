package unwrap

import (
	"encoding/binary"
	"io"
)

const (
	vhdSector = 512
	// Kinds of disks.
	vhdFixed        = 2
	vhdDynamic      = 3
	vhdDifferencing = 4
	vhdUnused       = 1<<32 - 1
)

// vhdFooter reads the footer at the end of the file.
func vhdFooter(r io.ReaderAt, size int64) ([]byte, error) {
	b, err := read(r, size-vhdSector, vhdSector)
	if err != nil {
		return nil, err
	}
	if string(b[:8]) != "conectix" {
		return nil, ErrUnknown
	}
	return b, nil
}

// openVHD follows Microsoft's VHD specification, version 1.0.
func openVHD(r io.ReaderAt, size int64, footer []byte) (*Disk, error) {
	const name = "vhd"
	be := binary.BigEndian
	d := &Disk{Format: name, Size: int64(be.Uint64(footer[48:]))}
	if d.Size < 0 {
		d.Size = 0
		return d, damaged(name, "the size in its footer is not valid")
	}
	if sum := vhdSum(footer, 64); sum != be.Uint32(footer[64:]) {
		return d, damaged(name, "the checksum of its footer is %08x, and must be %08x", be.Uint32(footer[64:]), sum)
	}
	switch kind := be.Uint32(footer[60:]); kind {
	case vhdFixed:
		d.Variant = "fixed"
		if d.Size > size-vhdSector {
			return d, damaged(name, "the disk has %d bytes, and the file %d", d.Size, size)
		}
		d.ReaderAt = io.NewSectionReader(r, 0, d.Size)
		return d, nil
	case vhdDynamic:
		d.Variant = "dynamic"
		return d, openDynamicVHD(d, r, int64(be.Uint64(footer[16:])))
	case vhdDifferencing:
		d.Variant = "differencing"
		return d, refused(name, "it has a backing file, which holds a part of the disk", "")
	default:
		return d, damaged(name, "its type %d is not known", kind)
	}
}

func openDynamicVHD(d *Disk, r io.ReaderAt, at int64) error {
	be := binary.BigEndian
	h, err := read(r, at, 1024)
	if err != nil || string(h[:8]) != "cxsparse" {
		return damaged(d.Format, "there is no header at %d", at)
	}
	tableAt, entries, block := int64(be.Uint64(h[16:])), int64(be.Uint32(h[28:])), int64(be.Uint32(h[32:]))
	switch {
	case block < vhdSector || block&(block-1) != 0:
		return damaged(d.Format, "its blocks of %d bytes are not valid", block)
	case tableAt < 0 || tableAt%4 != 0 || d.Size > entries*block:
		return damaged(d.Format, "its table at %d, of %d entries, is not valid", tableAt, entries)
	}
	// Before each block is a map of its used sectors. Readers ignore it: the other
	// sectors are zero.
	bitmap := (block/vhdSector/8 + vhdSector - 1) / vhdSector * vhdSector
	t := &table{r: r}
	d.ReaderAt = &blocks{r: r, format: d.Format, size: d.Size, block: block, place: func(n int64) (int64, error) {
		b, err := t.entry(tableAt+n*4, 4)
		if err != nil {
			return 0, damaged(d.Format, "its table is truncated")
		}
		if e := be.Uint32(b); e != vhdUnused {
			return int64(e)*vhdSector + bitmap, nil
		}
		return 0, nil
	}}
	return nil
}

// vhdSum is the complement of the sum of all bytes except the four at skip.
func vhdSum(b []byte, skip int) uint32 {
	var sum uint32
	for i, c := range b {
		if i < skip || i >= skip+4 {
			sum += uint32(c)
		}
	}
	return ^sum
}
