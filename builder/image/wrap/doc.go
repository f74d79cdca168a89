// Package wrap writes a raw disk in the formats of hypervisors and clouds: qcow2,
// VHD, VMDK. Each function reads the disk once, in order, leaves out what is
// zero, and gives equal bytes for equal disks. Identifiers are computed from the
// content.
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
	if _, err := io.Copy(h, io.NewSectionReader(d, 0, min(tablesSize, d.Size))); err != nil {
		return id, fmt.Errorf("the disk cannot be read at byte 0: %w", err)
	}
	return [sha256.Size]byte(h.Sum(nil)), nil
}

// pieces calls do for each piece of the disk of this size that is not all zero.
// The last piece is filled up with zeros. data is valid until do returns.
func (d Disk) pieces(size int64, do func(at int64, data []byte) error) error {
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
		clear(buf[want:])
		if bytes.Equal(buf, zero) {
			continue
		}
		if err := do(at, buf); err != nil {
			return err
		}
	}
	return nil
}

func divUp(n, unit int64) int64 { return (n + unit - 1) / unit }
