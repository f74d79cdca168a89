package recipe

import (
	"fmt"
	"io"
	"os"

	"github.com/seaworthy-os/seaworthy/internal/atomicfile"
)

// spool keeps file contents outside memory, in one unlinked temporary file. A
// content is a section of that file.
type spool struct {
	f   *os.File
	end int64
}

func newSpool() (*spool, error) {
	f, err := atomicfile.Unlinked("")
	if err != nil {
		return nil, err
	}
	return &spool{f: f}, nil
}

// add copies r to the spool.
func (s *spool) add(r io.Reader) (content, error) {
	n, err := io.Copy(io.NewOffsetWriter(s.f, s.end), r)
	c := content{s.f, s.end, n}
	s.end += n
	return c, err
}

// write lets fn write a content.
func (s *spool) write(fn func(io.Writer) error) (content, error) {
	start := s.end
	w := &spoolWriter{s}
	err := fn(w)
	return content{s.f, start, s.end - start}, err
}

type spoolWriter struct{ s *spool }

func (w *spoolWriter) Write(p []byte) (int, error) {
	n, err := w.s.f.WriteAt(p, w.s.end)
	w.s.end += int64(n)
	return n, err
}

func (s *spool) Close() error { return s.f.Close() }

// content is a section of a file; the zero value is empty.
type content struct {
	at          io.ReaderAt
	offset, len int64
}

func (c content) reader() *io.SectionReader {
	if c.at == nil {
		return io.NewSectionReader(eofReader{}, 0, 0)
	}
	return io.NewSectionReader(c.at, c.offset, c.len)
}

// bytes reads a content of at most limit bytes.
func (c content) bytes(limit int64) ([]byte, error) {
	if c.len > limit {
		return nil, fmt.Errorf("%d bytes; the limit is %d", c.len, limit)
	}
	b := make([]byte, c.len)
	_, err := io.ReadFull(c.reader(), b)
	return b, err
}

type eofReader struct{}

func (eofReader) ReadAt([]byte, int64) (int, error) { return 0, io.EOF }
