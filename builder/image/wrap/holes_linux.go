package wrap

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/builder/image/extents"
)

// nextData is the first byte at or after at that is not in a hole of a sparse or
// described file, size if there is none.
func (d Disk) nextData(at int64) int64 {
	if f, ok := d.ReaderAt.(*extents.File); ok {
		return f.NextData(at)
	}
	f, ok := d.ReaderAt.(*os.File)
	if !ok {
		return at
	}
	next, err := unix.Seek(int(f.Fd()), at, unix.SEEK_DATA)
	switch {
	case errors.Is(err, unix.ENXIO):
		return d.Size
	case err != nil:
		return at // the file system does not know
	}
	return next
}

// nextHole is the first byte after at that is in a hole, or the size.
func (d Disk) nextHole(at int64) int64 {
	f, ok := d.ReaderAt.(*os.File)
	if !ok {
		return d.Size
	}
	next, err := unix.Seek(int(f.Fd()), at, unix.SEEK_HOLE)
	if err != nil || next <= at {
		return d.Size
	}
	return min(next, d.Size)
}
