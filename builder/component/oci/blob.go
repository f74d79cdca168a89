package oci

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"io"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// Mismatch is the error of bytes that differ from the request. It is a
// system.ErrMismatch.
type Mismatch struct{ What string }

func (m *Mismatch) Error() string { return m.What }
func (m *Mismatch) Unwrap() error { return system.ErrMismatch }

// WrongDigest is the error of a blob whose digest differs. It is a Mismatch.
func WrongDigest(want, got string) error {
	return &Mismatch{fmt.Sprintf("blob %s has the digest %s", want, got)}
}

func wrongSize(digest string, want, got int64) error {
	if got > want {
		return &Mismatch{fmt.Sprintf("blob %s is longer than the %d bytes in its descriptor", digest, want)}
	}
	return &Mismatch{fmt.Sprintf("blob %s is cut short: it has %d bytes, but its descriptor has %d", digest, got, want)}
}

// Verified is implemented by blob readers that keep what was read: a [Checker]
// calls it once, when size and digest have matched.
type Verified interface{ Verified() error }

// Checker hashes a blob as it is read. A wrong size or digest is reported in
// place of io.EOF.
type Checker struct {
	rc   io.ReadCloser
	d    Descriptor
	h    hash.Hash
	n    int64
	done error
}

// NewChecker checks the bytes of rc against d.
func NewChecker(rc io.ReadCloser, d Descriptor) *Checker {
	return &Checker{rc: rc, d: d, h: sha256.New()}
}

func (c *Checker) Read(p []byte) (int, error) {
	if c.done != nil {
		return 0, c.done
	}
	n, err := c.rc.Read(p)
	c.h.Write(p[:n])
	c.n += int64(n)
	switch {
	case c.n > c.d.Size:
		c.done = wrongSize(c.d.Digest, c.d.Size, c.n)
	case err == io.EOF:
		c.done = c.end()
	case err != nil:
		c.done = fmt.Errorf("blob %s: %w", c.d.Digest, err)
	}
	return n, c.done
}

func (c *Checker) end() error {
	if c.n != c.d.Size {
		return wrongSize(c.d.Digest, c.d.Size, c.n)
	}
	if got := digests.Sum(c.h); got != c.d.Digest {
		return WrongDigest(c.d.Digest, got)
	}
	if v, ok := c.rc.(Verified); ok {
		if err := v.Verified(); err != nil {
			return err
		}
	}
	return io.EOF
}

func (c *Checker) Close() error { return c.rc.Close() }
