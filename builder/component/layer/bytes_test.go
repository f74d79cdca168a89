package layer

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/builder/system/sinktest"
	"github.com/seaworthy-os/seaworthy/internal/ocitest"
)

// The diff IDs of the config and the sizes of the manifest are verified too.
func TestWrongDigestsAndSizes(t *testing.T) {
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
		"not a tar":           {ocitest.Layer{Raw: bytes.Repeat([]byte("no tar "), 1000)}, system.ErrUnusable, "not a complete tar"},
		"tar cut short":       {ocitest.Layer{Raw: ocitest.Tar(entries{ocitest.File("a", "12345")})[:514]}, system.ErrUnusable, "not a complete tar"},
		"bytes after the tar": {ocitest.Layer{Raw: append(bytes.Clone(tar), tar...)}, system.ErrUnusable, "bytes after the end"},
		"not gzip":            {ocitest.Layer{Raw: []byte("no tar"), Compression: ocitest.None, MediaType: oci.TypeLayer + "+gzip"}, system.ErrUnusable, "cannot be decompressed"},
		"not zstd":            {ocitest.Layer{Raw: []byte("no tar"), Compression: ocitest.None, MediaType: oci.TypeLayer + "+zstd"}, system.ErrUnusable, "cannot be decompressed"},
		"compressed twice":    {ocitest.Layer{Raw: gzipOf(tar)}, system.ErrUnusable, "not a complete tar"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := runPass(t, ocitest.Image{Layers: []ocitest.Layer{c.layer}}.Build(), Options{})
			wantError(t, err, c.kind, c.says, "layer 0")
		})
	}
}

// If the media type is wrong, the bytes of a layer decide its compression.
func TestMislabelledLayer(t *testing.T) {
	tar := ocitest.Tar(entries{ocitest.File("a", "x")})
	for said, c := range map[string]ocitest.Compression{
		oci.TypeLayer: ocitest.Gzip, oci.TypeLayer + "+gzip": ocitest.Zstd, oci.TypeLayer + "+zstd": ocitest.None,
		oci.TypeDockerLayer + ".gzip": ocitest.None, oci.TypeDockerLayer: ocitest.Zstd,
	} {
		r, err := runPass(t, ocitest.Image{Layers: []ocitest.Layer{{Raw: tar, Compression: c, MediaType: said}}}.Build(), Options{})
		if err != nil {
			t.Fatalf("%s: %v", said, err)
		}
		ocitest.WantLines(t, r.Lines, `a file "x" @0`)
		none := "sha256:" + strings.Repeat("0", 64)
		_, err = runPass(t, ocitest.Image{Layers: []ocitest.Layer{{Raw: tar, Compression: c, MediaType: said, DiffID: none}}}.Build(), Options{})
		wantError(t, err, system.ErrMismatch, none)
	}
}

func gzipOf(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(b)
	w.Close()
	return out.Bytes()
}

// A foreign layer is read from the place of the image only.
func TestForeignLayer(t *testing.T) {
	for _, mediaType := range []string{oci.TypeForeign + "+gzip", oci.TypeDockerForeign + ".gzip"} {
		built := ocitest.Image{Layers: []ocitest.Layer{{Entries: entries{ocitest.File("a", "x")}, MediaType: mediaType}}}.Build()
		r, err := runPass(t, built, Options{})
		if err != nil {
			t.Fatal(err)
		}
		ocitest.WantLines(t, r.Lines, `a file "x" @0`)
		delete(built.Blobs, built.Layers[0][0])
		_, err = runPass(t, built, Options{})
		wantError(t, err, system.ErrUnusable, "not stored with the image", mediaType)
	}
}

