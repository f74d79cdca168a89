package component

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/ocitest"
)

// Wrong bytes are a mismatch, even if they also break decompression or the tar. The
// error names the blob.
func TestWrongBytes(t *testing.T) {
	content := strings.Repeat("some text that compresses, ", 4000)
	make2 := func(c ocitest.Compression) ocitest.Image {
		return ocitest.Image{Layers: []ocitest.Layer{
			{Entries: entries{ocitest.File("a", content)}, Compression: c},
			{Entries: entries{ocitest.File("b", content+"!")}, Compression: c},
		}}
	}
	type change func(*ocitest.Built, string)
	swap := func(b *ocitest.Built, d string) { b.Swap(d) }
	cut := func(b *ocitest.Built, d string) { b.Truncate(d, 10) }
	longer := func(b *ocitest.Built, d string) { b.Blobs[d] = append(bytes.Clone(b.Blobs[d]), make([]byte, 3)...) }
	other := func(b *ocitest.Built, d string) { b.Blobs[d] = b.Blobs[b.Layers[0][1]] }
	for _, comp := range []ocitest.Compression{ocitest.Gzip, ocitest.Zstd, ocitest.None} {
		for name, c := range map[string]struct {
			change change
			says   string
		}{
			"swapped bytes": {swap, "digest"}, "truncated": {cut, "cut short"},
			"longer": {longer, "longer than"}, "another blob": {other, ""},
		} {
			t.Run(string(comp)+name, func(t *testing.T) {
				built := make2(comp).Build()
				bad := built.Layers[0][0]
				if err := runVerify(t, built); err != nil {
					t.Errorf("verify: %v", err)
				}
				c.change(built, bad)
				wantError(t, runVerify(t, built), system.ErrMismatch, bad, `"test/x:1"`)
				_, err := runPass(t, built, PassOptions{})
				wantError(t, err, system.ErrMismatch, bad, "layer 0", c.says, `"test/x:1"`)
			})
		}
	}
	for name, c := range map[string]struct {
		of   func(*ocitest.Built) string
		what change
	}{
		"manifest swapped":   {func(b *ocitest.Built) string { return b.Manifests[0] }, swap},
		"manifest truncated": {func(b *ocitest.Built) string { return b.Manifests[0] }, cut},
		"config swapped":     {func(b *ocitest.Built) string { return b.Configs[0] }, swap},
		"config longer":      {func(b *ocitest.Built) string { return b.Configs[0] }, longer},
		"index swapped":      {func(b *ocitest.Built) string { return b.Root.Digest }, swap},
	} {
		t.Run(name, func(t *testing.T) {
			built := ocitest.Index{make2(ocitest.Gzip)}.Build()
			bad := c.of(built)
			c.what(built, bad)
			_, err := storeOf(t, built, Options{}).Find(context.Background(), "test/x:1", system.Position{File: "os.yml", Line: 3, Column: 5})
			wantError(t, err, system.ErrMismatch, bad, "os.yml:3:5: ", `"test/x:1"`)
		})
	}
}

// The limits are lowered, so that the test needs no gigabytes.
func TestLimits(t *testing.T) {
	t.Run("manifest", func(t *testing.T) {
		s := storeOf(t, ocitest.ImageOf(nil).Build(), Options{})
		s.limits.manifest = 50
		_, err := s.Find(context.Background(), "test/x:1", system.Position{})
		wantError(t, err, system.ErrUnusable, "the limit is 50")
	})
	t.Run("layers", func(t *testing.T) {
		s := storeOf(t, ocitest.ImageOf(nil, nil, nil).Build(), Options{})
		s.limits.layers = 2
		_, err := s.Find(context.Background(), "test/x:1", system.Position{})
		wantError(t, err, system.ErrUnusable, "3 layers")
	})
	t.Run("index", func(t *testing.T) {
		s := storeOf(t, ocitest.Index{ocitest.ImageOf(nil), ocitest.ImageOf(nil)}.Build(), Options{})
		s.limits.manifests = 1
		_, err := s.Find(context.Background(), "test/x:1", system.Position{})
		wantError(t, err, system.ErrUnusable, "2 entries")
	})
}

func TestBlobAndContents(t *testing.T) {
	arm := ocitest.ImageOf(entries{ocitest.File("arm", "x")})
	arm.Arch, arm.Variant = "arm64", "v8"
	amd := ocitest.ImageOf(entries{ocitest.File("amd", "x")})
	built := ocitest.Index{amd, arm}.Build()
	dir := filepath.Join(t.TempDir(), "l")
	ocitest.WriteLayout(t, dir, ocitest.Ref{Name: "x", Built: built})
	s := open(t, Options{Paths: []string{dir}, Offline: true})
	img := find(t, s, "x")
	ctx := context.Background()

	read := func(digest string) ([]byte, error) {
		rc, err := s.Blob(ctx, img, digest)
		if err != nil {
			return nil, err
		}
		defer rc.Close()
		return io.ReadAll(rc)
	}
	if _, err := read(built.Layers[1][0]); err == nil || !strings.Contains(err.Error(), "not part of the image") {
		t.Errorf("another platform's layer: %v", err)
	}
	for want, platforms := range map[int][]string{7: nil, 4: {"linux/arm64"}, 5: {"linux/arm64/v8", "linux/amd64"}} {
		ds, err := s.Contents(ctx, img, platforms)
		if err != nil {
			t.Fatal(err)
		}
		if want == 5 {
			want = 7
		}
		if len(ds) != want || ds[0].Digest != built.Root.Digest {
			t.Errorf("%v: %d blobs: %v", platforms, len(ds), ds)
		}
		for _, d := range ds {
			b, err := read(d.Digest)
			if err != nil || int64(len(b)) != d.Size || !bytes.Equal(b, built.Blobs[d.Digest]) {
				t.Errorf("%s: %d bytes, %v", d.Digest, len(b), err)
			}
		}
	}
	if _, err := s.Contents(ctx, img, []string{"linux/riscv64"}); err == nil || !strings.Contains(err.Error(), "linux/amd64, linux/arm64/v8") {
		t.Errorf("missing platform: %v", err)
	}
	layer := built.Layers[0][0]
	file := filepath.Join(dir, filepath.FromSlash(blobPath(layer)))
	if err := os.WriteFile(file, append(bytes.Clone(built.Blobs[layer][1:]), 0), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := read(layer); err == nil || !strings.Contains(err.Error(), "has the digest") {
		t.Errorf("swapped blob: %v", err)
	}
}
