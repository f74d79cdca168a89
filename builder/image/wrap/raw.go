package wrap

import (
	"archive/tar"
	"io"
	"os"
	"time"

	"github.com/klauspost/pgzip"
)

// Raw copies a disk. Zeros become holes. w must be empty.
func Raw(w interface {
	io.WriterAt
	Truncate(int64) error
}, d Disk) error {
	if err := w.Truncate(d.Size); err != nil {
		return err
	}
	return d.pieces(1<<20, func(at int64, data []byte) error {
		_, err := w.WriteAt(data[:min(int64(len(data)), d.Size-at)], at)
		return err
	})
}

// gcpUnit is what the size of a disk of Google's cloud is a multiple of.
const gcpUnit = 1 << 30

// GCP writes a disk as Google's cloud imports it: disk.raw in a tar in the old GNU
// format, compressed by gzip. Zeros at the end fill the disk up to whole GiB.
func GCP(w io.Writer, d Disk, t time.Time) error {
	if err := d.check(); err != nil {
		return err
	}
	// The disk is mostly a compressed initrd, which a higher level makes no smaller.
	gz, err := pgzip.NewWriterLevel(w, pgzip.BestSpeed)
	if err != nil {
		return err
	}
	if err := gz.SetConcurrency(1<<20, 2); err != nil { // fixed, so that the bytes do not depend on the machine
		return err
	}
	tw := tar.NewWriter(gz)
	size := divUp(d.Size, gcpUnit) * gcpUnit
	h := &tar.Header{Typeflag: tar.TypeReg, Name: "disk.raw", Mode: 0o644, Size: size, ModTime: t, Format: tar.FormatGNU}
	if err := tw.WriteHeader(h); err != nil {
		return err
	}
	if _, err := io.Copy(tw, io.NewSectionReader(d, 0, d.Size)); err != nil {
		return err
	}
	if _, err := io.CopyN(tw, zeros{}, size-d.Size); err != nil {
		return err
	}
	if err := tw.Close(); err != nil {
		return err
	}
	return gz.Close()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// CopyFile copies a file to a new one, and returns its size. Holes stay holes. The
// file is left at its beginning.
func CopyFile(to, from *os.File) (int64, error) {
	info, err := from.Stat()
	if err != nil {
		return 0, err
	}
	size := info.Size()
	if err := to.Truncate(size); err != nil {
		return 0, err
	}
	d := Disk{from, size}
	for at := int64(0); at < size; {
		if at = d.nextData(at); at >= size {
			break
		}
		end := d.nextHole(at)
		for _, f := range []*os.File{to, from} {
			if _, err := f.Seek(at, io.SeekStart); err != nil {
				return 0, err
			}
		}
		n, err := io.CopyN(to, from, end-at) // the kernel copies the bytes, if it can
		if err != nil {
			return 0, err
		}
		at += n
	}
	_, err = to.Seek(0, io.SeekStart)
	return size, err
}
