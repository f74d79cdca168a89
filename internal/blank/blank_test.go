package blank_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/seaworthy-os/seaworthy/internal/blank"
)

func TestFind(t *testing.T) {
	t.Parallel()
	const size = 5 << 20
	for _, at := range []int64{-1, 0, 1<<20 - 1, 1 << 20, size/2 + 7, size - 1} {
		b := make([]byte, size)
		if at >= 0 {
			b[at] = 0xff
		}
		if got, err := blank.Find(bytes.NewReader(b), blank.Span{End: size}, blank.Span{}); err != nil || got != at {
			t.Errorf("byte %d: %d, %v", at, got, err)
		}
	}
	b := make([]byte, 100)
	b[10], b[50] = 1, 1
	for want, own := range map[int64]blank.Span{10: {}, 50: {Start: 10, End: 11}, -1: {Start: 10, End: 51}} {
		if got, err := blank.Find(bytes.NewReader(b), blank.Span{End: 100}, own); err != nil || got != want {
			t.Errorf("%+v: %d, %v; want %d", own, got, err, want)
		}
	}
	if _, err := blank.Find(bytes.NewReader(make([]byte, 9)), blank.Span{End: 10}, blank.Span{}); err == nil {
		t.Error("a disk that ends too early is empty")
	}
}

// A large room is read in parts: its ends, and samples between them.
func TestFindLarge(t *testing.T) {
	t.Parallel()
	const size = 41 << 30 // more than 4096 parts of 10 MiB
	for name, c := range map[string]struct {
		at, length int64
		found      bool
	}{
		"empty":                  {0, 0, false},
		"at the start":           {60 << 20, 1, true},
		"at the end":             {size - 60<<20, 1, true},
		"as long as a part":      {20<<30 + 12345, 12 << 20, true},
		"shorter, between parts": {20<<30 + 12345, 1, false},
	} {
		f, err := os.Create(filepath.Join(t.TempDir(), "disk"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := f.Truncate(size); err != nil {
			t.Fatal(err)
		}
		for n := int64(0); n < c.length; n += 4096 { // one byte of each block
			if _, err := f.WriteAt([]byte{1}, c.at+n); err != nil {
				t.Fatal(err)
			}
		}
		if at, err := blank.Find(f, blank.Span{End: size}, blank.Span{}); err != nil || at >= 0 != c.found {
			t.Errorf("%s: %d, %v", name, at, err)
		}
	}
}
