// Package wrap gives a raw disk the formats of hypervisors and clouds: qcow2, VHD, VMDK,
// and Google's. It describes their files, whose data stay on the disk until the files are
// written; only Google's is compressed. What is zero is left out. Equal disks give equal
// bytes. Identifiers are computed from the content.
package wrap

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
)

// Disk is a raw disk.
type Disk struct {
	io.ReaderAt
	// Size in bytes, a multiple of 512.
	Size int64
}

func (d Disk) check() error {
	if d.Size <= 0 || d.Size%512 != 0 {
		return fmt.Errorf("a disk of %d bytes: the size must be a multiple of 512", d.Size)
	}
	return nil
}

// tablesSize is the part of a disk that has its partition tables.
const tablesSize = 64 << 10

// identity is what the identifiers of a wrapped disk are computed from: its size, and
// its partition table. The table has an identifier, which the callers of the package
// disk compute from the content.
func (d Disk) identity() (id [sha256.Size]byte, err error) {
	h := sha256.New()
	fmt.Fprintf(h, "seaworthy disk %d\n", d.Size)
	if _, err := io.CopyN(h, io.NewSectionReader(d, 0, d.Size), min(tablesSize, d.Size)); err != nil {
		return id, fmt.Errorf("the disk cannot be read at byte 0: %w", err)
	}
	return [sha256.Size]byte(h.Sum(nil)), nil
}

// pieces calls do for each piece of the disk of this size that is not all zero: n bytes at
// at. Only the last piece of the disk can be shorter.
func (d Disk) pieces(size int64, do func(at, n int64) error) error {
	return d.read(size, func(at int64, data []byte) error { return do(at, int64(len(data))) })
}

// read is the same, and gives the bytes, which are valid until do returns.
func (d Disk) read(size int64, do func(at int64, data []byte) error) error {
	if err := d.check(); err != nil {
		return err
	}
	buf, zero := make([]byte, size), make([]byte, size)
	for at := int64(0); at < d.Size; at += size {
		if at = d.nextData(at) / size * size; at >= d.Size {
			break
		}
		want := min(size, d.Size-at)
		n, err := d.ReadAt(buf[:want], at)
		if int64(n) < want {
			return errors.Join(fmt.Errorf("the disk cannot be read at byte %d", at), err)
		}
		if bytes.Equal(buf[:want], zero[:want]) {
			continue
		}
		if err := do(at, buf[:want]); err != nil {
			return err
		}
	}
	return nil
}

func divUp(n, unit int64) int64 { return (n + unit - 1) / unit }
