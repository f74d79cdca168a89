package image

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/seaworthy-os/seaworthy/builder/image/disk"
	"github.com/seaworthy-os/seaworthy/builder/image/extents"
	"github.com/seaworthy-os/seaworthy/builder/image/verity"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// step makes the files of one format. A format either takes the entries of the
// stream (writer), or is derived from the finished files of another step.
type step struct {
	format Format
	// asked is false if the step exists only because another format is derived
	// from it. Its files are removed at the end.
	asked  bool
	dir    string
	writer writer
	// content is the only file of a derived format that is described, and digest that of
	// its file.
	content *extents.File
	digest  string
}

// tree is the hash tree of a verified root, after the writer has closed; else nil.
func (st *step) tree() *verity.Tree {
	if w, ok := st.writer.(*verifiedRoot); ok {
		return w.tree
	}
	return nil
}

// derived reports whether a format is st's, or is derived from it.
func (st *step) derived(f Format) bool {
	for f.Name != st.format.Name && f.from != "" {
		f, _ = Find(f.from)
	}
	return f.Name == st.format.Name
}

// asked names the format of a step as the user asked for it: a step that was not asked
// for has the name of a format that is derived from it.
func asked(steps []*step, st *step) string {
	for _, other := range steps {
		if !st.asked && other.asked && st.derived(other.format) {
			return other.format.Name
		}
	}
	return st.format.Name
}

// initrdLimit is the largest size of an initrd in bytes, 0 for no limit, and why.
type initrdLimit struct {
	size int64
	why  string
}

// limit is the smallest limit of the formats that are derived from a step.
func (s *Set) limit(st *step) (least initrdLimit) {
	for _, other := range s.steps {
		if l := other.format.initrd; l.size > 0 && (least.size == 0 || l.size < least.size) && st.derived(other.format) {
			least = l
		}
	}
	return least
}

// hidden is the folder, inside Options.Dir, of files that are not part of the
// image.
const hidden = ".unasked"

// steps lists the formats with these names, each once, and before each of them
// the format that it is derived from.
func steps(names []string, dir string) ([]*step, error) {
	if err := CheckFormats(names); err != nil {
		return nil, err
	}
	var out []*step
	var add func(name string)
	add = func(name string) {
		if slices.ContainsFunc(out, func(s *step) bool { return s.format.Name == name }) {
			return
		}
		f, _ := Find(name)
		if f.from != "" {
			add(f.from)
		}
		s := &step{format: f, asked: slices.Contains(names, name), dir: dir}
		if !s.asked {
			s.dir = filepath.Join(dir, hidden)
		}
		out = append(out, s)
	}
	for _, n := range names {
		add(n)
	}
	return out, nil
}

// clashes gives an error for each two formats that write a file of the same name, and
// for two formats that boot with different command lines: rules judge one.
func clashes(names []string) []error {
	var errs []error
	owner := map[string]string{}
	other, mixed := "", false
	for _, n := range slices.Compact(slices.Sorted(slices.Values(names))) {
		f, ok := Find(n)
		for _, ending := range f.Files {
			if other, taken := owner[ending]; taken {
				errs = append(errs, system.BadInput("formats %s and %s both write the file NAME%s", other, n, ending).
					Suggest("build them separately, with different --output-dir"))
				break
			}
			owner[ending] = n
		}
		if !ok || !f.NeedsKernel || mixed {
			continue
		}
		if o, _ := Find(other); other != "" && o.rootHash() != f.rootHash() {
			mixed = true
			errs = append(errs, system.BadInput("formats %s and %s boot with different command lines: a root hash belongs to one root", other, n).
				Suggest("build them separately, with different --output-dir"))
		}
		other = n
	}
	return errs
}

// rootHash is the format whose root hash stands on the command line; "" for a command
// line without one.
func (f Format) rootHash() string {
	if !f.Verified {
		return ""
	}
	for f.from != "" {
		f, _ = Find(f.from)
	}
	return f.Name
}

// Base gives a derived format the finished files of the format that it is
// derived from.
type Base struct {
	step *step
	stem string
	// tree is the hash tree of a verified root, else nil.
	tree  *verity.Tree
	files *openFiles
}

