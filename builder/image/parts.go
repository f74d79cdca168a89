package image

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/image/wrap"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// Stretch is a range of bytes in an output file. The stretches of a file follow
// each other without gaps. Some stretches are parts: their bytes depend only on
// the key, so the next image can copy them from this one.
type Stretch struct {
	// Key identifies everything that the bytes of a part depend on, except the
	// program itself. It is "" for a stretch that is not a part.
	Key  string `json:"key,omitempty"`
	Size int64  `json:"size"`
	// Digest is the SHA-256 of the bytes. Set.Stretches leaves it empty; Copy
	// sets it.
	Digest string `json:"digest,omitempty"`
}

// Earlier is a file of an earlier image. Parts can be copied from it.
type Earlier struct {
	Path string
	// Stretches cover the whole file. They have digests.
	Stretches []Stretch
}

// ErrDamaged: a part of an earlier image cannot be read, or its digest differs.
// All output files are then invalid.
var ErrDamaged = errors.New("a part of the earlier image is damaged")

// Part starts a part in each file. The entries from here to EndPart depend only
// on key. id must be unique in the image. If the earlier image has this part in
// each file, Part copies the bytes and returns true: then the caller must leave
// out the entries and EndPart. The output has the same bytes in both cases.
func (s *Set) Part(id, key string) (bool, error) {
	sum := digests.Of(fmt.Appendf(nil, "%q %q %d", id, key, s.o.Time.Unix()))
	taken := true
	err := s.writers(func(st *step) error {
		if err := st.writer.startStretch(id, sum); err != nil {
			return fmt.Errorf("%s: %w", id, err)
		}
		out := st.writer.output()
		taken = taken && out != nil && out.hasEarlier()
		return nil
	})
	if err != nil || !taken {
		return false, err
	}
	err = s.writers(func(st *step) error {
		if err := st.writer.output().copyEarlier(); err != nil {
			return fmt.Errorf("%s: %w", id, err)
		}
		return nil
	})
	if err != nil {
		return false, err
	}
	return true, s.EndPart()
}

// EndPart ends a part. The entries after it are not in a part, until Part is
// called again.
func (s *Set) EndPart() error {
	return s.writers(func(st *step) error { return st.writer.startStretch("", "") })
}

// Stretches gives the stretches of each file of the image that has parts, by
// name, without digests; after Close.
func (s *Set) Stretches() map[string][]Stretch {
	out := map[string][]Stretch{}
	for _, st := range s.steps {
		if st.asked && st.writer != nil && st.writer.output() != nil {
			out[st.writer.output().name] = st.writer.output().done
		}
	}
	return out
}

// Digests gives the SHA-256 of files of the image, by name, as they were written; after
// Close. Other files were not written in order, and must be read.
func (s *Set) Digests() map[string]string {
	out := map[string]string{}
	for _, st := range s.steps {
		if st.asked && st.writer != nil && st.writer.output() != nil && st.writer.output().digest != "" {
			out[st.writer.output().name] = st.writer.output().digest
		}
		if st.asked && st.digest != "" {
			out[s.o.Stem+st.format.Files[0]] = st.digest
		}
	}
	return out
}

// output is a file that is written in stretches. It copies parts from the
// earlier file.
type output struct {
	name string
	f    *os.File
	to   *behind
	// digest is that of the file, after close; "" if it is not known.
	digest string
	// pos is the number of bytes written. start is where the current stretch
	// starts, and key is its key.
	pos, start int64
	key        string
	done       []Stretch
	earlier    *earlier
	limit      initrdLimit
}

// earlier holds the parts of an earlier file, by key.
type earlier struct {
	f     *os.File
	parts map[string]place
}

type place struct {
	offset  int64
	stretch Stretch
}

// newOutput returns an output that writes to f. name is the name of the file in
// the image.
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
	return &output{name: name, f: f, to: newBehind(f), earlier: old, limit: o.limit}
}

