package wrap

import (
	"io"
	"os"
)

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
