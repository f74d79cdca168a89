package pipeline_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/seaworthy-os/seaworthy/builder"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/ocitest"
	"github.com/seaworthy-os/seaworthy/internal/whence"
	"github.com/seaworthy-os/seaworthy/pipeline"
	"github.com/seaworthy-os/seaworthy/policy"
)

// insideYML has everything that makes the tree differ from the images: init images
// that replace each other's files, a folder that is a link elsewhere, files and volumes
// of os.yml, a shared image, links to files that the builder replaces.
const insideYML = `kernel: {image: "test/kernel:1", ucode: ucode.cpio}
init: ["test/init:1", "test/more:1"]
onboot:
  - {name: setup, image: "test/tool:1"}
services:
  - {name: web, image: "test/web:1", readonly: true, binds: ["data:/data"]}
  - {name: again, image: "test/web:1"}
volumes:
  - {name: data, image: "test/tool:1"}
  - {name: blank}
  - {name: store, image: "test/tool:1", format: oci}
files:
  - {path: etc/motd, contents: "hello\n"}
  - {path: etc/copied, source: copied}
  - {path: bin/more, contents: "more"}
  - {path: containers/volumes/data/lower/etc/added, contents: "added"}
  - {path: containers/volumes/data/lower/bin/tool, contents: "replaced"}
`

func writeInside(t *testing.T, dir string) {
	t.Helper()
	writeSystem(t, dir)
	for name, text := range map[string]string{"os.yml": insideYML, "copied": "copied\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ocitest.WriteLayout(t, filepath.Join(dir, "images"),
		ocitest.Named("test/kernel:1", image(nil, ocitest.File("kernel", "kernel"), ocitest.File("ucode.cpio", "ucode"), ocitest.File("config", kernelConfig(many...)),
			ocitest.Tarball("kernel.tar", ocitest.Dir("lib"), ocitest.Dir("lib/modules"), ocitest.File("lib/modules/6.1.0/modules.dep", "a:\n")))),
		ocitest.Named("test/init:1", image(nil, ocitest.Exec("init", "#!"), ocitest.File("etc/issue", "first"), ocitest.File("etc/hosts", "mine"),
			ocitest.Dir("usr"), ocitest.Dir("usr/lib"), ocitest.Symlink("lib", "usr/lib"), ocitest.File("usr/lib/tab\tand\nline", "odd"))),
		ocitest.Named("test/more:1", image(nil, ocitest.File("etc/issue", "second"), ocitest.Hardlink("etc/issue.net", "etc/issue"), ocitest.File("Dockerfile", "left out"))),
		ocitest.Named("test/tool:1", image([]string{"/bin/tool"}, ocitest.Exec("bin/tool", "#!"), ocitest.File("etc/hosts", "mine"), ocitest.Hardlink("etc/names", "etc/hosts"))),
		ocitest.Named("test/web:1", ocitest.Image{
			Config: ocitest.Config{Entrypoint: []string{"/web"}},
			Layers: []ocitest.Layer{
				{Entries: []ocitest.Entry{ocitest.Exec("web", "old"), ocitest.File("gone", "gone"), ocitest.File("var/lib/dpkg/status",
					"Package: web\nStatus: install ok installed\nVersion: 1.0-1\nArchitecture: amd64\nMaintainer: a <a@example.org>\n\n"),
					ocitest.File("var/lib/dpkg/info/web.list", "/.\n/web\n"), ocitest.File("var/lib/dpkg/info/web.md5sums", "d41d8cd98f00b204e9800998ecf8427e  web\n")}},
				{Entries: []ocitest.Entry{ocitest.Whiteout("gone"), ocitest.Exec("web", "new"), ocitest.File("empty", "")}},
			}}))
}

// buildInside builds the system as a tar, and returns the tar.
func buildInside(t *testing.T, dir string, without bool) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out")
	built, err := pipeline.Build(t.Context(), pipeline.BuildOptions{
		CheckOptions: pipeline.CheckOptions{
			Resolve: builder.Options{Files: []string{filepath.Join(dir, "os.yml")}, Arch: "amd64", Components: []string{filepath.Join(dir, "images")}, Offline: true, Jobs: 2},
			Policy:  policy.Options{Policy: filepath.Join(dir, "policy"), FailOn: policy.FailOnNone, Now: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)},
			Time:    time.Unix(0, 0).UTC(), NoSBOM: without,
		},
		Formats: []string{"tar"}, OutputDir: out,
	})
	if err != nil || built.Denied {
		t.Fatalf("%v", err)
	}
	b, err := os.ReadFile(filepath.Join(out, "os.tar"))
	if err != nil {
		t.Fatal(err)
	}
	spdx, err := os.ReadFile(filepath.Join(out, "sbom", "os.spdx.json"))
	if err != nil {
		t.Fatal(err)
	}
	if inside := untar(t, b)["usr/share/sbom/os.spdx.json.zst"]; !without {
		d, err := zstd.NewReader(nil)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		if got, err := d.DecodeAll(inside, nil); err != nil || !bytes.Equal(got, spdx) {
			t.Errorf("the SBOM inside is not that of the system: %v", err)
		}
	}
	return b
}

