package inflate

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// ErrHeader: the stream is not gzip.
var ErrHeader = errors.New("not a gzip stream")

// ErrChecksum: the checksum or the size at the end of a member is wrong.
var ErrChecksum = errors.New("wrong checksum at the end of the gzip stream")

// Reader decompresses a gzip stream with one or more members. It reads ahead.
type Reader struct {
	d    *decoder
	sum  uint32
	size uint32
	err  error
}

// NewReader reads the header of the first member. The error of an empty stream is io.EOF.
func NewReader(r io.Reader) (*Reader, error) {
	z := &Reader{d: newDecoder(r)}
	if err := z.header(); err != nil {
		return nil, err
	}
	return z, nil
}

// Read implements io.Reader.
func (z *Reader) Read(p []byte) (int, error) {
	d := z.d
	for d.from == d.op && len(p) > 0 {
		if z.err != nil {
			return 0, z.err
		}
		if z.err = d.step(); errors.Is(z.err, io.EOF) {
			z.err = z.trailer()
		}
		taken := d.out[d.from:d.op]
		z.sum = crc32.Update(z.sum, crc32.IEEETable, taken)
		z.size += uint32(len(taken))
	}
	n := copy(p, d.out[d.from:d.op])
	d.from += n
	return n, nil
}

// trailer checks the end of a member, and reads the header of the next one. It returns
// io.EOF if there is none.
func (z *Reader) trailer() error {
	d := z.d
	if err := d.align(); err != nil {
		return err
	}
	b, err := d.bytes(8)
	if err != nil {
		return err
	}
	if binary.LittleEndian.Uint32(b) != z.sum || binary.LittleEndian.Uint32(b[4:]) != z.size {
		return ErrChecksum
	}
	return z.header()
}

// bytes takes n bytes of the input. They are valid until the next call.
func (d *decoder) bytes(n int) ([]byte, error) {
	if d.fill(n); d.end-d.ip < n {
		return nil, d.ended()
	}
	d.ip += n
	return d.in[d.ip-n : d.ip], nil
}

// The flags of a header (RFC 1952, 2.3.1).
const (
	flagChecksum = 1 << (iota + 1)
	flagExtra
	flagName
	flagComment
)

// header reads the header of a member; io.EOF if there is none.
func (z *Reader) header() error {
	d := z.d
	if d.fill(1); d.ip == d.end {
		if d.rerr != nil {
			return d.rerr
		}
		return io.ErrNoProgress
	}
	sum := uint32(0)
	take := func(n int) ([]byte, error) {
		b, err := d.bytes(n)
		sum = crc32.Update(sum, crc32.IEEETable, b)
		return b, err
	}
	b, err := take(10)
	if err != nil {
		return err
	}
	flags := b[3]
	if b[0] != 0x1f || b[1] != 0x8b || b[2] != 8 {
		return ErrHeader
	}
	if flags&flagExtra != 0 {
		if b, err = take(2); err == nil {
			_, err = take(int(binary.LittleEndian.Uint16(b)))
		}
	}
	for _, text := range []byte{flagName, flagComment} {
		// Other readers limit a text to 512 bytes too.
		for n := 0; err == nil && flags&text != 0; n++ {
			if n == 512 {
				return fmt.Errorf("%w: a text of the header is too long", ErrHeader)
			}
			if b, err = take(1); err == nil && b[0] == 0 {
				break
			}
		}
	}
	if err != nil {
		return err
	}
	if flags&flagChecksum != 0 {
		want := uint16(sum)
		if b, err = d.bytes(2); err != nil {
			return err
		}
		if binary.LittleEndian.Uint16(b) != want {
			return fmt.Errorf("%w: the header has a wrong checksum", ErrHeader)
		}
	}
	z.sum, z.size = 0, 0
	d.begin()
	return nil
}