// The limits are lowered, so that the test needs no gigabytes.
func TestLimits(t *testing.T) {
	zeros := strings.Repeat("\x00", 3*mib)
	for name, c := range map[string]struct {
		image ocitest.Image
		lower func(*Limits)
		says  string
	}{
		"gzip bomb":      {ocitest.ImageOf(entries{ocitest.File("a", zeros)}), func(l *Limits) { l.Free, l.Ratio = mib, 10 }, "inflate to more"},
		"zstd bomb":      {ocitest.Image{Layers: []ocitest.Layer{{Entries: entries{ocitest.File("a", zeros)}, Compression: ocitest.Zstd}}}, func(l *Limits) { l.Free, l.Ratio = mib, 10 }, "inflate to more"},
		"all layers":     {ocitest.ImageOf(entries{ocitest.File("a", zeros)}, entries{ocitest.File("b", zeros)}), func(l *Limits) { l.Inflated = 4 * mib }, "inflate to more"},
		"entries":        {ocitest.ImageOf(entries{ocitest.File("a", ""), ocitest.File("b", "")}, entries{ocitest.File("c", "")}), func(l *Limits) { l.Entries = 2 }, "more than 2 entries"},
		"nested entries": {ocitest.ImageOf(entries{ocitest.Tarball("k", ocitest.File("a", ""), ocitest.File("b", ""))}), func(l *Limits) { l.Entries = 2 }, "more than 2 entries"},
		"nested size":    {ocitest.ImageOf(entries{ocitest.Tarball("k")}), func(l *Limits) { l.Nested = 1000 }, "tarball has 1024 bytes"},
		"paths":          {ocitest.ImageOf(entries{ocitest.File("a/b/c/d/e", "")}), func(l *Limits) { l.Nodes = 4 }, "more than 4 paths"},
		"metadata":       {ocitest.ImageOf(entries{{Path: "a", Xattrs: map[string]string{"user.a": strings.Repeat("x", 100)}}}), func(l *Limits) { l.Metadata = 100 }, "more than 100 bytes of names"},
		"zstd window":    {ocitest.Image{Layers: []ocitest.Layer{{Entries: entries{ocitest.File("a", zeros)}, Compression: ocitest.Zstd}}}, func(l *Limits) { l.Window = 1024 }, "cannot be decompressed"},
	} {
		t.Run(name, func(t *testing.T) {
			img := imageOf(t, c.image.Build())
			c.lower(&img.Limits)
			err := img.Pass(context.Background(), Options{Nested: []string{"k"}}, sinktest.NewRecorder(t))
			wantError(t, err, system.ErrUnusable, c.says)
		})
	}
}

// A sparse file of a few bytes must not become gigabytes of zeros. The test makes
// GNU tar's form itself, since Go has no writer for it.
func TestSparse(t *testing.T) {
	tar := ocitest.Tar(entries{{Path: "a", Typeflag: 'S'}})
	_, err := runPass(t, ocitest.Image{Layers: []ocitest.Layer{{Raw: tar}}}.Build(), Options{})
	wantError(t, err, system.ErrUnusable, "layer 0")

	pax := paxTar("GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.name=a", "GNU.sparse.realsize=1099511627776")
	_, err = runPass(t, ocitest.Image{Layers: []ocitest.Layer{{Raw: pax}}}.Build(), Options{})
	wantError(t, err, system.ErrUnusable, "sparse")

	// A small sparse file is read with its holes.
	pax = paxTar("GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.name=a", "GNU.sparse.realsize=1000")
	r, err := runPass(t, ocitest.Image{Layers: []ocitest.Layer{{Raw: pax}}}.Build(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	ocitest.WantLines(t, r.Lines, `a file "1000 bytes" @0`)

	// The limit applies to all sparse files together.
	img := imageOf(t, ocitest.Image{Layers: []ocitest.Layer{{Raw: pax}, {Raw: pax}}}.Build())
	img.Limits.Sparse = 1999
	err = img.Pass(context.Background(), Options{}, sinktest.NewRecorder(t))
	wantError(t, err, system.ErrUnusable, "1999 bytes of sparse files")
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
		MediaType: oci.TypeLayer + "+gzip", DiffID: ocitest.Digest(tar)}}}.Build()
	r, err := runPass(t, built, Options{})
	if err != nil {
		t.Fatal(err)
	}
	ocitest.WantLines(t, r.Lines, `a file "5000 bytes" @0`)
}
