package extents

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/internal/digests"
)

func bytesOf(t *testing.T, f *File) []byte {
	t.Helper()
	b, err := io.ReadAll(f.Reader())
	if err != nil || int64(len(b)) != f.Size() {
		t.Fatalf("%d bytes of %d, %v", len(b), f.Size(), err)
	}
	return b
}

// target is a file in memory.
type target []byte

func (m *target) Truncate(size int64) error {
	*m = append((*m)[:0], make([]byte, size)...)
	return nil
}

func (m *target) WriteAt(p []byte, at int64) (int, error) { return copy((*m)[at:], p), nil }

// A file has the bytes that a file in memory has after the same calls, in whatever order
// they come; also as a part of another file.
func TestSameAsWritten(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		source := make([]byte, 5000)
		for i := range source {
			source[i] = byte(r.Uint32())
		}
		size := 20 + r.IntN(3000)
		want, f := make([]byte, size), new(File)
		if err := f.Truncate(int64(size)); err != nil {
			t.Fatal(err)
		}
		var starts []int
		for at := 0; at < size; at += 1 + r.IntN(300) {
			starts = append(starts, at)
		}
		from := bytes.NewReader(source)
		for _, i := range r.Perm(len(starts)) {
			end := size
			if i+1 < len(starts) {
				end = starts[i+1]
			}
			at, n, off := starts[i], r.IntN(end-starts[i]+1), r.IntN(1000)
			copy(want[at:], source[off:off+n])
			var err error
			if r.IntN(2) == 0 {
				_, err = f.WriteAt(source[off:off+n], int64(at))
			} else {
				err = f.Place(int64(at), from, int64(off), int64(n))
			}
			if err != nil {
				t.Fatal(seed, err)
			}
		}
		if got := bytesOf(t, f); !bytes.Equal(got, want) {
			t.Fatalf("seed %d: other bytes", seed)
		}
		var written target
		if err := f.WriteInto(&written); err != nil || !bytes.Equal(written, want) {
			t.Fatalf("seed %d: written: other bytes, %v", seed, err)
		}
		// Data and holes alternate, and holes are zero.
		for at := int64(0); at < f.Size(); {
			data := f.NextData(at)
			if !bytes.Equal(want[at:data], make([]byte, data-at)) {
				t.Fatalf("seed %d: bytes %d to %d are no hole", seed, at, data)
			}
			if at = f.NextHole(data); at == data && data < f.Size() {
				t.Fatalf("seed %d: neither data nor a hole at %d", seed, at)
			}
		}
		outer := new(File)
		off := int64(r.IntN(size))
		n := r.Int64N(int64(size) - off + 1)
		if err := outer.From(100).Place(7, f, off, n); err != nil {
			t.Fatal(seed, err)
		}
		if got := bytesOf(t, outer); !bytes.Equal(got, append(make([]byte, 107), want[off:off+n]...)) {
			t.Fatalf("seed %d: as a part: other bytes", seed)
		}
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	f := new(File)
	if _, err := f.WriteAt([]byte("abc"), 10); err != nil {
		t.Fatal(err)
	}
	for name, do := range map[string]func() error{
		"written twice": func() error { _, err := f.WriteAt([]byte("xx"), 9); return err }, "cannot end at byte 12": func() error { return f.Truncate(12) },
		"negative": func() error { return f.Place(-1, strings.NewReader("x"), 0, 1) }, "bytes 5 to 20": func() error { return f.Place(20, f, 5, 15) },
	} {
		if err := do(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v, want %q", err, name)
		}
	}
	// A source that became shorter is noticed.
	short := Of(strings.NewReader("abc"), 4)
	if _, err := short.ReadAt(make([]byte, 4), 0); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	if err := short.WriteInto(new(target)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	if _, err := short.Identity(func(io.ReaderAt) (string, error) { return "", nil }); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	if n, err := f.ReadAt(make([]byte, 9), 8); n != 5 || !errors.Is(err, io.EOF) {
		t.Error(n, err)
	}
}

// What is copied from a section of a file is not read, and the rest of the section is left.
func TestWriter(t *testing.T) {
	t.Parallel()
	from := &counted{ReaderAt: strings.NewReader("0123456789")}
	s := io.NewSectionReader(from, 2, 7)
	f := new(File)
	w := NewWriter(f)
	if _, err := w.Write([]byte("<")); err != nil {
		t.Fatal(err)
	}
	for _, n := range []int64{3, 2} {
		if got, err := io.Copy(w, io.LimitReader(s, n)); got != n || err != nil {
			t.Fatal(got, err)
		}
	}
	if got, err := io.Copy(w, io.MultiReader(s, strings.NewReader(">"))); got != 3 || err != nil {
		t.Fatal(got, err)
	}
	if from.reads > 0 {
		t.Errorf("the file was read %d times", from.reads)
	}
	if got := string(bytesOf(t, f)); got != "<2345678>" {
		t.Error(got)
	}
}

// counted counts how often a file is read.
type counted struct {
	io.ReaderAt
	reads int
}

func (c *counted) ReadAt(p []byte, at int64) (int, error) {
	c.reads++
	return c.ReaderAt.ReadAt(p, at)
}

// Over keeps what comes from other files, and takes everything else from a file that another
// program has changed.
func TestOver(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("large", 40000)
	f := new(File)
	if err := errors.Join(f.Truncate(1<<20), f.Place(300000, strings.NewReader(large), 0, int64(len(large)))); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte("table"), 512); err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(filepath.Join(t.TempDir(), "x"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := f.WriteOwnInto(file); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(file.Name()); err != nil || bytes.Contains(b, []byte("large")) || !bytes.Contains(b, []byte("table")) {
		t.Errorf("not what is left out: %v", err)
	}
	want := bytesOf(t, f)
	for _, at := range []int64{0, 600, 1<<20 - 3} {
		copy(want[at:], "new")
		if _, err := file.WriteAt([]byte("new"), at); err != nil {
			t.Fatal(err)
		}
	}
	out, err := f.Over(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(bytesOf(t, out), want) {
		t.Error("other bytes")
	}
	if n := out.NextHole(0); n > 1<<17 {
		t.Errorf("zeros are kept up to byte %d", n)
	}
}

// The identity is that of the content: whether a digest was known before does not matter for
// equal files, and each change matters.
func TestIdentity(t *testing.T) {
	t.Parallel()
	sum := func(from io.ReaderAt) (string, error) {
		digest, _, err := digests.Read(io.NewSectionReader(from, 0, 1<<20))
		return digest, err
	}
	describe := func(own, placed string, off, size int64) string {
		f := new(File)
		if _, err := f.WriteAt([]byte(own), 0); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(f.Place(100, strings.NewReader(placed), off, 3), f.Truncate(size)); err != nil {
			t.Fatal(err)
		}
		id, err := f.Identity(sum)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%x", id)
	}
	a := describe("own", "placed", 1, 200)
	if a != describe("own", "placed", 1, 200) {
		t.Error("equal files differ")
	}
	for _, b := range []string{describe("owN", "placed", 1, 200), describe("own", "placeD", 1, 200), describe("own", "placed", 2, 200), describe("own", "placed", 1, 201)} {
		if a == b {
			t.Error("a change does not matter")
		}
	}
}
