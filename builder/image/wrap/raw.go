package wrap

import (
	"archive/tar"
	"io"
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
	gz := pgzip.NewWriter(w)
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
