package layer

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
)

// eachEntry gives the entries of a tar one by one, numbered from 0, and reads
// it to the end.
func eachEntry(ctx context.Context, r io.Reader, do func(h *tar.Header, body io.Reader, number int) error) error {
	t := tar.NewReader(r)
	for n := 0; ; n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		h, err := t.Next()
		if err == io.EOF {
			return rest(r)
		}
		if err == nil {
			err = do(h, t, n)
		}
		if errors.Is(err, tar.ErrHeader) || errors.Is(err, io.ErrUnexpectedEOF) {
			return fmt.Errorf("not a whole tar: %w", err)
		}
		if err != nil {
			return err
		}
	}
}

// rest reads what follows the tar's end. Padding is zero; anything else is
// content that some readers would see and others not.
func rest(r io.Reader) error {
	buf := make([]byte, 64*kib)
	for {
		n, err := r.Read(buf)
		for _, b := range buf[:n] {
			if b != 0 {
				return errors.New("bytes follow the end of the tar")
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