// restartIn returns the same output, empty, with f as its file.
func (o *output) restartIn(f *os.File) *output {
	return &output{name: o.name, f: f, to: newBehind(f), earlier: o.earlier, limit: o.limit}
}

func (o *output) Write(p []byte) (int, error) {
	n, err := o.to.Write(p)
	if o.pos += int64(n); err == nil && o.limit.size > 0 && o.pos > o.limit.size {
		err = system.BadInput("the initrd has more than %d MiB: %s", o.limit.size>>20, o.limit.why).
			Suggest("use fewer or smaller components, or a format with a root on the disk: %s", strings.Join(Formats(rootOnDisk), " or "))
	}
	return n, err
}

// startStretch ends the current stretch and starts the next one.
func (o *output) startStretch(key string) {
	if o.pos > o.start {
		o.done = append(o.done, Stretch{Key: o.key, Size: o.pos - o.start})
	}
	o.start, o.key = o.pos, key
}

// hasEarlier reports whether the earlier file has the current part.
func (o *output) hasEarlier() bool {
	_, ok := o.earlier.parts[o.key]
	return ok && o.key != ""
}

// copyEarlier copies the current part from the earlier file and verifies its
// digest.
func (o *output) copyEarlier() error {
	p := o.earlier.parts[o.key]
	h := sha256.New()
	_, err := io.CopyN(io.MultiWriter(o, h), io.NewSectionReader(o.earlier.f, p.offset, p.stretch.Size), p.stretch.Size)
	if err == nil && digests.Sum(h) != p.stretch.Digest {
		err = errors.New("its digest differs")
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return nil
}

// close completes the file. The caller puts a stretch of prefix bytes before
// it.
func (o *output) close(prefix int64) error {
	o.startStretch("")
	if prefix > 0 {
		o.done = append([]Stretch{{Size: prefix}}, o.done...)
	}
	var err error
	o.digest, err = o.to.Close()
	if prefix > 0 {
		o.digest = ""
	}
	return errors.Join(err, o.closeEarlier())
}

// abort ends an output that is not complete. Its file stays open.
func (o *output) abort() {
	_, _ = o.to.Close()
	_ = o.closeEarlier()
}

// closeEarlier closes the earlier file.
func (o *output) closeEarlier() error {
	if o.earlier.f == nil {
		return nil
	}
	return o.earlier.f.Close()
}

// Copy copies a file of an image to a new file. It returns the stretches with
// the digests of the written bytes. If stretches is empty, the whole file is
// one stretch. It is an error if the stretches do not cover the whole file.
func Copy(from, to string, stretches []Stretch) ([]Stretch, error) {
	return copyTo(from, to, func(out *os.File, size int64) ([]Stretch, error) {
		if len(stretches) == 0 {
			stretches = []Stretch{{Size: size}}
		}
		return hashStretches(out, stretches)
	})
}

// Keep does the same, and reads the copy only if the digests of its stretches are not
// known. digest is that of the whole file. Copy finds damage later: it reads what Keep
// has written.
func Keep(from, to string, stretches []Stretch, digest string) ([]Stretch, error) {
	if len(stretches) > 0 || digest == "" {
		return Copy(from, to, stretches)
	}
	return copyTo(from, to, func(_ *os.File, size int64) ([]Stretch, error) {
		return []Stretch{{Size: size, Digest: digest}}, nil
	})
}

// copyTo copies a file, and calls done with the copy and its size.
func copyTo(from, to string, done func(out *os.File, size int64) ([]Stretch, error)) (_ []Stretch, err error) {
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
	size, err := wrap.CopyFile(out, in)
	if err != nil {
		return nil, err
	}
	list, err := done(out, size)
	return list, errors.Join(err, out.Chmod(0o644))
}

// hashStretches adds the digests to stretches, which must cover all bytes of r.
func hashStretches(r io.Reader, stretches []Stretch) ([]Stretch, error) {
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
		return nil, errors.Join(err, errors.New("the file is longer than its listed parts"))
	}
	return out, nil
}
