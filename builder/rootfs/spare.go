package rootfs

import (
	"io"
	"os"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// spare keeps the files of one image whose place something else takes: a hard
// link to one of them has the file's content all the same. They lie in a file
// without a name, so that memory does not grow with them.
type spare struct {
	dir   string
	file  *os.File
	end   int64
	files map[string]*spared
}

// spared is one such file, by its path in the image.
type spared struct {
	at, size int64
	// as is where the tree has it, by its first hard link.
	as string
}

func newSpare(dir string) *spare { return &spare{dir: dir, files: map[string]*spared{}} }

// keep takes the content of e, if it is a file.
func (s *spare) keep(e *system.Entry) (io.WriteCloser, error) {
	if e.Type != system.TypeFile {
		return nil, nil
	}
	if s.file == nil {
		f, err := os.CreateTemp(s.dir, "seaworthy-")
		if err != nil {
			return nil, err
		}
		s.file = f
		if err := os.Remove(f.Name()); err != nil {
			return nil, err
		}
	}
	s.files[e.Path] = &spared{at: s.end, size: e.Size}
	w := io.NewOffsetWriter(s.file, s.end)
	s.end += e.Size
	return unclosed{w}, nil
}

// unclosed is a writer whose file stays open.
type unclosed struct{ io.Writer }

func (unclosed) Close() error { return nil }

func (s *spare) close() {
	if s != nil && s.file != nil {
		s.file.Close()
		s.file = nil
	}
}

// instead writes r, a hard link to target in its image, where target's place is
// taken by something else: the first such link is a file with its content, a
// further one a link to that. It says whether it did.
func (t *Tree) instead(r *system.RootEntry, target string) (bool, error) {
	f := t.spare.files[target]
	if f == nil {
		return false, nil
	}
	if f.as != "" {
		r.Link = f.as
		_, err := t.out.Entry(r)
		return true, err
	}
	f.as = r.Path
	r.Type, r.Link, r.Size = system.TypeFile, "", f.size
	return true, t.send(r, io.NewSectionReader(t.spare.file, f.at, f.size))
}