// untar returns the regular files of a tar, with hard links as files.
func untar(t *testing.T, b []byte) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for r := tar.NewReader(bytes.NewReader(b)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		switch h.Typeflag {
		case tar.TypeReg:
			if out[h.Name], err = io.ReadAll(r); err != nil {
				t.Fatal(err)
			}
		case tar.TypeLink:
			out[h.Name] = out[h.Linkname]
		case tar.TypeDir:
			if h.Name == "usr/share/" {
				t.Error("the archive has a folder that LinuxKit's does not have")
			}
		}
	}
}

// The index has each file of the tree, with its digest, and no other file.
func TestIndexIsTheTree(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeInside(t, dir)
	files := untar(t, buildInside(t, dir, false))
	index := files[whence.Path]
	if n := bytes.Count(index, []byte("\n=")); n != len(files)-1 {
		t.Errorf("the index has %d files, and the tree has %d", n, len(files)-1)
	}
	origin := func(path string) *whence.Origin {
		_, o, err := whence.Find(bytes.NewReader(index), path)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	for path, content := range files {
		if path == whence.Path {
			continue
		}
		if o := origin(path); o == nil || o.File.Digest != sha256.Sum256(content) {
			t.Errorf("%q: %+v", path, o)
		}
	}
	for path, want := range map[string]struct {
		component, pkg string
		layer          int
	}{
		"init":                                 {"init/000", "", 1},
		"etc/issue":                            {"init/001", "", 1},
		"etc/issue.net":                        {"init/001", "", 1},
		"etc/motd":                             {"files", "", 0},
		"etc/hosts":                            {"builder", "", 0},
		"boot/kernel":                          {"kernel", "linux-kernel", 1},
		"boot/ucode.cpio":                      {"kernel", "", 1},
		"boot/cmdline":                         {"builder", "", 0},
		"containers/services/web/rootfs/web":   {"services/web", "web", 2},
		"containers/services/web/rootfs/empty": {"services/web", "", 2},
		"containers/services/web/rootfs/var/lib/dpkg/status": {"services/web", "", 1},
		"containers/services/web/config.json":                {"builder", "", 0},
		"containers/services/again/config.json":              {"builder", "", 0},
		"containers/volumes/data/lower/etc/added":            {"files", "", 0},
		"containers/volumes/data/lower/bin/tool":             {"files", "", 0},
		"containers/onboot/000-setup/lower/etc/names":        {"onboot/setup", "", 1},
	} {
		o := origin(path)
		if o == nil {
			t.Errorf("%s is not in the index", path)
			continue
		}
		pkg := ""
		if o.Package != nil {
			pkg = o.Package.Name
		}
		if o.Component.ID != want.component || pkg != want.pkg || o.Number != want.layer {
			t.Errorf("%s: %s, package %q, layer %d; want %+v", path, o.Component.ID, pkg, o.Number, want)
		}
	}
}

// Without the SBOM, the image has neither file.
func TestNoSBOMInside(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeInside(t, dir)
	for path := range untar(t, buildInside(t, dir, true)) {
		if strings.HasPrefix(path, "usr/share/sbom") {
			t.Errorf("the image has %s", path)
		}
	}
}

// No image and no file of os.yml can write the index, or lead its folder elsewhere.
func TestIndexIsReserved(t *testing.T) {
	t.Parallel()
	for want, entry := range map[string]ocitest.Entry{
		"only the builder can write there":       ocitest.File(whence.Path, "fake"),
		"so the SBOM cannot be written below it": ocitest.Symlink("usr/share", "../etc"),
		"has already written it":                 ocitest.File("usr/share/sbom/os.spdx.json.zst", "fake"),
	} {
		dir := t.TempDir()
		writeInside(t, dir)
		ocitest.WriteLayout(t, filepath.Join(dir, "more"), ocitest.Named("test/more:1", image(nil, ocitest.Dir("usr"), entry)))
		_, err := pipeline.Build(t.Context(), pipeline.BuildOptions{
			CheckOptions: pipeline.CheckOptions{
				Resolve: builder.Options{Files: []string{filepath.Join(dir, "os.yml")}, Arch: "amd64", Components: []string{filepath.Join(dir, "more"), filepath.Join(dir, "images")}, Offline: true, Jobs: 1},
				Policy:  policy.Options{Policy: filepath.Join(dir, "policy"), FailOn: policy.FailOnNone, Now: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)},
			},
			Formats: []string{"tar"}, OutputDir: filepath.Join(dir, "out"),
		})
		if err == nil || !strings.Contains(err.Error(), want) || !slices.ContainsFunc([]error{system.ErrInput, system.ErrUnusable}, func(kind error) bool { return errors.Is(err, kind) }) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
