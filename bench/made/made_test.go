package made

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"github.com/klauspost/compress/gzip"
)

// A benchmark of an invalid image would measure nothing.
func TestLayoutIsValid(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := WriteLayout(dir, Bulk{Name: "a", Files: 250, Bytes: 1 << 20, Seed: 1, Init: true, Packages: 3}, Bulk{Name: "b", Bytes: 1 << 20, Seed: 2, Kernel: true}); err != nil {
		t.Fatal(err)
	}
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	m, err := index.IndexManifest()
	if err != nil || len(m.Manifests) != 2 {
		t.Fatalf("%+v, %v", m, err)
	}
	for _, d := range m.Manifests {
		img, err := index.Image(d.Digest)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate.Image(img); err != nil {
			t.Error(err)
		}
	}
}

func TestLayoutIsReproducible(t *testing.T) {
	t.Parallel()
	var got [2][]byte
	for i := range got {
		dir := t.TempDir()
		if err := WriteLayout(dir, Bulk{Name: "a", Files: 20, Bytes: 1 << 18, Seed: 1}); err != nil {
			t.Fatal(err)
		}
		var err error
		if got[i], err = os.ReadFile(filepath.Join(dir, "index.json")); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(got[0], got[1]) {
		t.Errorf("%s\n%s", got[0], got[1])
	}
}

func TestContentCompressesAsProgramsDo(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	const size = 4 << 20
	if _, err := io.CopyN(w, newContent(7), size); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if ratio := float64(size) / float64(b.Len()); ratio < 2 || ratio > 4 {
		t.Errorf("compresses to 1/%.2f", ratio)
	}
}
