package recipe

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// tryBuild builds the recipe into layout, for amd64.
func tryBuild(t testing.TB, a *archive, layout, recipe string, change ...func(*Options)) (*Result, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, FileName), []byte(recipe), 0o600); err != nil {
		t.Fatal(err)
	}
	o := Options{Dir: dir, Output: layout, Arch: "amd64", StateDir: t.TempDir()}
	for _, f := range change {
		f(&o)
	}
	return build(context.Background(), o, a.open)
}

func blobOf(t testing.TB, layout, digest string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(layout, "blobs", strings.ReplaceAll(digest, ":", "/")))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// image reads an image: its config, the entries of its layer as
// "TYPE MODE UID:GID PATH LINK", and their contents.
func image(t testing.TB, layout, manifest string) (ocispec.Image, []string, map[string]string) {
	t.Helper()
	var m ocispec.Manifest
	var img ocispec.Image
	if err := json.Unmarshal(blobOf(t, layout, manifest), &m); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(blobOf(t, layout, m.Config.Digest.String()), &img); err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(blobOf(t, layout, m.Layers[0].Digest.String())))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	if want := img.RootFS.DiffIDs[0]; want != want.Algorithm().FromBytes(plain) {
		t.Errorf("diff ID %s is not that of the layer", want)
	}
	lines, contents := untar(t, plain)
	return img, lines, contents
}

func untar(t testing.TB, data []byte) ([]string, map[string]string) {
	t.Helper()
	var lines []string
	contents := map[string]string{}
	tr := tar.NewReader(bytes.NewReader(data))
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return lines, contents
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.ModTime.Unix() != 0 || h.Uname != "" || h.Gname != "" {
			t.Errorf("%s: time %v, owner %q %q", h.Name, h.ModTime, h.Uname, h.Gname)
		}
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%c %04o %d:%d %s %s", h.Typeflag, h.Mode, h.Uid, h.Gid, h.Name, h.Linkname)))
		b, err := io.ReadAll(tr)
		if err != nil {
			t.Fatal(err)
		}
		contents[h.Name] = string(b)
	}
}

// debianArchive contains a program, its library, a licence that is a link, and
// files that no filter keeps.
func debianArchive(t testing.TB) *archive {
	a := newArchive(t)
	a.add(t, osRelease, "12", "awk", tarEntry{name: "./etc/os-release", typ: tar.TypeSymlink, link: "../usr/lib/os-release"},
		tarEntry{name: "./usr/lib/os-release", content: "ID=debian\n"}, tarEntry{name: "./etc/motd", content: "hi"})
	a.add(t, "tool", "2.0-1", "libtool5 (>= 5), debconf | other", tarEntry{name: "./usr/", typ: tar.TypeDir, mode: 0o711},
		tarEntry{name: "./usr/bin/tool", content: elfFile(2, nil, "/lib64/ld.so.2", "libtool.so.5"), mode: 0o755},
		tarEntry{name: "./usr/bin/alias", typ: tar.TypeLink, link: "./usr/bin/tool", mode: 0o755},
		tarEntry{name: "./usr/share/man/man1/tool.1", content: "man"},
		tarEntry{name: "./usr/share/doc/tool", typ: tar.TypeSymlink, link: "libtool5"})
	a.addLibtool(t, "5.1")
	a.add(t, "debconf", "1", "deep", tarEntry{name: "./usr/bin/debconf", content: "x"})
	a.add(t, "deep", "1", "", tarEntry{name: "./usr/bin/deep", content: "x"})
	return a
}

func (a *archive) addLibtool(t testing.TB, version string) {
	t.Helper()
	a.add(t, "libtool5", version, "", tarEntry{name: "./usr/lib/x86_64-linux-gnu/libtool.so.5", typ: tar.TypeSymlink, link: "libtool.so.5.1"},
		tarEntry{name: "./usr/lib/x86_64-linux-gnu/libtool.so.5.1", content: elfFile(3, nil, "")},
		tarEntry{name: "./usr/lib/x86_64-linux-gnu/libspare.so.1", content: "unused"},
		tarEntry{name: "./lib64/ld.so.2", content: elfFile(3, nil, ""), mode: 0o755},
		tarEntry{name: "./usr/share/doc/libtool5/copyright", content: "MIT"}, tarEntry{name: "./usr/share/doc/libtool5/NEWS", content: "n"})
}

