package wrap

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"time"

	"github.com/klauspost/compress/flate"
)

// gcpUnit is what the size of a disk of Google's cloud is a multiple of.
const gcpUnit = 1 << 30

// GCPName is the name of the disk in what GCP writes.
const GCPName = "disk.raw"

// GCP writes a disk as Google's cloud imports it: disk.raw in a tar in the old GNU
// format, compressed by gzip. Zeros at the end fill the disk up to whole GiB.
func GCP(w io.Writer, d Disk, t time.Time) error {
	if err := d.check(); err != nil {
		return err
	}
	gz, err := newGzip(w)
	if err != nil {
		return err
	}
	tw := tar.NewWriter(gz)
	size := divUp(d.Size, gcpUnit) * gcpUnit
	h := &tar.Header{Typeflag: tar.TypeReg, Name: GCPName, Mode: 0o644, Size: size, ModTime: t, Format: tar.FormatGNU}
	if err := tw.WriteHeader(h); err != nil {
		return err
	}
	var at int64
	zeros := func(end int64) error {
		for ; at < end; at += gzipPiece {
			if _, err := tw.Write(gz.zeros); err != nil {
				return err
			}
		}
		return nil
	}
	err = d.read(gzipPiece, func(start int64, data []byte) error {
		if err := zeros(start); err != nil {
			return err
		}
		at += gzipPiece
		if len(data) < gzipPiece {
			data = append(bytes.Clone(data), gz.zeros[len(data):]...)
		}
		_, err := tw.Write(data)
		return err
	})
	if err != nil {
		return err
	}
	if err := zeros(size); err != nil {
		return err
	}
	if err := tw.Close(); err != nil {
		return err
	}
	return gz.Close()
}

const (
	// gzipPiece is how many bytes gzipWriter compresses at a time. gcpUnit is a multiple
	// of it.
	gzipPiece = 1 << 20
	// sample is how many bytes at the start of a piece decide if the piece is compressed.
	sample = 64 << 10
)

// gzipWriter writes one gzip member (RFC 1952). Each Write is compressed by itself. A
// piece of zeros is compressed only once: most of a disk of a whole GiB is zeros.
type gzipWriter struct {
	w          io.Writer
	fast, copy *flate.Writer
	compressed bytes.Buffer
	zeros      []byte // gzipPiece zeros
	zeroBlocks []byte // the same, compressed
	crc, size  uint32
}

func newGzip(w io.Writer) (*gzipWriter, error) {
	g := &gzipWriter{w: w, zeros: make([]byte, gzipPiece)}
	var err error
	if g.fast, err = flate.NewWriter(&g.compressed, flate.BestSpeed); err != nil {
		return nil, err
	}
	if g.copy, err = flate.NewWriter(&g.compressed, flate.NoCompression); err != nil {
		return nil, err
	}
	blocks, err := g.deflate(g.zeros)
	if err != nil {
		return nil, err
	}
	g.zeroBlocks = bytes.Clone(blocks)
	// deflate, no flags, no time, fastest algorithm, unknown system
	_, err = w.Write([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 0xff})
	return g, err
}

// deflate compresses p to blocks that end at a byte and do not refer to other data. The
// result is valid until the next call. The disk is mostly a compressed initrd, which is
// copied: it would not become smaller.
func (g *gzipWriter) deflate(p []byte) ([]byte, error) {
	if len(p) > sample {
		start, err := g.compress(g.fast, p[:sample])
		if err != nil {
			return nil, err
		}
		if len(start) > sample-sample/32 {
			return g.compress(g.copy, p)
		}
	}
	return g.compress(g.fast, p)
}

func (g *gzipWriter) compress(w *flate.Writer, p []byte) ([]byte, error) {
	g.compressed.Reset()
	w.Reset(&g.compressed)
	if _, err := w.Write(p); err != nil {
		return nil, err
	}
	err := w.Flush()
	return g.compressed.Bytes(), err
}

func (g *gzipWriter) Write(p []byte) (int, error) {
	blocks := g.zeroBlocks
	if !bytes.Equal(p, g.zeros) {
		var err error
		if blocks, err = g.deflate(p); err != nil {
			return 0, err
		}
	}
	g.crc = crc32.Update(g.crc, crc32.IEEETable, p)
	g.size += uint32(len(p))
	if _, err := g.w.Write(blocks); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Close writes the end of the member.
func (g *gzipWriter) Close() error {
	end := []byte{3, 0} // the last block, which is empty
	end = binary.LittleEndian.AppendUint32(end, g.crc)
	end = binary.LittleEndian.AppendUint32(end, g.size)
	_, err := g.w.Write(end)
	return err
}
