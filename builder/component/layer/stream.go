package layer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/inflate"
)

// compression of a layer's blob.
type compression int

const (
	plain compression = iota
	gzipped
	zstandard
)

// layerTypes says how a layer is compressed.
var layerTypes = map[string]compression{
	oci.TypeLayer: plain, oci.TypeLayer + "+gzip": gzipped, oci.TypeLayer + "+zstd": zstandard,
	oci.TypeForeign: plain, oci.TypeForeign + "+gzip": gzipped, oci.TypeForeign + "+zstd": zstandard,
	oci.TypeDockerForeign: plain, oci.TypeDockerForeign + ".gzip": gzipped,
	oci.TypeDockerLayer: plain, oci.TypeDockerLayer + ".gzip": gzipped, oci.TypeDockerLayer + ".zstd": zstandard,
}

// Known reports whether mediaType is that of a layer that a pass can read.
func Known(mediaType string) bool {
	_, ok := layerTypes[mediaType]
	return ok
}

// A layer flows through goroutines with one task each: fetch and hash the blob,
// decompress it, hash the tar. The caller parses the tar. A pipe with a fixed set
// of reused buffers connects two goroutines, so that memory does not depend on the
// size of the layer.
const (
	bufferSize  = 256 * kib
	bufferCount = 6
)

// pipe hands buffers from one goroutine to the next, in order.
type pipe struct {
	full chan block
	free chan []byte
	done <-chan struct{} // closed when both ends have stopped
	cur  block
	pos  int
}

type block struct {
	data []byte
	err  error // ends the stream; io.EOF without an error
}

func newPipe(done <-chan struct{}) *pipe {
	p := &pipe{full: make(chan block, bufferCount), free: make(chan []byte, bufferCount), done: done}
	for range bufferCount {
		p.free <- make([]byte, bufferSize)
	}
	return p
}

var errStopped = errors.New("stopped")

func (p *pipe) buffer() ([]byte, error) {
	select {
	case b := <-p.free:
		return b[:bufferSize], nil
	case <-p.done:
		return nil, errStopped
	}
}

func (p *pipe) send(b block) error {
	select {
	case p.full <- b:
		return nil
	case <-p.done:
		return errStopped
	}
}

// next takes a block. The caller must give its buffer back.
func (p *pipe) next() block {
	select {
	case b := <-p.full:
		return b
	case <-p.done:
		return block{err: errStopped}
	}
}

func (p *pipe) give(b []byte) {
	if b != nil {
		p.free <- b[:bufferSize] // never blocks: as many places as buffers
	}
}

// fill loads the current block; false at the end, with p.cur.err set.
func (p *pipe) fill() bool {
	for p.pos == len(p.cur.data) {
		if p.cur.err != nil {
			return false
		}
		p.give(p.cur.data)
		p.cur, p.pos = p.next(), 0
	}
	return true
}

func (p *pipe) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	if !p.fill() {
		return 0, p.cur.err
	}
	n := copy(b, p.cur.data[p.pos:])
	p.pos += n
	return n, nil
}

// pump reads r to its end into p. It calls see with each block first.
func pump(r io.Reader, p *pipe, see func([]byte) error) {
	for {
		b, err := p.buffer()
		if err != nil {
			return
		}
		n, err := readFull(r, b)
		if serr := see(b[:n]); serr != nil {
			err = serr
		}
		if p.send(block{b[:n], err}) != nil || err != nil {
			return
		}
	}
}

// readFull fills b, or reads to the end of the stream. Unlike io.ReadFull, it
// returns the error of the reader, including io.EOF.
func readFull(r io.Reader, b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		var m int
		m, err = r.Read(b[n:])
		n += m
	}
	return n, err
}

// layerStream is a layer while it is read.
type layerStream struct {
	// tar is read by the caller. At io.EOF, size, digest and diff ID have
	// matched.
	tar *pipe

	blob   *pipe // nil for a plain layer
	stop   context.CancelFunc
	undo   context.CancelFunc
	stages sync.WaitGroup // inflating and hashing
	all    sync.WaitGroup
}

