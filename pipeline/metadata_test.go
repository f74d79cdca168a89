package pipeline_test

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/u-root/u-root/pkg/cpio"

	"github.com/seaworthy-os/seaworthy/builder"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/ocitest"
	"github.com/seaworthy-os/seaworthy/pipeline"
	"github.com/seaworthy-os/seaworthy/policy"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// kin is the metadata of a file, which must be the same in all outputs.
type kin struct {
	typ      string
	mode     uint32
	uid, gid int
	text     string
}

// TestSameMetadata builds systems of random layers: hard links whose headers differ
// from their files, links to folders, whiteouts, duplicate paths. Facts, tar and
// initrd must agree on every file.
func TestSameMetadata(t *testing.T) {
	t.Parallel()
	seen := 0
	for seed := range int64(12) {
		dir := t.TempDir()
		r := rand.New(rand.NewSource(seed))
		var modules []ocitest.Entry
		modules = append(modules, ocitest.Dir("lib"))
		// If /lib of the init image is a link, the modules are written to its target.
		initImage, lib := tangled(r, "opt/"), "lib/"
		if seed%2 == 1 {
			lib = "usr/lib/"
			initImage.Layers[0].Entries = append(initImage.Layers[0].Entries, ocitest.Dir("usr"), ocitest.Dir("usr/lib"), ocitest.Symlink("lib", "usr/lib"))
		}
		modules = append(modules, noWhiteouts(tangle(r, "lib/"))...)
		a, b := tangled(r, ""), tangled(r, "usr/")
		if seed%3 == 1 { // large enough to be separate parts of the image
			for _, img := range []*ocitest.Image{&a, &b} {
				img.Layers[0].Entries = append(img.Layers[0].Entries, ocitest.File("noise", noise(r)))
			}
		}
		ocitest.WriteLayout(t, filepath.Join(dir, "images"),
			ocitest.Named("test/kernel:1", image(nil, ocitest.File("kernel", "K"), ocitest.File("config", "CONFIG_RD_ZSTD=y\n"), ocitest.Tarball("kernel.tar", modules...))),
			ocitest.Named("test/init:1", initImage), ocitest.Named("test/data:1", tangled(r, "")),
			ocitest.Named("test/a:1", a), ocitest.Named("test/b:1", b))
		const text = `kernel: {image: "test/kernel:1", cmdline: quiet}
init: ["test/init:1"]
volumes: [{name: data, image: "test/data:1"}]
onboot: [{name: a, image: "test/a:1", command: [x]}]
services: [{name: b, image: "test/b:1", command: [x], readonly: true}]
`
		if err := os.WriteFile(filepath.Join(dir, "os.yml"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		built, err := pipeline.Build(context.Background(), pipeline.BuildOptions{
			CheckOptions: pipeline.CheckOptions{
				Resolve: builder.Options{Files: []string{filepath.Join(dir, "os.yml")}, Arch: "amd64", Components: []string{filepath.Join(dir, "images")}, Offline: true, TempDir: t.TempDir()},
				Policy:  policy.Options{Policy: "../cmd/seaworthy/testdata/policy", FailOn: "none", Now: time.Unix(0, 0).UTC(), Tool: decision.Tool{Name: "seaworthy", Version: "test"}},
				Time:    time.Unix(0, 0).UTC(),
			},
			Formats: []string{"tar", "kernel+initrd"}, OutputDir: filepath.Join(dir, "out"), Version: "test",
		})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		inTar, inInitrd := readTar(t, filepath.Join(dir, "out", "os.tar")), readInitrd(t, filepath.Join(dir, "out", "os-initrd.img"))
		for p, a := range inTar {
			if b, ok := inInitrd[p]; !strings.HasPrefix(p, "boot/") && (!ok || a != b) {
				t.Errorf("seed %d: /%s: %+v in the tar, %+v in the initrd", seed, p, a, b)
			}
		}
		for p := range inInitrd {
			// A tar can leave out the folders above a file.
			if _, ok := inTar[p]; !ok && !above(p, inTar) {
				t.Errorf("seed %d: /%s is only in the initrd", seed, p)
			}
		}
		for _, c := range built.OS.Components {
			seen += agree(t, seed, c, built.Facts, inTar, lib)
		}
	}
	if seen < 100 {
		t.Errorf("the facts list only %d files", seen)
	}
}

// above reports whether p is a folder above a file of the tar.
func above[V any](p string, files map[string]V) bool {
	for f := range files {
		if strings.HasPrefix(f, p+"/") {
			return true
		}
	}
	return false
}

// noise is random data that stays larger than the limit for a separate part after
// compression.
func noise(r *rand.Rand) string {
	b := make([]byte, 2<<20+1)
	r.Read(b)
	return string(b)
}

// agree compares the facts of a component with its written files, and returns the
// number of listed files. lib is the folder of the kernel's modules.
func agree(t *testing.T, seed int64, c *system.Component, f *facts.Facts, written map[string]kin, lib string) (n int) {
	t.Helper()
	for _, found := range f.Components {
		if found.ID != c.ID() {
			continue
		}
		listed := map[string]kin{}
		for _, list := range [][]facts.Obj{found.Files.SetID, found.Files.WorldWritable} {
			for _, o := range list {
				p := path.Join(c.FilesDir, strings.TrimPrefix(strings.Replace(o.Path, "/kernel.tar!/lib/", lib, 1), "/"))
				var mode uint32
				fmt.Sscanf(o.Mode, "%o", &mode)
				listed[p] = kin{mode: mode, uid: o.UID, gid: o.GID}
				n++
				if w, ok := written[p]; !ok || w.mode != mode || w.uid != o.UID || w.gid != o.GID {
					t.Errorf("seed %d: %s: facts have %+v for /%s, but the output has %+v", seed, c.ID(), listed[p], p, w)
				}
			}
		}
		inside := c.FilesDir + "/"
		switch c.Section {
		case system.SectionKernel:
			inside = lib
		case system.SectionInit:
			inside = "opt/"
		}
		for p, w := range written {
			if _, ok := listed[p]; strings.HasPrefix(p, inside) && w.typ == "file" && w.mode&0o6002 != 0 && !ok {
				t.Errorf("seed %d: %s: facts do not list /%s, which the output has as %+v", seed, c.ID(), p, w)
			}
		}
	}
	return n
}

// tangled returns an image of a few layers.
func tangled(r *rand.Rand, root string) ocitest.Image {
	img := ocitest.Image{}
	for range 1 + r.Intn(3) {
		img.Layers = append(img.Layers, ocitest.Layer{Entries: tangle(r, root)})
	}
	return img
}

// tangle returns entries below root. Files and folders have distinct names, so no
// path leads through a file. A hard link names a file of its own layer.
func tangle(r *rand.Rand, root string) (out []ocitest.Entry) {
	modes := []uint32{0o644, 0o755, 0o4755, 0o2755, 0o666, 0o600, 0o6777}
	dirs := []string{"d", "e", "d/f"}
	var files []string
	for range 4 + r.Intn(12) {
		dir := dirs[r.Intn(len(dirs))]
		p := root + dir + "/" + string(rune('x'+r.Intn(3)))
		mode, id := modes[r.Intn(len(modes))], r.Intn(3)
		switch r.Intn(9) {
		case 0, 1, 2:
			out = append(out, ocitest.Entry{Path: p, Mode: mode, UID: id, GID: id, Content: fmt.Sprint(r.Intn(100))})
			files = append(files, p)
		case 3, 4, 5:
			if to := root + "n/" + fmt.Sprint(len(out)); len(files) > 0 {
				out = append(out, ocitest.Entry{Path: to, Type: tar.TypeLink, Mode: mode, UID: id, Link: files[r.Intn(len(files))]})
			}
		case 6:
			out = append(out, ocitest.Symlink(root+"l"+fmt.Sprint(r.Intn(2)), dir))
		case 7:
			if q := root + "l" + fmt.Sprint(r.Intn(2)) + "/y"; len(out) > 0 {
				out = append(out, ocitest.Entry{Path: q, Mode: mode, UID: id, Content: "by a link"})
			}
		default:
			if len(files) == 0 {
				out = append(out, ocitest.Whiteout(p))
			}
		}
	}
	return out
}

func noWhiteouts(entries []ocitest.Entry) (out []ocitest.Entry) {
	for _, e := range entries {
		if !strings.Contains(e.Path, ".wh.") {
			out = append(out, e)
		}
	}
	return out
}

func readTar(t *testing.T, file string) map[string]kin {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := map[string]kin{}
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(r)
		k := kin{"file", uint32(h.Mode), h.Uid, h.Gid, string(text)}
		switch h.Typeflag {
		case tar.TypeDir:
			k.typ = "dir"
		case tar.TypeSymlink:
			k.typ, k.text = "symlink", h.Linkname
		case tar.TypeLink:
			to := out[h.Linkname]
			k.text = to.text
			if k != to {
				t.Errorf("%s: %+v, but its file %s is %+v", h.Name, k, h.Linkname, to)
			}
		}
		out[strings.TrimSuffix(h.Name, "/")] = k
	}
}

func readInitrd(t *testing.T, file string) map[string]kin {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var z io.Reader
	if bytes.HasPrefix(raw, []byte{0x1f, 0x8b}) {
		z, err = gzip.NewReader(bytes.NewReader(raw))
	} else {
		z, err = zstd.NewReader(bytes.NewReader(raw))
	}
	if err != nil {
		t.Fatal(err)
	}
	if raw, err = io.ReadAll(z); err != nil {
		t.Fatal(err)
	}
	records, err := cpio.ReadAllRecords(cpio.Newc.Reader(bytes.NewReader(raw)))
	if err != nil {
		t.Fatal(err)
	}
	texts := map[[3]uint64]string{}
	out := map[string]kin{}
	for _, rec := range records {
		text, err := io.ReadAll(io.NewSectionReader(rec, 0, int64(rec.FileSize)))
		if err != nil {
			t.Fatal(err)
		}
		number := [3]uint64{rec.Major, rec.Minor, rec.Ino}
		if rec.NLink > 1 && len(text) == 0 {
			text = []byte(texts[number])
		}
		texts[number] = string(text)
		k := kin{"file", uint32(rec.Mode & 0o7777), int(rec.UID), int(rec.GID), string(text)}
		switch rec.Mode & 0o170000 {
		case 0o040000:
			k.typ, k.text = "dir", ""
		case 0o120000:
			k.typ = "symlink"
		}
		out[rec.Name] = k
	}
	return out
}
