package image

import (
	"crypto/sha256"
	"hash"
	"io"
	"os"
	"sync/atomic"

	"github.com/seaworthy-os/seaworthy/builder/image/extents"
	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// The buffers of a behind, and after how many bytes the disk starts to work. Two
// buffers are enough: the disk's cache takes the bytes faster than others make them.
const (
	behindBuffer = 256 << 10
	behindCount  = 3
	behindDisk   = 8 << 20
)

// behind writes a file in order, in a goroutine of its own, which also hashes the
// bytes. So the digest is known without reading the file again, and the disk works
// while the rest of the file is made: the sync at the end of a build has little left to
// do. Close must be called.
type behind struct {
	f    *os.File
	sum  hash.Hash
	buf  []byte // what Write fills
	full chan piece
	free chan []byte
	idle chan error
	// forget: nothing reads the file soon, so what is on the disk leaves memory.
	forget bool
	// err is the first error. It is set before failed.
	err    error
	failed atomic.Bool
	closed bool
}

// piece is what comes next in the file: bytes, or so many zeros. An empty piece asks for an
// answer on idle.
type piece struct {
	data  []byte
	zeros int64
}

func newBehind(f *os.File) *behind {
	b := &behind{f: f, sum: sha256.New(), full: make(chan piece, behindCount), free: make(chan []byte, behindCount), idle: make(chan error)}
	for range behindCount - 1 {
		b.free <- make([]byte, 0, behindBuffer)
	}
	b.buf = make([]byte, 0, behindBuffer)
	go b.work()
	return b
}

// work ends when full is closed. After an error it writes nothing more.
func (b *behind) work() {
	defer close(b.idle)
	var written, before, started int64
	for p := range b.full {
		switch {
		case p.zeros > 0:
			b.hole(p.zeros)
		case p.data == nil:
			b.idle <- b.err
			continue
		default:
			b.do(func() error { _, err := b.f.Write(p.data); return err })
			b.sum.Write(p.data)
			b.free <- p.data[:0]
		}
		if written += int64(len(p.data)) + p.zeros; written-started >= behindDisk {
			startSync(b.f, started, written-started)
			if b.forget {
				forget(b.f, before, started-before)
			}
			before, started = started, written
		}
	}
}

// do calls a function that writes, unless an earlier one failed.
func (b *behind) do(write func() error) {
	if b.err == nil {
		b.err = write()
		b.failed.Store(b.err != nil)
	}
}

// hole leaves n bytes of the file out: they read as zeros.
func (b *behind) hole(n int64) {
	b.do(func() error {
		end, err := b.f.Seek(n, io.SeekCurrent)
		if err != nil {
			return err
		}
		return b.f.Truncate(end)
	})
	for zeros := make([]byte, min(n, behindBuffer)); n > 0; n -= int64(len(zeros)) {
		b.sum.Write(zeros[:min(n, int64(len(zeros)))])
	}
}

// Write returns an error of an earlier write if it is known already.
func (b *behind) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		if b.failed.Load() {
			return 0, b.err
		}
		take := min(len(p), cap(b.buf)-len(b.buf))
		b.buf = append(b.buf, p[:take]...)
		p = p[take:]
		if len(b.buf) == cap(b.buf) {
			b.pass()
		}
	}
	return n, nil
}

func (b *behind) pass() {
	if len(b.buf) == 0 {
		return
	}
	b.full <- piece{data: b.buf}
	b.buf = <-b.free
}

// zeros adds n zeros, which take no room on the disk.
func (b *behind) zeros(n int64) {
	b.pass()
	if n > 0 {
		b.full <- piece{zeros: n}
	}
}

// content adds a described file.
func (b *behind) content(f *extents.File) error {
	for at := int64(0); at < f.Size(); {
		if b.failed.Load() {
			return b.err
		}
		if next := f.NextData(at); next > at {
			b.zeros(next - at)
			at = next
			continue
		}
		n := min(int64(cap(b.buf)-len(b.buf)), f.NextHole(at)-at)
		had := len(b.buf)
		b.buf = b.buf[:had+int(n)]
		if _, err := f.ReadAt(b.buf[had:], at); err != nil {
			return err
		}
		if at += n; len(b.buf) == cap(b.buf) {
			b.pass()
		}
	}
	return nil
}

// Flush waits until everything is in the file, and returns the first error.
func (b *behind) Flush() error {
	b.pass()
	b.full <- piece{}
	return <-b.idle
}

// Close ends the goroutine, and returns the digest of what was written and the first
// error. The file stays open. Nothing may be written afterwards.
func (b *behind) Close() (digest string, err error) {
	if !b.closed {
		_ = b.Flush() // returns b.err
		close(b.full)
		for range b.idle { // until the goroutine has ended
		}
		b.closed = true
	}
	return digests.Sum(b.sum), b.err
}
