// Package extents describes a file as a list of extents: bytes in memory, and stretches of
// other files. A disk that other formats are made of is described, and never written. So
// the bytes of a large initrd are read where they are, and written once for each file that
// a user asked for.
package extents

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"sort"

	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// File is a file that is described. What no extent covers is zero. The zero value is an
// empty file. It may be read by several goroutines once nothing changes it.
type File struct {
	size int64
	// list is sorted. Its extents do not overlap, and none is empty.
	list []extent
}

// extent is what the file holds from at on: size bytes of from, beginning at off.
type extent struct {
	at, size int64
	from     io.ReaderAt
	off      int64
	// own: the bytes are in memory, and of no other file.
	own bool
}

func (e extent) end() int64 { return e.at + e.size }

// Of is the file whose content is the first size bytes of from.
func Of(from io.ReaderAt, size int64) *File {
	f := new(File)
	if err := f.Place(0, from, 0, size); err != nil {
		panic(err) // the only extent of a file, with a size that is not negative
	}
	return f
}

// Size is the size in bytes.
func (f *File) Size() int64 { return f.size }

// Truncate changes the size. It cannot cut extents off.
func (f *File) Truncate(size int64) error {
	if n := len(f.list); n > 0 && f.list[n-1].end() > size {
		return fmt.Errorf("a file with an extent up to byte %d cannot end at byte %d", f.list[n-1].end(), size)
	}
	f.size = size
	return nil
}

