package rootfs

import (
	"io"
	"os"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/atomicfile"
)

// displaced keeps the contents of files of one image that another entry
// replaces. A hard link to such a file still has its content. The contents are
// in an unlinked file, so that they need no memory.
type displaced struct {
	dir   string
	file  *os.File
	end   int64
	files map[string]*displacedFile
}

// displacedFile is one of these files. at and size say where its content is in
// the unlinked file.
type displacedFile struct {
	at, size int64
	// newPath is the path of the first hard link, which has the content in the
	// tree.
	newPath string
}

func newDisplaced(dir string) *displaced {
	return &displaced{dir: dir, files: map[string]*displacedFile{}}
}

// keep returns a writer for the content of e. It returns nil if e is not a
// regular file.
func (s *displaced) keep(e *system.Entry) (io.WriteCloser, error) {
	if e.Type != system.TypeFile {
		return nil, nil
	}
	if s.file == nil {
		f, err := atomicfile.Unlinked(s.dir)
		if err != nil {
			return nil, err
		}
		s.file = f
	}
	s.files[e.Path] = &displacedFile{at: s.end, size: e.Size}
	w := io.NewOffsetWriter(s.file, s.end)
	s.end += e.Size
	return system.NopCloser{Writer: w}, nil
}

func (s *displaced) close() {
	if s != nil && s.file != nil {
		s.file.Close()
		s.file = nil
	}
}

// restore writes r, a hard link to target, if target is displaced. The first
// such link becomes a file with the content, and each later one becomes a link
// to the first. It reports whether it has written r.
func (t *Tree) restore(r *system.RootEntry, target string) (bool, error) {
	f := t.displaced.files[target]
	if f == nil {
		return false, nil
	}
	if f.newPath != "" {
		r.Link = f.newPath
		_, err := t.out.Entry(r)
		return true, err
	}
	f.newPath = r.Path
	r.Type, r.Link, r.Size = system.TypeFile, "", f.size
	return true, t.send(r, io.NewSectionReader(t.displaced.file, f.at, f.size))
}
