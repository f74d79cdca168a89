package layer

import (
	"io"
	"os"

	"github.com/seaworthy-os/seaworthy/internal/atomicfile"
)

// spill holds content that must wait, in a file without a name, so that it does
// not use memory. f is nil until there is such content.
type spill struct {
	dir string
	f   *os.File
	end int64
	// kept: some content waits beyond the layer, so that its space cannot be
	// reused.
	kept bool
}

// content is a section of a spill.
type content struct {
	s      *spill
	offset int64
	size   int64
}

func (c content) reader() io.Reader { return io.NewSectionReader(c.s.f, c.offset, c.size) }

// start begins a section. Bytes that are written to the writer are in it.
func (s *spill) start(size int64) (content, io.Writer, error) {
	if s.f == nil {
		f, err := atomicfile.Unlinked(s.dir)
		if err != nil {
			return content{}, nil, err
		}
		s.f = f
	}
	c := content{s, s.end, size}
	return c, io.NewOffsetWriter(s.f, s.end), nil
}

// done ends the section.
func (s *spill) done(c content) { s.end = c.offset + c.size }

// reset frees the space for reuse, unless some content still waits in it.
func (s *spill) reset() error {
	if s.f == nil || s.kept || s.end == 0 {
		return nil
	}
	s.end = 0
	return s.f.Truncate(0)
}

func (s *spill) close() {
	if s.f != nil {
		s.f.Close()
	}
}
