package layer

import (
	"context"
	"io"
	"math/rand"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/ocitest"
)

// discard is a sink that reads all content and keeps nothing.
type discard struct{ n int64 }

func (d *discard) Entry(e *system.Entry) (io.WriteCloser, error) {
	if e.Type == system.TypeFile {
		return d, nil
	}
	return nil, nil
}
func (d *discard) Write(b []byte) (int, error) { d.n += int64(len(b)); return len(b), nil }
func (d *discard) Close() error                { return nil }
func (d *discard) Finish() error               { return nil }

// mixed is n bytes that compress to about half, like programs.
func mixed(n int) string {
	b := make([]byte, n)
	r := rand.New(rand.NewSource(1))
	for i := 0; i < n; i += 64 {
		r.Read(b[i:min(i+32, n)])
	}
	return string(b)
}

// BenchmarkPass measures a pass over one layer of 64 files of 512 KiB, per
// compression, in bytes of the tar.
func BenchmarkPass(b *testing.B) {
	var es entries
	content := mixed(512 * kib)
	for i := range 64 {
		es = append(es, ocitest.File(string(rune('a'+i%26))+string(rune('a'+i/26)), content[i:]))
	}
	for name, c := range map[string]ocitest.Compression{"gzip": ocitest.Gzip, "zstd": ocitest.Zstd, "none": ocitest.None} {
		b.Run(name, func(b *testing.B) {
			img := imageOf(b, ocitest.Image{Layers: []ocitest.Layer{{Entries: es, Compression: c}}}.Build())
			b.SetBytes(64 * 512 * kib)
			b.ReportAllocs()
			for b.Loop() {
				if err := img.Pass(context.Background(), Options{}, &discard{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
