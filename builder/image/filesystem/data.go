package filesystem

import (
	"bytes"
	"errors"
	"fmt"
	"hash"
	"io"
)

// data writes the contents of files, one after the other, in whole blocks. Pieces of
// zeros become holes.
type data struct {
	f     File
	block int64
	// next is the first free byte, a multiple of block while no content is written.
	next int64
	buf  []byte // what lies before next and is not written yet
	// sum is computed from everything that is written and is not zero; nil without a
	// checksum.
	sum hash.Hash
}

// hole is the size of pieces that can become holes, and of writes.
const (
	hole      = 4096
	writeSize = 1 << 20
)

func newData(f File, block, start int64) *data {
	return &data{f: f, block: block, next: start, buf: make([]byte, 0, writeSize)}
}

// Write appends content.
func (d *data) Write(p []byte) (int, error) {
	total := len(p)
	for len(p) > 0 {
		n := min(len(p), writeSize-len(d.buf))
		d.buf = append(d.buf, p[:n]...)
		d.next += int64(n)
		p = p[n:]
		if len(d.buf) == writeSize {
			if err := d.flush(); err != nil {
				return total - len(p), err
			}
		}
	}
	return total, nil
}

// flush writes the buffer without its zeros.
func (d *data) flush() error {
	at, b := d.next-int64(len(d.buf)), d.buf
	for len(b) > 0 {
		// A run of pieces that are all zero, or all not.
		n, zero := 0, false
		for n < len(b) {
			piece := b[n:min(n+hole, len(b))]
			is := bytes.Equal(piece, zeros[:len(piece)])
			if n > 0 && is != zero {
				break
			}
			zero = is
			n += len(piece)
		}
		if !zero {
			if d.sum != nil {
				fmt.Fprintf(d.sum, "content at %d, %d bytes\n", at, n)
				d.sum.Write(b[:n])
			}
			if _, err := d.f.WriteAt(b[:n], at); err != nil {
				return err
			}
		}
		at, b = at+int64(n), b[n:]
	}
	d.buf = d.buf[:0]
	return nil
}

var zeros [hole]byte

// pad fills up the current block.
func (d *data) pad() error {
	_, err := d.Write(make([]byte, roundUp(d.next, d.block)-d.next))
	return err
}

// reserve leaves out n blocks, which are written later, and returns where they begin.
func (d *data) reserve(n int64) (int64, error) {
	if err := d.flush(); err != nil {
		return 0, err
	}
	at := d.next
	d.next += n * d.block
	return at, nil
}

// close completes the file: all that is not written is zero.
func (d *data) close(unit int64) (int64, error) {
	if err := d.flush(); err != nil {
		return 0, err
	}
	size := roundUp(d.next, unit)
	return size, d.f.Truncate(size)
}

// content is the writer of one file. end is called after exactly size bytes.
type content struct {
	to   io.Writer
	left int64
	end  func() error
}

func (c *content) Write(p []byte) (int, error) {
	if c.left -= int64(len(p)); c.left < 0 {
		return 0, errors.New("the content is longer than its size")
	}
	return c.to.Write(p)
}

func (c *content) Close() error {
	if c.left != 0 {
		return fmt.Errorf("the content is %d bytes shorter than its size", c.left)
	}
	return c.end()
}
