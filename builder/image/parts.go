package image

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// Stretch is a stretch of an image's file. A file is written as one stretch
// after the other, and some of them are parts: their bytes depend on the key
// alone, so that the next image can take them from this one.
type Stretch struct {
	// Key names all that a part's bytes depend on, beside the program; "" for
	// what is no part.
	Key  string `json:"key,omitempty"`
	Size int64  `json:"size"`
	// Digest is the SHA-256 of the bytes, for the caller that stores the file.
	Digest string `json:"digest,omitempty"`
}

// Earlier is a file of an earlier image, from which parts are taken.
type Earlier struct {
	Path string
	// Stretches are those of the whole file, with their digests.
	Stretches []Stretch
}

// ErrDamaged: a part of an earlier image is not what its digest says, or cannot
// be read. What was written is void.
var ErrDamaged = errors.New("a part of the earlier image is damaged")

// Part begins a part of each file: the entries up to EndPart depend on key
// alone. id tells the parts of one image apart. Where the earlier image has this
// part in each file, its bytes are copied and Part gives true: then the entries
// are not wanted, and EndPart is not called. The bytes are the same either way.
func (s *Set) Part(id, key string) (bool, error) {
	sum := digests.Of(fmt.Appendf(nil, "%q %q %d", id, key, s.time.Unix()))
	taken := true
	for i, f := range s.writers {
		if err := f.begin(id, sum); err != nil {
			return false, fmt.Errorf("format %s: %s: %w", s.names[i], id, err)
		}
		taken = taken && f.output().earlier()
	}
	if !taken {
		return false, nil
	}
	for i, f := range s.writers {
		if err := f.output().take(); err != nil {
			return false, fmt.Errorf("format %s: %s: %w", s.names[i], id, err)
		}
	}
	return true, s.EndPart()
}

// EndPart ends a part. What follows is no part until the next one begins.
func (s *Set) EndPart() error {
	for i, f := range s.writers {
		if err := f.begin("", ""); err != nil {
			return fmt.Errorf("format %s: %w", s.names[i], err)
		}
	}
	return nil
}

// Stretches gives the stretches of each file that has parts, by name, without
// digests; after Close.
func (s *Set) Stretches() map[string][]Stretch {
	out := map[string][]Stretch{}
	for _, f := range s.writers {
		out[f.output().name] = f.output().done
	}
	return out
}

// output is a file that is written in stretches.
type output struct {
	name string
	f    *os.File
	buf  *bufio.Writer
	// pos counts what was written, begun is where the stretch in work begins.
	pos, begun int64
	key        string
	done       []Stretch
	old        *earlier
}

// earlier are the parts of an earlier file, by key.
type earlier struct {
	f     *os.File
	parts map[string]place
}

type place struct {
	at   int64
	what Stretch
}

// newOutput writes the file name of an image to f.
func newOutput(f *os.File, name string, o Options) *output {
	old := &earlier{parts: map[string]place{}}
	if e, ok := o.Earlier[name]; ok {
		var err error
		if old.f, err = os.Open(e.Path); err == nil {
			at := int64(0)
			for _, s := range e.Stretches {
				old.parts[s.Key] = place{at, s}
				at += s.Size
			}
		}
	}
	return &output{name: name, f: f, buf: bufio.NewWriterSize(f, 1<<20), old: old}
}

// elsewhere is the same output from its beginning, in another file.
func (o *output) elsewhere(f *os.File) *output {
	return &output{name: o.name, f: f, buf: bufio.NewWriterSize(f, 1<<20), old: o.old}
}

func (o *output) Write(p []byte) (int, error) {
	n, err := o.buf.Write(p)
	o.pos += int64(n)
	return n, err
}

// next ends the stretch in work and begins one with a key.
func (o *output) next(key string) {
	if o.pos > o.begun {
		o.done = append(o.done, Stretch{Key: o.key, Size: o.pos - o.begun})
	}
	o.begun, o.key = o.pos, key
}

// earlier says whether the earlier image has the part that begins here.
func (o *output) earlier() bool {
	_, ok := o.old.parts[o.key]
	return ok && o.key != ""
}

// take copies that part. It is hashed on its way.
func (o *output) take() error {
	p := o.old.parts[o.key]
	h := sha256.New()
	_, err := io.CopyN(io.MultiWriter(o, h), io.NewSectionReader(o.old.f, p.at, p.what.Size), p.what.Size)
	if err == nil && digests.Sum(h) != p.what.Digest {
		err = errors.New("its digest differs")
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return nil
}

// close completes the file, with what is in first before it.
func (o *output) close(first int64) error {
	o.next("")
	if first > 0 {
		o.done = append([]Stretch{{Size: first}}, o.done...)
	}
	return errors.Join(o.buf.Flush(), o.free())
}

// free closes the earlier file.
func (o *output) free() error {
	if o.old.f == nil {
		return nil
	}
	return o.old.f.Close()
}

// Copy copies a file of an image to a new one, and gives its stretches with the
// digests of what was written. Stretches that are none make the file one.
func Copy(from, to string, stretches []Stretch) (_ []Stretch, err error) {
	in, err := os.Open(from)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	size, err := io.Copy(out, in) // by the kernel, where it can
	if err != nil {
		return nil, err
	}
	if _, err := out.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	if len(stretches) == 0 {
		stretches = []Stretch{{Size: size}}
	}
	hashed, err := hash(out, stretches)
	return hashed, errors.Join(err, out.Chmod(0o644))
}

// hash reads stretches, which are all of r.
func hash(r io.Reader, stretches []Stretch) ([]Stretch, error) {
	var out []Stretch
	buf := make([]byte, 256<<10)
	for _, s := range stretches {
		h := sha256.New()
		if n, err := io.CopyBuffer(h, io.LimitReader(r, s.Size), buf); err != nil || n != s.Size {
			return nil, errors.Join(err, io.ErrUnexpectedEOF)
		}
		s.Digest = digests.Sum(h)
		out = append(out, s)
	}
	if n, err := io.ReadFull(r, buf[:1]); n > 0 || !errors.Is(err, io.EOF) {
		return nil, errors.Join(err, errors.New("the file is longer than its stretches"))
	}
	return out, nil
}
