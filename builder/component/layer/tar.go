package layer

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
)

// eachEntry calls do for each entry of a tar, numbered from 0, and reads the tar
// to its end.
func eachEntry(ctx context.Context, r io.Reader, do func(h *tar.Header, body io.Reader, number int) error) error {
	t := tar.NewReader(r)
	for n := 0; ; n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return rest(r)
		}
		if err == nil {
			err = do(h, t, n)
		}
		if errors.Is(err, tar.ErrHeader) || errors.Is(err, io.ErrUnexpectedEOF) {
			return fmt.Errorf("not a complete tar: %w", err)
		}
		if err != nil {
			return err
		}
	}
}

// rest reads the bytes after the end of the tar. Padding is zero. Other bytes are
// refused: some readers would see them as content.
func rest(r io.Reader) error {
	buf := make([]byte, 64*kib)
	for {
		n, err := r.Read(buf)
		for _, b := range buf[:n] {
			if b != 0 {
				return errors.New("there are bytes after the end of the tar")
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