const toolRecipe = `
name: tool
version: "2"
description: a tool
licenses: MIT
debian: {packages: [tool], depends: true, exclude: [debconf]}
include: [usr/bin/*]
libraries: true
files:
  - {path: etc/tool.conf, contents: "a=1\n", mode: "0640", uid: 7, gid: 8}
  - {path: data, directory: true}
symlinks: [{path: bin, target: usr/bin}]
users: [{name: tool, uid: 101}]
image: {entrypoint: [/usr/bin/tool], user: "101:101", ports: [80/tcp]}
config: {readonly: true, capabilities: []}
`

func TestBuild(t *testing.T) {
	t.Parallel()
	layout := t.TempDir()
	res, err := tryBuild(t, debianArchive(t), layout, toolRecipe)
	if err != nil {
		t.Fatal(err)
	}
	img, lines, contents := image(t, layout, res.Manifest)
	want := []string{
		"2 0777 0:0 bin usr/bin",
		"5 0755 0:0 data/",
		"5 0755 0:0 etc/",
		"0 0644 0:0 etc/group",
		"2 0777 0:0 etc/os-release ../usr/lib/os-release",
		"0 0644 0:0 etc/passwd",
		"0 0640 7:8 etc/tool.conf",
		"5 0755 0:0 lib64/",
		"0 0755 0:0 lib64/ld.so.2",
		"5 0711 0:0 usr/",
		"5 0755 0:0 usr/bin/",
		"0 0755 0:0 usr/bin/alias",
		"0 0755 0:0 usr/bin/tool",
		"5 0755 0:0 usr/lib/",
		"0 0644 0:0 usr/lib/os-release",
		"5 0755 0:0 usr/lib/x86_64-linux-gnu/",
		"2 0777 0:0 usr/lib/x86_64-linux-gnu/libtool.so.5 libtool.so.5.1",
		"0 0644 0:0 usr/lib/x86_64-linux-gnu/libtool.so.5.1",
		"5 0755 0:0 usr/share/",
		"5 0755 0:0 usr/share/doc/",
		"5 0755 0:0 usr/share/doc/libtool5/",
		"0 0644 0:0 usr/share/doc/libtool5/copyright",
		"2 0777 0:0 usr/share/doc/tool libtool5",
		"5 0755 0:0 var/",
		"5 0755 0:0 var/lib/",
		"5 0755 0:0 var/lib/dpkg/",
		"5 0755 0:0 var/lib/dpkg/info/",
		"0 0644 0:0 var/lib/dpkg/info/base-files.list",
		"0 0644 0:0 var/lib/dpkg/info/base-files.md5sums",
		"0 0644 0:0 var/lib/dpkg/info/libtool5.list",
		"0 0644 0:0 var/lib/dpkg/info/libtool5.md5sums",
		"0 0644 0:0 var/lib/dpkg/info/tool.list",
		"0 0644 0:0 var/lib/dpkg/info/tool.md5sums",
		"0 0644 0:0 var/lib/dpkg/status",
	}
	if got := strings.Join(lines, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("entries:\n%s", got)
	}
	if contents["usr/bin/alias"] != contents["usr/bin/tool"] || contents["etc/passwd"] != "tool:x:101:101:tool:/nonexistent:/usr/sbin/nologin\n" ||
		contents["etc/group"] != "tool:x:101:\n" {
		t.Errorf("%q", contents)
	}
	sums := contents["var/lib/dpkg/info/libtool5.md5sums"]
	if strings.Count(sums, "\n") != 3 || strings.Contains(sums, "libspare") || !strings.Contains(sums, "  usr/share/doc/libtool5/copyright\n") {
		t.Errorf("list of libtool5:\n%s", sums)
	}
	if s := contents["var/lib/dpkg/info/tool.list"]; s != "/usr/bin/alias\n/usr/bin/tool\n/usr/share/doc/tool\n" {
		t.Errorf("files of tool:\n%s", s)
	}
	if s := contents["var/lib/dpkg/status"]; strings.Count(s, "\n\n") != 2 || !strings.Contains(s, "\n\nPackage: tool\nStatus: install ok installed\nVersion: 2.0-1\nArchitecture: amd64\n") {
		t.Errorf("status:\n%s", s)
	}
	if img.Architecture != "amd64" || img.Created.Unix() != 0 || img.Config.Labels[labelConfig] != `{"capabilities":[],"readonly":true}` ||
		img.Config.Labels[ocispec.AnnotationTitle] != "tool" || img.Config.Labels[ocispec.AnnotationLicenses] != "MIT" || img.Config.User != "101:101" {
		t.Errorf("%+v", img)
	}
	if len(res.Packages) != 3 || res.Reference != "seaworthy/tool:2" {
		t.Errorf("%+v", res)
	}
}

