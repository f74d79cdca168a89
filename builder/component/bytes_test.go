package component

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/seaworthy-os/seaworthy/builder/component/ocitest"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// Bytes that are not what they should be are a mismatch, whatever they then do
// to inflating or to the tar; the error names the blob.
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
				fails(t, runVerify(t, built), system.ErrMismatch, bad, `"test/x:1"`)
				_, err := runPass(t, built, PassOptions{})
				fails(t, err, system.ErrMismatch, bad, "layer 0", c.says, `"test/x:1"`)
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
			fails(t, err, system.ErrMismatch, bad, "os.yml:3:5: ", `"test/x:1"`)
		})
	}
}

// The config's diff IDs and the manifest's sizes are promises too.
func TestWrongPromises(t *testing.T) {
	entry := entries{ocitest.File("a", "x")}
	none := "sha256:" + strings.Repeat("0", 64)
	tar := ocitest.Tar(entry)
	for name, c := range map[string]struct {
		layer ocitest.Layer
		kind  error
		says  string
	}{
		"diff ID":             {ocitest.Layer{Entries: entry, DiffID: none}, system.ErrMismatch, none},
		"diff ID, plain":      {ocitest.Layer{Entries: entry, DiffID: none, Compression: ocitest.None}, system.ErrMismatch, none},
		"size too small":      {ocitest.Layer{Entries: entry, Size: 5}, system.ErrMismatch, "longer than the 5 bytes"},
		"size too large":      {ocitest.Layer{Entries: entry, Size: 500000}, system.ErrMismatch, "cut short"},
		"not a tar":           {ocitest.Layer{Raw: bytes.Repeat([]byte("no tar "), 1000)}, system.ErrUnusable, "not a whole tar"},
		"tar cut short":       {ocitest.Layer{Raw: ocitest.Tar(entries{ocitest.File("a", "12345")})[:514]}, system.ErrUnusable, "not a whole tar"},
		"bytes after the tar": {ocitest.Layer{Raw: append(bytes.Clone(tar), tar...)}, system.ErrUnusable, "bytes follow"},
		"not gzip":            {ocitest.Layer{Raw: []byte("no tar"), Compression: ocitest.None, MediaType: typeOCILayer + "+gzip"}, system.ErrUnusable, "cannot be decompressed"},
		"not zstd":            {ocitest.Layer{Raw: []byte("no tar"), Compression: ocitest.None, MediaType: typeOCILayer + "+zstd"}, system.ErrUnusable, "cannot be decompressed"},
		"compressed twice":    {ocitest.Layer{Raw: gzipOf(tar)}, system.ErrUnusable, "not a whole tar"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := runPass(t, ocitest.Image{Layers: []ocitest.Layer{c.layer}}.Build(), PassOptions{})
			fails(t, err, c.kind, c.says, "layer 0")
		})
	}
}

// The bytes of a layer say how it is compressed, where its media type is wrong.
func TestMislabelledLayer(t *testing.T) {
	tar := ocitest.Tar(entries{ocitest.File("a", "x")})
	for said, c := range map[string]ocitest.Compression{
		typeOCILayer: ocitest.Gzip, typeOCILayer + "+gzip": ocitest.Zstd, typeOCILayer + "+zstd": ocitest.None,
		typeDockerLayer + ".gzip": ocitest.None, typeDockerLayer: ocitest.Zstd,
	} {
		r, err := runPass(t, ocitest.Image{Layers: []ocitest.Layer{{Raw: tar, Compression: c, MediaType: said}}}.Build(), PassOptions{})
		if err != nil {
			t.Fatalf("%s: %v", said, err)
		}
		same(t, r.lines, `a file "x" @0`)
		none := "sha256:" + strings.Repeat("0", 64)
		_, err = runPass(t, ocitest.Image{Layers: []ocitest.Layer{{Raw: tar, Compression: c, MediaType: said, DiffID: none}}}.Build(), PassOptions{})
		fails(t, err, system.ErrMismatch, none)
	}
}

