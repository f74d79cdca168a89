package kernel

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/anchore/go-lzo"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/therootcompany/xz"
	"github.com/ulikunitz/xz/lzma"
)

var magics = []struct{ name, magic string }{
	{"gzip", "\x1f\x8b\x08"},
	{"xz", "\xfd7zXZ\x00"},
	{"zstd", "\x28\xb5\x2f\xfd"},
	{"lz4", "\x02\x21\x4c\x18"}, // the legacy format, which the kernel's build uses
	{"lz4", "\x04\x22\x4d\x18"},
	{"bzip2", "BZh"},
	{"lzma", "\x5d\x00\x00"},
	{"lzo", "\x89LZO\x00\r\n\x1a\n"},
}

// compression is the format of compressed data, "" for none. The kernel's build
// supports these seven.
func compression(head []byte) string {
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.magic)) {
			return m.name
		}
	}
	return ""
}

func decompressor(kind string, r io.Reader) (io.ReadCloser, error) {
	switch kind {
	case "gzip":
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, err
		}
		z.Multistream(false)
		return z, nil
	case "xz":
		z, err := xz.NewReader(r, maxDict)
		if err != nil {
			return nil, err
		}
		z.Multistream(false)
		return io.NopCloser(z), nil
	case "zstd":
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(maxDict), zstd.IgnoreChecksum(false))
		if err != nil {
			return nil, err
		}
		return z.IOReadCloser(), nil
	case "lz4":
		return io.NopCloser(lz4.NewReader(r)), nil
	case "bzip2":
		return io.NopCloser(bzip2.NewReader(r)), nil
	case "lzma":
		z, err := lzma.ReaderConfig{DictCap: maxDict}.NewReader(bufio.NewReader(r))
		if err != nil {
			return nil, err
		}
		return io.NopCloser(z), nil
	case "lzo":
		z, err := newLzop(r)
		if err != nil {
			return nil, err
		}
		return io.NopCloser(z), nil
	}
	return nil, fmt.Errorf("compression %q is unknown", kind)
}

// unpackedHead is the beginning of the content of a compressed file, as far as
// head contains it; nil if the file is not compressed.
func unpackedHead(head []byte) []byte {
	z, err := decompressor(compression(head), bytes.NewReader(head))
	if err != nil {
		return nil
	}
	defer z.Close()
	out := make([]byte, 4096)
	n, _ := io.ReadFull(z, out)
	return out[:n]
}

// maxLzoBlock is the largest block of an lzop file. lzop writes 256 KiB.
const maxLzoBlock = 8 << 20

// lzop reads the format of lzop 1.x, which the kernel's build uses for LZO
// (lib/decompress_unlzo.c reads it at boot): a header, then blocks with their
// sizes and checksums. Checksums are skipped, because an attacker who changes a
// block can change its checksum too.
type lzop struct {
	r     io.Reader
	sums  [2]int64 // bytes of checksums of a block, unpacked and compressed
	block []byte   // the rest of the current block
	spare []byte
}

// The flags in lzop's header for the content of the file.
const (
	lzopAdlerPlain, lzopAdlerPacked = 0x1, 0x2
	lzopCRCPlain, lzopCRCPacked     = 0x100, 0x200
	lzopExtra, lzopFilter           = 0x40, 0x800
)

func newLzop(r io.Reader) (*lzop, error) {
	// Magic, version, library, version needed, method, level, flags.
	var head [9 + 2 + 2 + 2 + 1 + 1 + 4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	if needed := binary.BigEndian.Uint16(head[13:]); needed < 0x0940 {
		return nil, fmt.Errorf("the lzop file requires the unsupported version %#x", needed)
	}
	flags := binary.BigEndian.Uint32(head[17:])
	if flags&(lzopExtra|lzopFilter) != 0 {
		return nil, fmt.Errorf("the lzop file has the unsupported flags %#x", flags)
	}
	// Mode, two times, the length of a name.
	var rest [4 + 4 + 4 + 1]byte
	if _, err := io.ReadFull(r, rest[:]); err != nil {
		return nil, err
	}
	if err := pass(r, int64(rest[12])+4); err != nil {
		return nil, err
	}
	z := &lzop{r: r}
	for i, flag := range []uint32{lzopAdlerPlain, lzopCRCPlain, lzopAdlerPacked, lzopCRCPacked} {
		if flags&flag != 0 {
			z.sums[i/2] += 4
		}
	}
	return z, nil
}

func pass(r io.Reader, n int64) error {
	if _, err := io.CopyN(io.Discard, r, n); errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	} else if err != nil {
		return err
	}
	return nil
}

// Read implements io.Reader.
func (z *lzop) Read(p []byte) (int, error) {
	if len(z.block) == 0 {
		if err := z.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, z.block)
	z.block = z.block[n:]
	return n, nil
}

// next unpacks a block. The error is io.EOF after the last block.
func (z *lzop) next() error {
	var size [4]byte
	if _, err := io.ReadFull(z.r, size[:]); err != nil {
		return unexpected(err)
	}
	plain := binary.BigEndian.Uint32(size[:])
	if plain == 0 {
		return io.EOF
	}
	if _, err := io.ReadFull(z.r, size[:]); err != nil {
		return unexpected(err)
	}
	packed := binary.BigEndian.Uint32(size[:])
	if plain > maxLzoBlock || packed > plain || packed == 0 {
		return fmt.Errorf("an lzop block has the invalid sizes %d and %d", plain, packed)
	}
	sums := z.sums[0]
	if packed < plain {
		sums += z.sums[1] // an uncompressed block has no second checksum
	}
	if err := pass(z.r, sums); err != nil {
		return err
	}
	if cap(z.spare) < int(plain)+int(packed) {
		z.spare = make([]byte, int(plain)+int(packed))
	}
	in, out := z.spare[:packed], z.spare[packed:][:plain]
	if _, err := io.ReadFull(z.r, in); err != nil {
		return unexpected(err)
	}
	if packed == plain {
		z.block = in
		return nil
	}
	n, err := lzo.Decompress(in, out)
	if err != nil {
		return err
	}
	if n != len(out) {
		return fmt.Errorf("an lzop block of %d bytes unpacks to %d bytes", len(out), n)
	}
	z.block = out
	return nil
}

// unexpected turns an early end into an error.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
