package image

import (
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/image/disk"
	"github.com/seaworthy-os/seaworthy/builder/image/verity"
	"github.com/seaworthy-os/seaworthy/builder/system"
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
	dir, stem string
	// tree is the hash tree of a verified root, else nil.
	tree *verity.Tree
}

// Path is the path of the file with this ending.
func (b Base) Path(ending string) string { return filepath.Join(b.dir, b.stem+ending) }

// Open opens the file with this ending, and gives its size.
func (b Base) Open(ending string) (*os.File, int64, error) {
	f, err := os.Open(b.Path(ending))
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

// file is the file with this ending, as the file path of a disk.
func (b Base) file(path, ending string) (disk.File, error) {
	from := b.Path(ending)
	info, err := os.Stat(from)
	if err != nil {
		return disk.File{}, err
	}
	return disk.File{Path: path, Size: info.Size(), Open: func() (io.ReadCloser, error) { return os.Open(from) }}, nil
}

// sumOf is the SHA-256 of the contents of files, one after the other. The
// identifiers of a disk are computed from it.
func sumOf(files ...disk.File) ([]byte, error) {
	h := sha256.New()
	for _, f := range files {
		r, err := f.Open()
		if err != nil {
			return nil, err
		}
		if _, err := io.Copy(h, r); err != nil {
			return nil, errors.Join(err, r.Close())
		}
		if err := r.Close(); err != nil {
			return nil, err
		}
	}
	return h.Sum(nil), nil
}

// base is the index of the step that st is derived from.
func (s *Set) base(st *step) int {
	return slices.IndexFunc(s.steps, func(b *step) bool { return b.format.Name == st.format.from })
}

// derive makes the files of a step from those of an earlier one.
func (s *Set) derive(st, base *step) ([]string, error) {
	o := s.o
	o.Dir = st.dir
	return st.format.derive(Base{dir: base.dir, stem: o.Stem, tree: base.tree()}, o)
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