func gzipOf(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(b)
	w.Close()
	return out.Bytes()
}

// A layer that registries may leave out is taken where it is, and nowhere else.
func TestForeignLayer(t *testing.T) {
	for _, mediaType := range []string{typeOCIForeign + "+gzip", typeDockerForeign + ".gzip"} {
		built := ocitest.Image{Layers: []ocitest.Layer{{Entries: entries{ocitest.File("a", "x")}, MediaType: mediaType}}}.Build()
		r, err := runPass(t, built, PassOptions{})
		if err != nil {
			t.Fatal(err)
		}
		same(t, r.lines, `a file "x" @0`)
		delete(built.Blobs, built.Layers[0][0])
		_, err = runPass(t, built, PassOptions{})
		fails(t, err, system.ErrUnusable, "kept elsewhere", mediaType)
	}
}

// Limits hold without a test that takes gigabytes: they are lowered.
func TestLimits(t *testing.T) {
	zeros := strings.Repeat("\x00", 3*mib)
	for name, c := range map[string]struct {
		image ocitest.Image
		lower func(*limits)
		says  string
	}{
		"gzip bomb":      {layers(entries{ocitest.File("a", zeros)}), func(l *limits) { l.free, l.ratio = mib, 10 }, "inflate to more"},
		"zstd bomb":      {ocitest.Image{Layers: []ocitest.Layer{{Entries: entries{ocitest.File("a", zeros)}, Compression: ocitest.Zstd}}}, func(l *limits) { l.free, l.ratio = mib, 10 }, "inflate to more"},
		"all layers":     {layers(entries{ocitest.File("a", zeros)}, entries{ocitest.File("b", zeros)}), func(l *limits) { l.inflated = 4 * mib }, "inflate to more"},
		"entries":        {layers(entries{ocitest.File("a", ""), ocitest.File("b", "")}, entries{ocitest.File("c", "")}), func(l *limits) { l.entries = 2 }, "more than 2 entries"},
		"nested entries": {layers(entries{ocitest.Tarball("k", ocitest.File("a", ""), ocitest.File("b", ""))}), func(l *limits) { l.entries = 2 }, "more than 2 entries"},
		"nested size":    {layers(entries{ocitest.Tarball("k")}), func(l *limits) { l.nested = 1000 }, "tarball of 1024 bytes"},
		"paths":          {layers(entries{ocitest.File("a/b/c/d/e", "")}), func(l *limits) { l.nodes = 4 }, "more than 4 paths"},
		"metadata":       {layers(entries{{Path: "a", Xattrs: map[string]string{"user.a": strings.Repeat("x", 100)}}}), func(l *limits) { l.metadata = 100 }, "more than 100 bytes of names"},
		"zstd window":    {ocitest.Image{Layers: []ocitest.Layer{{Entries: entries{ocitest.File("a", zeros)}, Compression: ocitest.Zstd}}}, func(l *limits) { l.window = 1024 }, "cannot be decompressed"},
	} {
		t.Run(name, func(t *testing.T) {
			s := storeOf(t, c.image.Build(), Options{})
			c.lower(&s.limits)
			r := newRecorder(t)
			err := s.Pass(context.Background(), find(t, s, "test/x:1"), PassOptions{Nested: []string{"k"}}, r)
			fails(t, err, system.ErrUnusable, c.says)
		})
	}
	t.Run("manifest", func(t *testing.T) {
		s := storeOf(t, layers(nil).Build(), Options{})
		s.limits.manifest = 50
		_, err := s.Find(context.Background(), "test/x:1", system.Position{})
		fails(t, err, system.ErrUnusable, "the limit is 50")
	})
	t.Run("layers", func(t *testing.T) {
		s := storeOf(t, layers(nil, nil, nil).Build(), Options{})
		s.limits.layers = 2
		_, err := s.Find(context.Background(), "test/x:1", system.Position{})
		fails(t, err, system.ErrUnusable, "3 layers")
	})
	t.Run("index", func(t *testing.T) {
		s := storeOf(t, ocitest.Index{layers(nil), layers(nil)}.Build(), Options{})
		s.limits.manifests = 1
		_, err := s.Find(context.Background(), "test/x:1", system.Position{})
		fails(t, err, system.ErrUnusable, "2 entries")
	})
}

