package inflate

import (
	"bytes"
	"compress/flate"
	stdgzip "compress/gzip"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/gzip"
)

// contents are data of several kinds.
func contents() map[string][]byte {
	r := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 200_000)
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	words := []byte{}
	for len(words) < 300_000 {
		words = append(words, "some words that are repeated, "[r.IntN(20):]...)
	}
	skewed := make([]byte, 150_000) // codes of up to 15 bits
	for i := range skewed {
		for skewed[i] = 0; skewed[i] < 40 && r.IntN(2) == 0; skewed[i]++ {
		}
	}
	far := append(bytes.Clone(noise[:window]), noise[:window]...) // the largest distance
	return map[string][]byte{
		"empty": {}, "byte": {7}, "zeros": make([]byte, 500_000), "pairs": bytes.Repeat([]byte("ab"), 70_000), "seven": bytes.Repeat([]byte("abcdefg"), 30_000),
		"noise": noise, "words": words, "skewed": skewed, "far": far, "mixed": bytes.Join([][]byte{words, noise, words, skewed, noise[:70_000]}, nil),
	}
}

// compressed compresses with the libraries and levels that differ most.
func compressed(t testing.TB, data []byte) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for name, open := range map[string]func(io.Writer) (io.WriteCloser, error){
		"fast":    func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriterLevel(w, gzip.BestSpeed) },
		"best":    func(w io.Writer) (io.WriteCloser, error) { return stdgzip.NewWriterLevel(w, stdgzip.BestCompression) },
		"huffman": func(w io.Writer) (io.WriteCloser, error) { return stdgzip.NewWriterLevel(w, stdgzip.HuffmanOnly) },
		"stored":  func(w io.Writer) (io.WriteCloser, error) { return stdgzip.NewWriterLevel(w, stdgzip.NoCompression) },
		"fixed":   func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriterLevel(w, gzip.StatelessCompression) },
	} {
		var b bytes.Buffer
		w, err := open(&b)
		if err == nil {
			_, err = w.Write(data)
		}
		if err = errors.Join(err, w.Close()); err != nil {
			t.Fatal(err)
		}
		out[name] = b.Bytes()
	}
	return out
}

// all reads with our reader.
func all(r io.Reader) ([]byte, error) {
	z, err := NewReader(r)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

func TestRead(t *testing.T) {
	t.Parallel()
	for kind, data := range contents() {
		for how, packed := range compressed(t, data) {
			for way, r := range map[string]io.Reader{
				"whole": bytes.NewReader(packed), "halves": iotest.HalfReader(bytes.NewReader(packed)), "with EOF": iotest.DataErrReader(bytes.NewReader(packed)),
			} {
				if got, err := all(r); err != nil || !bytes.Equal(got, data) {
					t.Errorf("%s, %s, %s: %d bytes of %d, %v", kind, how, way, len(got), len(data), err)
				}
			}
			z, err := NewReader(iotest.OneByteReader(bytes.NewReader(packed)))
			if err != nil {
				t.Fatal(err)
			}
			if err := iotest.TestReader(io.LimitReader(z, 2000), data[:min(len(data), 2000)]); err != nil {
				t.Errorf("%s, %s: %v", kind, how, err)
			}
		}
	}
}

// A stream that ends anywhere is an error, and so is an error of its reader.
func TestCutShort(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for how, packed := range compressed(t, contents()["words"][:3000]) {
		for n := range packed {
			want := io.ErrUnexpectedEOF
			if n == 0 {
				want = io.EOF
			}
			if _, err := all(bytes.NewReader(packed[:n])); !errors.Is(err, want) {
				t.Fatalf("%s: %d of %d bytes: %v", how, n, len(packed), err)
			}
			if _, err := all(io.MultiReader(bytes.NewReader(packed[:n]), iotest.ErrReader(broken))); !errors.Is(err, broken) {
				t.Fatalf("%s: an error after %d of %d bytes: %v", how, n, len(packed), err)
			}
		}
	}
}

func TestMembers(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	for _, text := range []string{"one", "", "two"} {
		w := stdgzip.NewWriter(&b)
		w.Name, w.Comment, w.Extra = "name", "comment", []byte("extra")
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
		w.Close()
	}
	if got, err := all(bytes.NewReader(b.Bytes())); string(got) != "onetwo" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := all(io.MultiReader(bytes.NewReader(b.Bytes()), bytes.NewReader([]byte("more")))); err == nil {
		t.Error("bytes behind the last member are accepted")
	}
	// A member must not refer to the one before it: distance 1 at the beginning.
	member := append([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 0x03, 0x02, 0x00}, make([]byte, 8)...) // fixed codes: length 3, distance 1, end
	if _, err := all(bytes.NewReader(append(b.Bytes(), member...))); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a distance into the member before: %v", err)
	}
}

// FuzzReader compares with the standard library, for valid and damaged streams.
func FuzzReader(f *testing.F) {
	for _, data := range contents() {
		for _, packed := range compressed(f, data[:min(len(data), 2000)]) {
			f.Add(packed)
		}
	}
	f.Fuzz(func(t *testing.T, packed []byte) {
		var want []byte
		std, err := stdgzip.NewReader(bytes.NewReader(packed))
		if err == nil {
			want, err = io.ReadAll(io.LimitReader(std, 8<<20))
		}
		if len(want) == 8<<20 {
			return
		}
		got, ours := all(bytes.NewReader(packed))
		if (err == nil) != (ours == nil) {
			t.Fatalf("ours: %v; the standard library: %v", ours, err)
		}
		if err == nil && !bytes.Equal(got, want) {
			t.Fatalf("%d bytes, the standard library has %d", len(got), len(want))
		}
		if len(packed) < 10 {
			return
		}
		// The same bytes as a deflate stream: most damage is found there, and not by
		// the checksum.
		deflated := append(bytes.Clone(packed[10:]), make([]byte, 8)...)
		want, err = io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(deflated)), 8<<20))
		d := newDecoder(bytes.NewReader(deflated))
		d.begin()
		got, ours = nil, nil
		for ours == nil && len(got) < 8<<20 {
			ours = d.step()
			got = append(got, d.out[d.from:d.op]...)
		}
		if len(got) >= 8<<20 || len(want) == 8<<20 {
			return
		}
		if (err == nil) != (ours == io.EOF) || err == nil && !bytes.Equal(got, want) {
			t.Fatalf("deflate: ours %d bytes, %v; the standard library %d, %v", len(got), ours, len(want), err)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	data := contents()["words"]
	packed := compressed(b, data)["fast"]
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := all(bytes.NewReader(packed)); err != nil {
			b.Fatal(err)
		}
	}
}