// The folder, the umask and the state of the layout do not affect the image. Not
// parallel: the umask belongs to the process.
func TestBuildIsReproducible(t *testing.T) {
	a := debianArchive(t)
	var digests []string
	for _, umask := range []int{0o022, 0o077, 0} {
		old := syscall.Umask(umask)
		res, err := tryBuild(t, a, filepath.Join(t.TempDir(), "deep", "layout"), toolRecipe)
		syscall.Umask(old)
		if err != nil {
			t.Fatal(err)
		}
		digests = append(digests, res.Digest)
	}
	if digests[0] != digests[1] || digests[0] != digests[2] {
		t.Errorf("%v", digests)
	}
	res, err := tryBuild(t, a, t.TempDir(), toolRecipe, func(o *Options) { o.Time = time.Unix(1e9, 5) })
	if err != nil || res.Digest == digests[0] {
		t.Errorf("another time gives the same image: %v %v", res, err)
	}
}

func TestLayoutHoldsSeveralImages(t *testing.T) {
	t.Parallel()
	layout := t.TempDir()
	put := func(recipe string, arch string) *Result {
		res, err := tryBuild(t, newArchive(t), layout, recipe, func(o *Options) { o.Arch = arch })
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	file := func(name, text string) string {
		return "name: " + name + "\nversion: \"1\"\nfiles: [{path: x, contents: " + text + "}]\n"
	}
	old := put(file("one", "old"), "amd64")
	other := put(file("two", "b"), "amd64")
	arm := put(file("one", "arm"), "arm64")
	res := put(file("one", "new"), "amd64")

	var top, idx ocispec.Index
	data, err := os.ReadFile(filepath.Join(layout, "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &top); err != nil {
		t.Fatal(err)
	}
	if len(top.Manifests) != 2 || top.Manifests[0].Digest.String() != res.Digest || top.Manifests[1].Digest.String() != other.Digest ||
		top.Manifests[0].Annotations["io.containerd.image.name"] != "docker.io/seaworthy/one:1" ||
		top.Manifests[0].Annotations["org.opencontainers.image.ref.name"] != "docker.io/seaworthy/one:1" {
		t.Errorf("%s", data)
	}
	if err := json.Unmarshal(blobOf(t, layout, res.Digest), &idx); err != nil {
		t.Fatal(err)
	}
	if len(idx.Manifests) != 2 || idx.Manifests[0].Digest.String() != res.Manifest || idx.Manifests[1].Digest.String() != arm.Manifest ||
		idx.Manifests[1].Platform.Architecture != "arm64" {
		t.Errorf("%+v", idx)
	}
	if _, err := os.Stat(filepath.Join(layout, "blobs", strings.ReplaceAll(old.Manifest, ":", "/"))); !os.IsNotExist(err) {
		t.Errorf("the replaced image is still there: %v", err)
	}
	if top = (ocispec.Index{}); put("tags: [latest, x]\n"+file("two", "b"), "amd64").Digest != other.Digest {
		t.Error("a tag changed the image")
	}
	if data, err = os.ReadFile(filepath.Join(layout, "index.json")); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &top); err != nil || len(top.Manifests) != 4 || top.Manifests[2].Digest != top.Manifests[1].Digest {
		t.Errorf("%s %v", data, err)
	}
	blobs, err := os.ReadDir(filepath.Join(layout, "blobs", "sha256"))
	if err != nil || len(blobs) != 2+3*3 { // two indexes; manifest, config and layer of three images
		t.Errorf("%d blobs, %v", len(blobs), err)
	}
}

func TestFailedBuildLeavesLayout(t *testing.T) {
	t.Parallel()
	layout := t.TempDir()
	if _, err := tryBuild(t, debianArchive(t), layout, toolRecipe); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(filepath.Join(layout, "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		recipe, want string
		kind         error
	}{
		"no such package":    {"debian: {packages: [nothing]}\n", "package nothing is not in", system.ErrUnusable},
		"below a link":       {"symlinks: [{path: lib, target: usr/lib}]\nfiles: [{path: lib/x, contents: y}]\n", "is below lib", system.ErrUnusable},
		"made twice":         {"files: [{path: x, contents: y}, {path: x, contents: z}]\n", "duplicate path", system.ErrInput},
		"folder as a file":   {"debian: {packages: [tool]}\ninclude: [usr]\nfiles: [{path: usr, contents: z}]\n", "is a dir of package tool", system.ErrInput},
		"no source":          {"files: [{path: x, source: gone}]\n", "gone", system.ErrInput},
		"user twice":         {"users: [{name: a, uid: 1}, {name: b, uid: 1}]\n", "etc/passwd already has", system.ErrInput},
		"empty tarball":      {"files: [{path: x, contents: y}]\ntar: [{path: t.tar, include: [z]}]\n", "matches no file", system.ErrInput},
		"empty join":         {"files: [{path: x, contents: y}]\njoin: [{path: t, include: [z]}]\n", "matches no file", system.ErrInput},
		"library is missing": {"debian: {packages: [tool]}\ninclude: [usr/bin/tool]\nlibraries: true\n", "usr/bin/tool needs libtool.so.5", system.ErrUnusable},
	} {
		_, err := tryBuild(t, debianArchive(t), layout, "name: tool\nversion: \"2\"\n"+c.recipe)
		if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	after, err := os.ReadFile(filepath.Join(layout, "index.json"))
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the layout changed: %v", err)
	}
}

func TestSourceStaysInFolder(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	_, err := tryBuild(t, a, t.TempDir(), "name: x\nversion: \"1\"\nfiles: [{path: x, source: link}]\n", func(o *Options) {
		if err := os.Symlink("/etc/passwd", filepath.Join(o.Dir, "link")); err != nil {
			t.Fatal(err)
		}
	})
	if !errors.Is(err, system.ErrInput) {
		t.Errorf("a link out of the folder was followed: %v", err)
	}
}

func TestTwoPackagesOneFile(t *testing.T) {
	t.Parallel()
	a := debianArchive(t)
	a.add(t, "rival", "1", "", tarEntry{name: "./usr/bin/tool", content: "mine"})
	_, err := tryBuild(t, a, t.TempDir(), "name: x\nversion: \"1\"\ndebian: {packages: [tool, rival]}\ninclude: [usr/bin/tool]\n")
	if !errors.Is(err, system.ErrUnusable) || !strings.Contains(err.Error(), "usr/bin/tool is in package rival and in package tool") {
		t.Errorf("%v", err)
	}
}

func TestJoin(t *testing.T) {
	t.Parallel()
	layout := t.TempDir()
	res, err := tryBuild(t, debianArchive(t), layout,
		"name: x\nversion: \"1\"\nfiles: [{path: c/b, contents: \"2\\n\"}, {path: c/a, contents: \"1\\n\"}, {path: d, contents: x}]\njoin: [{path: all, include: [c]}]\n")
	if err != nil {
		t.Fatal(err)
	}
	_, lines, contents := image(t, layout, res.Manifest)
	if contents["all"] != "1\n2\n" || contents["d"] != "x" {
		t.Errorf("%q", contents)
	}
	if strings.Contains(strings.Join(lines, "\n"), "c/a") {
		t.Errorf("moved, and still there:\n%s", strings.Join(lines, "\n"))
	}
}

func TestTar(t *testing.T) {
	t.Parallel()
	layout := t.TempDir()
	res, err := tryBuild(t, debianArchive(t), layout,
		"name: x\nversion: \"1\"\ndebian: {packages: [tool]}\ninclude: [usr/bin/tool]\ntar: [{path: t.tar, include: [usr/bin]}]\n")
	if err != nil {
		t.Fatal(err)
	}
	_, lines, contents := image(t, layout, res.Manifest)
	if strings.Contains(strings.Join(lines, "\n"), "usr/bin/tool") {
		t.Errorf("moved, and still there:\n%s", strings.Join(lines, "\n"))
	}
	inner, _ := untar(t, []byte(contents["t.tar"]))
	if got := strings.Join(inner, "\n"); got != "5 0711 0:0 usr/\n5 0755 0:0 usr/bin/\n0 0755 0:0 usr/bin/tool" {
		t.Errorf("%s", got)
	}
	if !strings.Contains(contents["var/lib/dpkg/info/tool.md5sums"], "  usr/bin/tool\n") {
		t.Error("the package list lacks files of the tarball")
	}
}