// A sparse file of a few bytes must not become gigabytes of zeros: GNU tar's
// own form, made here by hand, since no writer of Go's makes one.
func TestSparse(t *testing.T) {
	tar := ocitest.Tar(entries{{Path: "a", Typeflag: 'S'}})
	_, err := runPass(t, ocitest.Image{Layers: []ocitest.Layer{{Raw: tar}}}.Build(), PassOptions{})
	fails(t, err, system.ErrUnusable, "layer 0")

	pax := paxTar("GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.name=a", "GNU.sparse.realsize=1099511627776")
	_, err = runPass(t, ocitest.Image{Layers: []ocitest.Layer{{Raw: pax}}}.Build(), PassOptions{})
	fails(t, err, system.ErrUnusable, "sparse")

	// One of a usual size is what it was before its holes were left out.
	pax = paxTar("GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.name=a", "GNU.sparse.realsize=1000")
	r, err := runPass(t, ocitest.Image{Layers: []ocitest.Layer{{Raw: pax}}}.Build(), PassOptions{})
	if err != nil {
		t.Fatal(err)
	}
	same(t, r.lines, `a file "1000 bytes" @0`)

	// Many are bounded together.
	s := storeOf(t, ocitest.Image{Layers: []ocitest.Layer{{Raw: pax}, {Raw: pax}}}.Build(), Options{})
	s.limits.sparse = 1999
	err = s.Pass(context.Background(), find(t, s, "test/x:1"), PassOptions{}, newRecorder(t))
	fails(t, err, system.ErrUnusable, "1999 bytes of sparse files")
}

// paxTar is a tar of one file, "x", with these PAX records.
func paxTar(records ...string) []byte {
	var body string
	for _, r := range records {
		n := len(r) + 4 // two digits, blank, newline
		body += string([]byte{byte('0' + n/10), byte('0' + n%10)}) + " " + r + "\n"
	}
	data := "1\n0\n512\n" + strings.Repeat("\x00", 504) + strings.Repeat("d", 512)
	head := ocitest.Tar(entries{ocitest.File("PaxHeader", body)})
	head = head[:len(head)-1024] // no end yet
	head[156] = 'x'
	copy(head[148:156], "        ")
	sum := 0
	for _, b := range head[:512] {
		sum += int(b)
	}
	copy(head[148:156], fmt.Sprintf("%06o\x00 ", sum))
	return append(head, ocitest.Tar(entries{ocitest.File("x", data)})...)
}

// Several gzip members, as parallel compressors write, are one layer.
func TestGzipMembers(t *testing.T) {
	tar := ocitest.Tar(entries{ocitest.File("a", strings.Repeat("x", 5000))})
	var b bytes.Buffer
	for _, part := range [][]byte{tar[:700], tar[700:]} {
		w := gzip.NewWriter(&b)
		if _, err := w.Write(part); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	built := ocitest.Image{Layers: []ocitest.Layer{{Raw: b.Bytes(), Compression: ocitest.None,
		MediaType: typeOCILayer + "+gzip", DiffID: ocitest.Digest(tar)}}}.Build()
	r, err := runPass(t, built, PassOptions{})
	if err != nil {
		t.Fatal(err)
	}
	same(t, r.lines, `a file "5000 bytes" @0`)
}

func TestBlobAndContents(t *testing.T) {
	arm := layers(entries{ocitest.File("arm", "x")})
	arm.Arch, arm.Variant = "arm64", "v8"
	amd := layers(entries{ocitest.File("amd", "x")})
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
	if _, err := read(built.Layers[1][0]); err == nil || !strings.Contains(err.Error(), "not part of it") {
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
