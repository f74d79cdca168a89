package component

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/therootcompany/xz"

	"github.com/seaworthy-os/seaworthy/builder/component/layer"
	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/internal/atomicfile"
)

// archive is a tar of an OCI layout, or the output of docker save. If it is
// compressed, it is decompressed once, into an unlinked file. The offset of
// each file is recorded at first use, and files are read in place.
type archive struct {
	file, temp string
	lim        limits

	once  sync.Once
	err   error
	f     *os.File
	files map[string]section
	src   source // a layout or dockerSave over the files
}

type section struct{ offset, size int64 }

func newArchive(file, temp string, lim limits) *archive {
	return &archive{file: file, temp: temp, lim: lim, files: map[string]section{}}
}

func (a *archive) close() error {
	if a.f == nil {
		return nil
	}
	return a.f.Close()
}

func (a *archive) find(ctx context.Context, r oci.Reference) (*place, error) {
	a.once.Do(func() { a.err = a.load() })
	if a.err != nil {
		return nil, fmt.Errorf("%s: %w", a.file, a.err)
	}
	return a.src.find(ctx, r)
}

func (a *archive) load() (err error) {
	if a.f, err = os.Open(a.file); err != nil {
		return err
	}
	magic := make([]byte, 6)
	if _, err := a.f.ReadAt(magic, 0); err != nil {
		return errors.New("too short to be an archive")
	}
	for start, open := range compressions {
		if bytes.HasPrefix(magic, []byte(start)) {
			if err := a.inflate(open); err != nil {
				return fmt.Errorf("cannot be decompressed: %w", err)
			}
			break
		}
	}
	if err := a.scan(); err != nil {
		return err
	}
	// Since version 25, docker save writes both forms. The layout has digests.
	if _, ok := a.files["index.json"]; ok {
		a.src = &layout{files: a, from: "archive", where: a.file, lim: a.lim}
		return nil
	}
	if _, ok := a.files["manifest.json"]; ok {
		a.src, err = newDockerSave(a, a.file, a.lim)
		return err
	}
	return errors.New("not an OCI layout (no index.json), and not written by docker save (no manifest.json)")
}

// compressions maps the first bytes of an archive to a decompressor.
var compressions = map[string]func(io.Reader, limits) (io.ReadCloser, error){
	"\x1f\x8b": func(r io.Reader, _ limits) (io.ReadCloser, error) { return gzip.NewReader(r) },
	"\x28\xb5\x2f\xfd": func(r io.Reader, lim limits) (io.ReadCloser, error) {
		z, err := zstd.NewReader(r, zstd.WithDecoderMaxWindow(lim.Window))
		if err != nil {
			return nil, err
		}
		return z.IOReadCloser(), nil
	},
	"\xfd7zXZ\x00": func(r io.Reader, lim limits) (io.ReadCloser, error) {
		z, err := xz.NewReader(r, uint32(lim.Window))
		return io.NopCloser(z), err
	},
}

// inflate replaces the open file by its decompressed content.
func (a *archive) inflate(open func(io.Reader, limits) (io.ReadCloser, error)) error {
	z, err := open(bufio.NewReaderSize(a.f, 256*kib), a.lim)
	if err != nil {
		return err
	}
	defer z.Close()
	st, err := a.f.Stat()
	if err != nil {
		return err
	}
	out, err := atomicfile.Unlinked(a.temp)
	if err != nil {
		return err
	}
	most := min(a.lim.Inflated, max(a.lim.Free, st.Size()*a.lim.Ratio))
	n, err := io.CopyBuffer(struct{ io.Writer }{out}, io.LimitReader(z, most+1), make([]byte, 256*kib))
	if err == nil && n > most {
		err = fmt.Errorf("%d bytes inflate to more than %d", st.Size(), most)
	}
	if err != nil {
		out.Close()
		return err
	}
	a.f.Close()
	a.f = out
	return nil
}

// scan records the offset of each file. If several entries have the same name,
// the last one counts, as it does when the tar is unpacked.
func (a *archive) scan() error {
	st, err := a.f.Stat()
	if err != nil {
		return err
	}
	r := io.NewSectionReader(a.f, 0, st.Size())
	t := tar.NewReader(r) // it skips contents by seeking
	links := map[string]string{}
	for n := 0; ; n++ {
		h, err := t.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if n >= a.lim.archive {
			return fmt.Errorf("more than %d files", a.lim.archive)
		}
		name := path.Clean(h.Name)
		switch h.Typeflag {
		case tar.TypeReg:
			if layer.IsSparse(h) {
				return fmt.Errorf("entry %q is sparse", h.Name)
			}
			at, err := r.Seek(0, io.SeekCurrent)
			if err != nil {
				return err
			}
			if at+h.Size > st.Size() {
				return fmt.Errorf("entry %q is truncated", h.Name)
			}
			a.files[name] = section{at, h.Size}
		case tar.TypeSymlink:
			// Old versions of docker save wrote a repeated layer as a link.
			links[name] = path.Join(path.Dir(name), h.Linkname)
		}
	}
	for name, target := range links {
		if s, ok := a.files[target]; ok {
			a.files[name] = s
		}
	}
	return nil
}

func (a *archive) open(name string) (io.ReadCloser, int64, error) {
	s, ok := a.files[path.Clean(name)]
	if !ok {
		return nil, 0, fs.ErrNotExist
	}
	return io.NopCloser(io.NewSectionReader(a.f, s.offset, s.size)), s.size, nil
}