// content is the file with this ending. It is not closed before Set.Release.
func (b Base) content(ending string) (*extents.File, error) {
	if b.step.content != nil {
		return b.step.content, nil
	}
	f, err := b.open(ending)
	if err != nil {
		return nil, err
	}
	return extents.Of(f, f.size), nil
}

// open opens the file with this ending, which is on the disk.
func (b Base) open(ending string) (*openFile, error) {
	name, digest := b.stem+ending, ""
	if out := b.step.writer.output(); out != nil && out.name == name {
		digest = out.digest
	}
	return b.files.open(filepath.Join(b.step.dir, name), digest)
}

// text is a small file.
func (b Base) text(ending string) ([]byte, error) {
	return os.ReadFile(filepath.Join(b.step.dir, b.stem+ending))
}

// diskFile is a described file as the file path of a disk.
func diskFile(path string, content *extents.File) disk.File {
	return disk.File{Path: path, Size: content.Size(), Open: func() (io.ReadCloser, error) {
		return section{content.Reader()}, nil
	}}
}

// section is a reader of a part of a file that stays open.
type section struct{ *io.SectionReader }

func (section) Close() error { return nil }

// openFiles are the files that described files refer to, by path. The zero value has none.
type openFiles struct {
	mu   sync.Mutex
	list map[string]*openFile
}

// openFile is a complete file that described files refer to.
type openFile struct {
	*os.File
	size int64
	// sum is its digest. The file is only read if the digest is not known.
	sum func() (string, error)
}

// open opens a file once. digest is that of the file, "" if it is not known.
func (o *openFiles) open(path, digest string) (*openFile, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if f := o.list[path]; f != nil {
		return f, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	f := &openFile{File: file, size: info.Size()}
	f.sum = sync.OnceValues(func() (string, error) {
		if digest != "" {
			return digest, nil
		}
		sum, n, err := digests.Read(io.NewSectionReader(f, 0, f.size))
		if err == nil && n < f.size {
			err = io.ErrUnexpectedEOF
		}
		return sum, err
	})
	if o.list == nil {
		o.list = map[string]*openFile{}
	}
	o.list[path] = f
	return f, nil
}

func (o *openFiles) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, f := range o.list {
		_ = f.Close() // nothing was written to it
	}
	o.list = nil
}

// identity is what the identifiers of a disk are computed from: it differs if the content of
// the file does. A large file counts with its digest, so it is not read again.
func identity(content *extents.File) ([]byte, error) {
	return content.Identity(func(from io.ReaderAt) (string, error) {
		if f, ok := from.(*openFile); ok {
			return f.sum()
		}
		return "", nil
	})
}

// base is the index of the step that st is derived from.
func (s *Set) base(st *step) int {
	return slices.IndexFunc(s.steps, func(b *step) bool { return b.format.Name == st.format.from })
}

// derive makes the file of a step from those of an earlier one. A file that was not asked
// for is only described.
func (s *Set) derive(st, base *step) ([]string, error) {
	f, b := st.format, Base{step: base, stem: s.o.Stem, tree: base.tree(), files: &s.files}
	write := func(w *behind) error { return f.stream(w, b, s.o) }
	if f.describe != nil {
		var err error
		if st.content, err = f.describe(b, s.o); err != nil {
			return nil, err
		}
		write = func(w *behind) error { return w.content(st.content) }
	}
	if !st.asked {
		return nil, nil
	}
	name := s.o.Stem + f.Files[0]
	var err error
	st.digest, err = writeFile(s.o, name, write)
	return []string{name}, err
}

// writeFile writes a file in order, and returns its digest.
func writeFile(o Options, name string, write func(*behind) error) (_ string, err error) {
	f, err := create(o, name)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := newBehind(f)
	w.forget = true
	err = write(w)
	digest, closeErr := w.Close()
	return digest, errors.Join(err, closeErr)
}

// removeHidden removes the files that are not part of the image.
func (s *Set) removeHidden() error { return os.RemoveAll(filepath.Join(s.o.Dir, hidden)) }

// CheckFormats refuses unknown names, and formats that write the same file. It
// reports all errors at once.
func CheckFormats(names []string) error {
	var errs []error
	for _, n := range names {
		if _, ok := Find(n); ok {
			continue
		}
		errs = append(errs, system.BadInput("unknown format %q", n).Suggest("use %s", strings.Join(Formats(), " or ")))
	}
	return errors.Join(append(errs, clashes(names)...)...)
}