// startLayer starts the goroutines. The caller must call close, which waits for
// their end. budget is the number of bytes to which the layer may inflate.
func startLayer(ctx context.Context, rc io.ReadCloser, l system.LayerBlob, lim Limits, budget int64) *layerStream {
	ctx, undo := context.WithCancel(ctx)
	inner, stop := context.WithCancel(ctx)
	s := &layerStream{stop: stop, undo: undo}
	check := oci.NewChecker(rc, oci.Descriptor{Digest: l.Digest, Size: l.Size})
	fetch := newPipe(ctx.Done())
	s.all.Go(func() {
		defer rc.Close()
		pump(check, fetch, func([]byte) error { return nil })
	})
	c := compressionOf(fetch, layerTypes[l.MediaType])
	if c == plain {
		// One hash is enough: the blob is the tar.
		s.tar = fetch
		if l.Digest != l.DiffID {
			s.tar = failing(wrongDiffID(l.DiffID, l.Digest))
			s.blob = fetch
		}
		return s
	}
	s.blob = fetch
	raw, hashed := newPipe(inner.Done()), newPipe(inner.Done())
	s.stages.Go(func() { decompress(fetch, raw, c, l.Size, lim, budget) })
	s.stages.Go(func() { hashTar(raw, hashed, l.DiffID) })
	s.tar = hashed
	return s
}

// compressionOf reads the first bytes of a layer. If they clearly differ from the
// compression in the media type, they count, as in Docker and containerd. The diff
// ID verifies the result.
func compressionOf(p *pipe, stated compression) compression {
	if !p.fill() {
		return stated // the reader gets the error
	}
	const magicAt = 257 // of a tar header (POSIX ustar)
	switch b := p.cur.data; {
	case bytes.HasPrefix(b, []byte{0x1f, 0x8b}):
		return gzipped
	case bytes.HasPrefix(b, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return zstandard
	case len(b) > magicAt && bytes.HasPrefix(b[magicAt:], []byte("ustar")):
		return plain
	}
	return stated
}

func failing(err error) *pipe {
	p := newPipe(nil)
	p.full <- block{err: err}
	return p
}

func wrongDiffID(want, got string) error {
	return &oci.Mismatch{What: fmt.Sprintf("the config has the diff ID %s, but the tar of the layer has %s", want, got)}
}

// corrupt: the bytes cannot be decompressed.
type corrupt struct{ err error }

func (c *corrupt) Error() string { return "cannot be decompressed: " + c.err.Error() }
func (c *corrupt) Unwrap() error { return c.err }

// decompress decompresses from in to out. It reads in to its end, so that the digest
// covers the whole blob.
func decompress(in, out *pipe, c compression, size int64, lim Limits, budget int64) {
	r, closeReader, err := decompressor(in, c, lim)
	if err != nil {
		_ = out.send(block{err: &corrupt{err}}) // a reader that has gone needs no error
		return
	}
	defer closeReader()
	most := min(budget, max(lim.Free, size*lim.Ratio))
	var n int64
	pump(readerFunc(func(b []byte) (int, error) {
		m, err := r.Read(b)
		if n += int64(m); n > most {
			return m, fmt.Errorf("%d bytes inflate to more than %d", size, most)
		}
		if err == io.EOF {
			return m, drain(in)
		}
		if err != nil && !errors.Is(err, errStopped) {
			// An error of the blob is reported first: it is the cause.
			if in.cur.err != nil && !errors.Is(in.cur.err, io.EOF) {
				return m, in.cur.err
			}
			return m, &corrupt{err}
		}
		return m, err
	}), out, func([]byte) error { return nil })
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

func decompressor(in *pipe, c compression, lim Limits) (io.Reader, func(), error) {
	if c == gzipped {
		z, err := inflate.NewReader(in)
		return z, func() {}, err
	}
	// No goroutine of its own: the pipe reads ahead.
	z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(lim.Window))
	if err != nil {
		return nil, nil, err
	}
	return z, z.Close, nil
}

// drain reads to the end, and returns io.EOF if there was no error.
func drain(p *pipe) error {
	for {
		p.pos = len(p.cur.data)
		if !p.fill() {
			return p.cur.err
		}
	}
}

// hashTar passes blocks on. If the diff ID differs, the last error is a mismatch.
func hashTar(in, out *pipe, diffID string) {
	h := sha256.New()
	for {
		b, err := out.buffer()
		if err != nil {
			return
		}
		x := in.next()
		// The buffers are exchanged, so that nothing is copied.
		h.Write(x.data)
		if x.data == nil {
			out.give(b) // an error without a buffer
		} else {
			in.give(b)
		}
		if errors.Is(x.err, io.EOF) {
			if got := digests.Sum(h); got != diffID {
				x.err = wrongDiffID(diffID, got)
			}
		}
		if out.send(x) != nil || x.err != nil {
			return
		}
	}
}

// verifyBlob checks the digest of the blob after reading the tar has failed. If
// the digest differs, the wrong blob is the cause, and is reported instead. It
// stops all goroutines.
func (s *layerStream) verifyBlob() error {
	s.stop()
	s.stages.Wait()
	p := s.blob
	if p == nil {
		p = s.tar
	}
	if err := drain(p); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// close stops the goroutines, and waits for them.
func (s *layerStream) close() {
	s.stop()
	s.undo()
	s.stages.Wait()
	s.all.Wait()
}
