package image

import (
	"crypto/sha256"
	"hash"
	"os"
	"sync/atomic"

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
	buf  []byte      // what Write fills
	full chan []byte // nil asks for an answer on idle
	free chan []byte
	idle chan error
	// err is the first error. It is set before failed.
	err    error
	failed atomic.Bool
	closed bool
}

func newBehind(f *os.File) *behind {
	b := &behind{f: f, sum: sha256.New(), full: make(chan []byte, behindCount), free: make(chan []byte, behindCount), idle: make(chan error)}
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
	var written, started int64
	for p := range b.full {
		if p == nil {
			b.idle <- b.err
			continue
		}
		if b.err == nil {
			_, b.err = b.f.Write(p)
			b.failed.Store(b.err != nil)
		}
		b.sum.Write(p)
		b.free <- p[:0]
		if written += int64(len(p)); written-started >= behindDisk {
			startSync(b.f, started, written-started)
			started = written
		}
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
	b.full <- b.buf
	b.buf = <-b.free
}

// Flush waits until everything is in the file, and returns the first error.
func (b *behind) Flush() error {
	if len(b.buf) > 0 {
		b.pass()
	}
	b.full <- nil
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
