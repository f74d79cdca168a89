// Package unwrap reads the raw disk in a disk image of a hypervisor: qcow2, VHD
// and VMDK, without compression. The images are not trusted. A reader keeps a few
// KiB of the image's tables in memory, whatever the size of the disk.
package unwrap

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"sync"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// Disk is the disk in an image.
type Disk struct {
	// ReaderAt reads the disk. It is nil if the disk cannot be read.
	io.ReaderAt
	// Size of the disk in bytes, 0 if unknown.
	Size int64
	// Format is qcow2, vhd, vmdk or vhdx.
	Format string
	// Variant is the format's own name for what the image is: "version 3",
	// "dynamic", "monolithicSparse".
	Variant string
}

// ErrUnknown: the file is not a disk image of these formats.
var ErrUnknown = errors.New("not a disk image that can be unwrapped")

// formats are the readers by what an image begins with.
var formats = []struct {
	magic string
	open  func(r io.ReaderAt, size int64) (*Disk, error)
}{
	{"QFI\xfb", openQCOW2},
	{"KDMV", openVMDK},
	{"# Disk DescriptorFile", openVMDKText},
	{"vhdxfile", openVHDX},
}

// Open opens the image in the first size bytes of r. If it recognises the image
// but cannot read the disk, it returns a Disk without ReaderAt, and an error that
// says why. It returns ErrUnknown for other files.
func Open(r io.ReaderAt, size int64) (*Disk, error) {
	head := make([]byte, min(size, 32))
	if _, err := r.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	for _, f := range formats {
		if bytes.HasPrefix(head, []byte(f.magic)) {
			return f.open(r, size)
		}
	}
	if footer, err := vhdFooter(r, size); err == nil {
		return openVHD(r, size, footer)
	}
	return nil, ErrUnknown
}

// refused is the error for a disk that is not read, with what to do.
func refused(format, why, next string) error {
	e := system.Unusable("the disk in this %s image cannot be read: %s", format, why)
	if next == "" {
		next = "convert it: qemu-img convert -O raw IMAGE disk.img"
	}
	return e.Suggest("%s", next)
}

// damaged is the error for an image whose tables make no sense.
func damaged(format, what string, args ...any) error {
	return system.Unusable("the %s image is damaged", format).Because(system.Unusable(what, args...)).Suggest("get the image again")
}

// read reads exactly n bytes.
func read(r io.ReaderAt, at int64, n int) ([]byte, error) {
	if at < 0 {
		return nil, io.ErrUnexpectedEOF
	}
	b := make([]byte, n)
	if got, err := r.ReadAt(b, at); got < n {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return b, nil
}

// page is the unit in which tables are read.
const page = 4096

// table reads entries of a table, and keeps the page that was read last.
type table struct {
	r    io.ReaderAt
	at   int64
	page []byte
}

// entry reads n bytes at an offset that is a multiple of n.
func (t *table) entry(at int64, n int) ([]byte, error) {
	begin := at / page * page
	if t.page == nil || t.at != begin {
		b := make([]byte, page)
		got, err := t.r.ReadAt(b, begin)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		t.page, t.at = b[:got], begin
	}
	if i := int(at - begin); i+n <= len(t.page) {
		return t.page[i : i+n], nil
	}
	return nil, io.ErrUnexpectedEOF
}

func (t *table) be64(at int64) (uint64, error) {
	b, err := t.entry(at, 8)
	if err != nil {
		return 0, err
	}
	return binary.BigEndian.Uint64(b), nil
}

// blocks is a disk in blocks of one size. Each is at a place of the file.
type blocks struct {
	r      io.ReaderAt
	format string
	size   int64
	block  int64
	// place gives the offset of a block in the file, or 0 if all of it is zero.
	place func(block int64) (int64, error)

	mu sync.Mutex
}

// ReadAt follows io.ReaderAt.
func (b *blocks) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("negative offset")
	}
	done := 0
	for done < len(p) {
		at := off + int64(done)
		if at >= b.size {
			return done, io.EOF
		}
		in := at % b.block
		part := p[done:min(int64(len(p)), int64(done)+b.block-in, int64(done)+b.size-at)]
		b.mu.Lock()
		place, err := b.place(at / b.block)
		b.mu.Unlock()
		if err != nil {
			return done, err
		}
		if place == 0 {
			clear(part)
		} else if n, err := b.r.ReadAt(part, place+in); n < len(part) {
			if err == nil || errors.Is(err, io.EOF) {
				err = damaged(b.format, "byte %d of the disk would be at %d, behind the end of the file", at, place+in)
			}
			return done + n, err
		}
		done += len(part)
	}
	return done, nil
}