// WriteAt adds an extent with a copy of p.
func (f *File) WriteAt(p []byte, at int64) (int, error) {
	if err := f.add(extent{at: at, size: int64(len(p)), from: bytes.NewReader(slices.Clone(p)), own: true}); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Place adds an extent: size bytes of from, beginning at off. They are not copied, so they
// must stay as they are. If from is a File, its extents are taken.
func (f *File) Place(at int64, from io.ReaderAt, off, size int64) error {
	inner, ok := from.(*File)
	if !ok {
		return f.add(extent{at, size, from, off, false})
	}
	if off < 0 || size < 0 || off+size > inner.size {
		return fmt.Errorf("bytes %d to %d of a file with %d bytes", off, off+size, inner.size)
	}
	for _, e := range inner.list[inner.after(off):] {
		start, end := max(e.at, off), min(e.end(), off+size)
		if start >= end {
			break
		}
		if err := f.add(extent{at + start - off, end - start, e.from, e.off + start - e.at, e.own}); err != nil {
			return err
		}
	}
	f.size = max(f.size, at+size)
	return nil
}

// after is the index of the first extent that ends after byte at.
func (f *File) after(at int64) int {
	return sort.Search(len(f.list), func(i int) bool { return f.list[i].end() > at })
}

func (f *File) add(e extent) error {
	if e.at < 0 || e.size < 0 || e.off < 0 {
		return errors.New("a negative place in a file")
	}
	f.size = max(f.size, e.end())
	if e.size == 0 {
		return nil
	}
	i := f.after(e.at)
	if i < len(f.list) && f.list[i].at < e.end() {
		return fmt.Errorf("byte %d of a file is written twice", max(e.at, f.list[i].at))
	}
	if i > 0 && f.list[i-1].end() == e.at && f.list[i-1].continues(e) {
		f.list[i-1].size += e.size
		return nil
	}
	f.list = slices.Insert(f.list, i, e)
	return nil
}

// continues reports whether next goes on where e ends, in the same file.
func (e extent) continues(next extent) bool {
	// Only pointers can always be compared.
	return reflect.TypeOf(e.from).Kind() == reflect.Pointer && e.from == next.from && e.off+e.size == next.off
}

// ReadAt follows io.ReaderAt. A source that is too short is an error.
func (f *File) ReadAt(p []byte, at int64) (int, error) {
	if at < 0 {
		return 0, errors.New("a negative place in a file")
	}
	whole := len(p)
	p = p[:max(min(int64(whole), f.size-at), 0)]
	clear(p)
	end := at + int64(len(p))
	for _, e := range f.list[f.after(at):] {
		if e.at >= end {
			break
		}
		start, stop := max(e.at, at), min(e.end(), end)
		n, err := e.from.ReadAt(p[start-at:stop-at], e.off+start-e.at)
		if int64(n) < stop-start {
			if err == nil || errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return int(start-at) + n, err
		}
	}
	if len(p) < whole {
		return len(p), io.EOF
	}
	return len(p), nil
}

// Reader reads the file from its beginning.
func (f *File) Reader() *io.SectionReader { return io.NewSectionReader(f, 0, f.size) }

// NextData is the first byte at or after at that an extent covers, else the size.
func (f *File) NextData(at int64) int64 {
	if i := f.after(at); i < len(f.list) {
		return max(at, f.list[i].at)
	}
	return f.size
}

// NextHole is the first byte at or after at that no extent covers, else the size.
func (f *File) NextHole(at int64) int64 {
	for _, e := range f.list[f.after(at):] {
		if e.at > at {
			break
		}
		at = e.end()
	}
	return min(at, f.size)
}

// Target is what a file is written into. It must be empty.
type Target interface {
	io.WriterAt
	Truncate(size int64) error
}

// WriteInto writes the file. What no extent covers becomes a hole.
func (f *File) WriteInto(w Target) error {
	return f.writeInto(w, func(extent) bool { return true })
}

// WriteOwnInto is the same, but what comes from other files becomes a hole too.
func (f *File) WriteOwnInto(w Target) error {
	return f.writeInto(w, func(e extent) bool { return e.own })
}

func (f *File) writeInto(w Target, wanted func(extent) bool) error {
	if err := w.Truncate(f.size); err != nil {
		return err
	}
	for _, e := range f.list {
		if !wanted(e) {
			continue
		}
		if n, err := io.Copy(io.NewOffsetWriter(w, e.at), io.NewSectionReader(e.from, e.off, e.size)); err != nil || n < e.size {
			return cmp.Or(err, io.ErrUnexpectedEOF)
		}
	}
	return nil
}

// Over is a file with what f has of other files, and with the bytes of below everywhere
// else. Those are kept in memory, without the blocks of zeros.
func (f *File) Over(below io.ReaderAt) (*File, error) {
	out := &File{size: f.size}
	buf, zero := make([]byte, overBlock), make([]byte, overBlock)
	rest := func(at, end int64) error {
		for ; at < end; at += overBlock {
			b := buf[:min(overBlock, end-at)]
			if n, err := below.ReadAt(b, at); n < len(b) {
				return err
			}
			if bytes.Equal(b, zero[:len(b)]) {
				continue
			}
			if _, err := out.WriteAt(b, at); err != nil {
				return err
			}
		}
		return nil
	}
	at := int64(0)
	for _, e := range f.list {
		if e.own {
			continue
		}
		if err := errors.Join(rest(at, e.at), out.add(e)); err != nil {
			return nil, err
		}
		at = e.end()
	}
	return out, rest(at, f.size)
}

// Identity is a digest that differs if the content or the size of f does. sum gives the
// digest of a file that an extent is of, or "" if the bytes of the extent shall count.
func (f *File) Identity(sum func(from io.ReaderAt) (string, error)) ([]byte, error) {
	h := sha256.New()
	fmt.Fprintf(h, "%d\n", f.size)
	for _, e := range f.list {
		digest := ""
		if !e.own {
			var err error
			if digest, err = sum(e.from); err != nil {
				return nil, err
			}
		}
		fmt.Fprintf(h, "%d %d %d %s\n", e.at, e.size, e.off, digests.Hex(digest))
		if digest != "" {
			continue
		}
		if n, err := io.Copy(h, io.NewSectionReader(e.from, e.off, e.size)); err != nil || n < e.size {
			return nil, cmp.Or(err, io.ErrUnexpectedEOF)
		}
	}
	return h.Sum(nil), nil
}

// overBlock is the size of the blocks that Over keeps.
const overBlock = 64 << 10

// From is what is written to a part of the file that begins at byte at. Its places count
// from there.
func (f *File) From(at int64) *Part { return &Part{f, at} }

// Part is a part of a file, up to its end.
type Part struct {
	file *File
	at   int64
}

// WriteAt is that of the file.
func (p *Part) WriteAt(b []byte, at int64) (int, error) { return p.file.WriteAt(b, p.at+at) }

// Place is that of the file.
func (p *Part) Place(at int64, from io.ReaderAt, off, size int64) error {
	return p.file.Place(p.at+at, from, off, size)
}

// Placer takes parts of other files without a copy. File and Part do.
type Placer interface {
	Place(at int64, from io.ReaderAt, off, size int64) error
}

// Writer appends to a file. What comes from an io.SectionReader is not copied, also
// behind an io.LimitedReader.
type Writer struct{ file *File }

// NewWriter is a writer that appends to f.
func NewWriter(f *File) *Writer { return &Writer{f} }

func (w *Writer) Write(p []byte) (int, error) { return w.file.WriteAt(p, w.file.size) }

// ReadFrom follows io.ReaderFrom.
func (w *Writer) ReadFrom(r io.Reader) (int64, error) {
	from, most := r, int64(-1)
	limited, ok := r.(*io.LimitedReader)
	if ok {
		from, most = limited.R, limited.N
	}
	section, ok := from.(*io.SectionReader)
	if !ok {
		return io.Copy(struct{ io.Writer }{w}, r)
	}
	at, err := section.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0, err
	}
	n := max(section.Size()-at, 0)
	if most >= 0 {
		n = min(n, most)
	}
	outer, off, _ := section.Outer()
	if err := w.file.Place(w.file.size, outer, off+at, n); err != nil {
		return 0, err
	}
	if limited != nil {
		limited.N -= n
	}
	_, err = section.Seek(n, io.SeekCurrent)
	return n, err
}
