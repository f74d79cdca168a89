package sbom

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/seaworthy-os/seaworthy/internal/atomicfile"
)

const (
	// maxSmall is the largest file that is kept in memory; together these files
	// fill at most memoryBudget. All others are in one unlinked file.
	maxSmall     = 256 << 10
	memoryBudget = 16 << 20
	// maxSpill is the largest size of that file.
	maxSpill = 16 << 30
)

// errNotKept is the error for a cataloger that requests contents that were not
// kept.
var errNotKept = errors.New("the content was not kept during the pass")

// store keeps contents that catalogers may need. One goroutine fills it, one
// blob after another. Then any number of goroutines read it.
type store struct {
	dir   string
	blobs map[string]blob
	used  int
	spill *os.File
	off   int64
}

// blob is a content, in memory or at [off, off+size) of the spill file.
type blob struct {
	mem       []byte
	off, size int64
}

func newStore(dir string) *store { return &store{dir: dir, blobs: map[string]blob{}} }

// put returns a writer for the content of the file at p, size bytes long.
func (s *store) put(p string, size int64) (io.WriteCloser, error) {
	if size <= maxSmall && s.used+int(size) <= memoryBudget {
		s.used += int(size)
		return &memoryWriter{s: s, path: p, buf: make([]byte, 0, size)}, nil
	}
	if s.off+size > maxSpill {
		return nil, fmt.Errorf("the image has more than %d GiB of packages and programs", maxSpill>>30)
	}
	if s.spill == nil {
		f, err := atomicfile.Unlinked(s.dir)
		if err != nil {
			return nil, err
		}
		s.spill = f
	}
	return &spillWriter{s: s, path: p, start: s.off}, nil
}

func (s *store) has(p string) bool { _, ok := s.blobs[p]; return ok }

// open returns the content as a reader that can seek and read at an offset.
// Syft copies other readers into memory or to disk.
func (s *store) open(p string) (io.ReadCloser, error) {
	b, ok := s.blobs[p]
	if !ok {
		return nil, fmt.Errorf("%s: %w", p, errNotKept)
	}
	if b.mem != nil || b.size == 0 {
		return content{bytes.NewReader(b.mem)}, nil
	}
	return content{io.NewSectionReader(s.spill, b.off, b.size)}, nil
}

func (s *store) close() error {
	s.blobs = nil
	if s.spill == nil {
		return nil
	}
	f := s.spill
	s.spill = nil
	return f.Close()
}

type content struct{ readSeekerAt }

type readSeekerAt interface {
	io.Reader
	io.ReaderAt
	io.Seeker
}

func (content) Close() error { return nil }

type memoryWriter struct {
	s    *store
	path string
	buf  []byte
}

func (w *memoryWriter) Write(p []byte) (int, error) {
	w.buf = append(w.buf, p...)
	return len(p), nil
}

func (w *memoryWriter) Close() error {
	w.s.blobs[w.path] = blob{mem: w.buf, size: int64(len(w.buf))}
	return nil
}

type spillWriter struct {
	s     *store
	path  string
	start int64
}

func (w *spillWriter) Write(p []byte) (int, error) {
	n, err := w.s.spill.WriteAt(p, w.s.off)
	w.s.off += int64(n)
	return n, err
}

func (w *spillWriter) Close() error {
	w.s.blobs[w.path] = blob{off: w.start, size: w.s.off - w.start}
	return nil
}
