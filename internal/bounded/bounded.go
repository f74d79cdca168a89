// Package bounded opens the files that users name, without waiting for a writer, and reads
// input of unknown size into memory, up to a limit.
package bounded

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// TooLarge is the error for input with more bytes than this limit.
type TooLarge int64

func (e TooLarge) Error() string {
	n := int64(e)
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("larger than %d MiB", n>>20)
	case n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("larger than %d KiB", n>>10)
	}
	return fmt.Sprintf("larger than %d bytes", n)
}

// Read reads to the end. Input of more than limit bytes is TooLarge.
func Read(r io.Reader, limit int64) ([]byte, error) {
	var data bytes.Buffer
	if f, ok := r.(fs.File); ok { // the size is known, so the buffer need not grow step by step
		if info, err := f.Stat(); err == nil {
			data.Grow(int(min(max(info.Size(), 0), limit)) + bytes.MinRead)
		}
	}
	if _, err := data.ReadFrom(io.LimitReader(r, limit+1)); err != nil {
		return nil, err
	}
	if int64(data.Len()) > limit {
		return nil, TooLarge(limit)
	}
	return data.Bytes(), nil
}

// ReadFile reads a whole file. Its error has the reason but not the path,
// because the path may be that of a temporary file. The caller adds the file
// and the next step.
func ReadFile(path string, limit int64) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, withoutPath(err)
	}
	defer f.Close()
	data, err := Read(f, limit)
	return data, withoutPath(err)
}

func withoutPath(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
