package image

import (
	"archive/tar"
	"fmt"
	"io"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// tarWriter writes the whole tree as NAME.tar, including boot/.
type tarWriter struct {
	o   Options
	out *output
	tw  *tar.Writer
	// sparse: folders that are only implied are left out, so the archive has the
	// folders that LinuxKit's has.
	sparse bool
}

var tarFormat = Format{Name: "tar", Files: []string{".tar"}, Xattrs: true, open: newTar}

func newTar(o Options) (writer, error) {
	name := o.Stem + ".tar"
	f, err := create(o, name)
	if err != nil {
		return nil, err
	}
	out := newOutput(f, name, o)
	return &tarWriter{o: o, out: out, tw: tar.NewWriter(out), sparse: true}, nil
}

var tarTypes = map[system.EntryType]byte{
	system.TypeFile: tar.TypeReg, system.TypeDir: tar.TypeDir, system.TypeSymlink: tar.TypeSymlink, system.TypeHardlink: tar.TypeLink,
	system.TypeChar: tar.TypeChar, system.TypeBlock: tar.TypeBlock, system.TypeFifo: tar.TypeFifo,
}

func (t *tarWriter) Entry(e *system.RootEntry) (io.WriteCloser, error) {
	if t.sparse && e.Implied {
		return nil, nil
	}
	typ, ok := tarTypes[e.Type]
	if !ok {
		return nil, fmt.Errorf("cannot write a %s", e.Type)
	}
	h := &tar.Header{Typeflag: typ, Name: e.Path, Linkname: e.Link, Mode: int64(e.Mode), Uid: e.UID, Gid: e.GID, Size: e.Size,
		ModTime: t.o.Time, Devmajor: e.DevMajor, Devminor: e.DevMinor}
	if e.Type == system.TypeDir {
		h.Name += "/"
	}
	for k, v := range e.Xattrs {
		if h.PAXRecords == nil {
			h.PAXRecords = map[string]string{}
		}
		h.PAXRecords["SCHILY.xattr."+k] = v
	}
	if len(h.PAXRecords) > 0 || strings.ContainsFunc(h.Name+h.Linkname, func(r rune) bool { return r > 127 }) {
		h.Format = tar.FormatPAX
	}
	if err := t.tw.WriteHeader(h); err != nil {
		return nil, err
	}
	if e.Type != system.TypeFile {
		return nil, nil
	}
	return system.NopCloser{Writer: t.tw}, nil
}

func (t *tarWriter) Kernel(Kernel) error { return nil }

// A tar archive can start a stretch at any entry, since each entry fills whole
// blocks.
func (t *tarWriter) startStretch(_, key string) error {
	err := t.tw.Flush()
	t.out.startStretch(key)
	return err
}

func (t *tarWriter) output() *output { return t.out }

func (t *tarWriter) Close() ([]string, error) {
	if err := t.tw.Close(); err != nil {
		return nil, err
	}
	if err := t.out.close(0); err != nil {
		return nil, err
	}
	return []string{t.out.name}, t.out.f.Close()
}

func (t *tarWriter) Abort() {
	t.out.abort()
	t.out.f.Close()
}
