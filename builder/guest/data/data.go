// Package data makes the data partition of a system: it reads and writes the partition
// table of a disk, and the empty file system. It does not touch the machine.
package data

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/seaworthy-os/seaworthy/internal/blank"
)

// Template is an empty ext4 file system in the root of the system. The kernel makes
// it as large as its partition.
const Template = "boot/data.ext4"

// Block is the unit in which a template is compared and written.
const Block = 4096

// Device is the disk: what is needed to make a partition.
type Device interface {
	io.ReaderAt
	io.WriterAt
	Sync() error
}

// Open finds the data partition of a disk of this size, and makes it if there
// is none: with the template as its content. It returns the number of the partition,
// its place, and whether it is new. A new partition gets the identifier id.
//
// The content is written before the table: if the table has the partition, the file
// system in it is complete. If the machine stops earlier, the next start finds nothing,
// or a part of the template, and begins again.
func Open(d Device, sector, size int64, template io.ReaderAt, templateSize int64, id [16]byte) (p Partition, made bool, err error) {
	t, damaged, err := readGPT(d, sector, size)
	if err != nil {
		return p, false, err
	}
	parts, err := t.partitions(size)
	if err != nil {
		return p, false, err
	}
	for _, q := range parts {
		if string(q.kind[:]) == dataType {
			if p.Number != 0 {
				return p, false, fmt.Errorf("partitions %d and %d are both data partitions", p.Number, q.Number)
			}
			p = q
		}
	}
	if p.Number != 0 {
		// The kernel reads only the first table.
		if damaged {
			err = t.write(d, size, d.Sync)
		}
		return p, false, err
	}
	start, end := t.free(parts, size)
	if end-start < templateSize {
		return p, false, fmt.Errorf("it has %d MiB behind its last partition, and the data partition needs %d: enlarge the disk", (end-start)>>20, templateSize>>20)
	}
	if other, err := readGPTAt(d, sector, size/sector-1, size); err == nil && !bytes.Equal(other.id(), t.id()) {
		return p, false, errors.New("its last sector has the partition table of another system: if its data is not needed, erase the disk before the image is written to it, or run sgdisk -e on it")
	}
	from, to := t.second()
	if err := checkRoom(d, start+templateSize, sector, size, t, blank.Span{Start: from, End: to}); err != nil {
		return p, false, err
	}
	if err := writeTemplate(d, start, template, templateSize, from, to); err != nil {
		return p, false, err
	}
	p = Partition{kind: [16]byte([]byte(dataType)), Start: start, End: end}
	if p.Number, err = t.add(p.kind, id, dataName, start, end); err != nil {
		return p, false, err
	}
	if err := writeMBR(d, sector, size); err != nil {
		return p, false, err
	}
	return p, true, t.write(d, size, d.Sync)
}

// writeTemplate writes the template to a place that is empty, or that has a part of the
// template. The bytes between from and to are those of the second partition table, which
// gets another place. The first block, with the superblock, comes last.
func writeTemplate(d Device, at int64, template io.ReaderAt, size, from, to int64) error {
	type block struct {
		at   int64
		data []byte
	}
	var todo []block // few: most blocks of an empty file system are empty
	was, want, zero := make([]byte, Block), make([]byte, Block), make([]byte, Block)
	for n := int64(0); n < size; n += Block {
		if _, err := template.ReadAt(want, n); err != nil {
			return fmt.Errorf("%s cannot be read: %w", Template, err)
		}
		if _, err := d.ReadAt(was, at+n); err != nil {
			return err
		}
		if bytes.Equal(was, want) {
			continue
		}
		todo = append(todo, block{at + n, bytes.Clone(want)})
		if lo, hi := max(from-at-n, 0), min(to-at-n, Block); lo < hi {
			clear(was[lo:hi])
		}
		if !bytes.Equal(was, zero) {
			return foreign(at + n)
		}
	}
	for _, b := range slices.Backward(todo) {
		if b.at == at {
			if err := d.Sync(); err != nil {
				return err
			}
		}
		if _, err := d.WriteAt(b.data, b.at); err != nil {
			return err
		}
	}
	return d.Sync()
}
