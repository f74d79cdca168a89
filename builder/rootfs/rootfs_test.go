package rootfs_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/component"
	"github.com/seaworthy-os/seaworthy/builder/rootfs"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/ocitest"
)

// recorder is an Out that keeps the entries and checks the order and the
// uniqueness of their paths.
type recorder struct {
	t       *testing.T
	entries []*system.RootEntry
	bodies  map[string]*strings.Builder
}

func (r *recorder) Entry(e *system.RootEntry) (io.WriteCloser, error) {
	for _, d := range r.entries {
		if d.Path == e.Path {
			r.t.Errorf("/%s is a duplicate", e.Path)
		}
	}
	if i := strings.LastIndex(e.Path, "/"); i > 0 {
		parent, ok := r.find(e.Path[:i])
		if !ok || parent.Type != system.TypeDir {
			r.t.Errorf("/%s comes before its folder", e.Path)
		}
	}
	r.entries = append(r.entries, e)
	if e.Type != system.TypeFile {
		return nil, nil
	}
	b := &strings.Builder{}
	r.bodies[e.Path] = b
	return nop{b}, nil
}

func (r *recorder) find(path string) (*system.RootEntry, bool) {
	i := slices.IndexFunc(r.entries, func(e *system.RootEntry) bool { return e.Path == path })
	if i < 0 {
		return nil, false
	}
	return r.entries[i], true
}

type nop struct{ io.Writer }

func (nop) Close() error { return nil }

func layer(entries ...ocitest.Entry) ocitest.Image {
	return ocitest.Image{Layers: []ocitest.Layer{{Entries: entries}}}
}

// lay lays out a system. images holds the images by component ID.
func lay(t *testing.T, os *system.OS, images map[string]ocitest.Image) (*recorder, error) {
	t.Helper()
	return layWithout(t, os, images, "")
}

// layWithout is like lay. The volume with the ID empty has no image.
func layWithout(t *testing.T, os *system.OS, images map[string]ocitest.Image, empty string) (*recorder, error) {
	t.Helper()
	dir := t.TempDir() + "/layout"
	var refs []ocitest.Ref
	for id, img := range images {
		refs = append(refs, ocitest.Named(refName(id), img))
	}
	ocitest.WriteLayout(t, dir, refs...)
	store, err := component.Open(component.Options{Paths: []string{dir}, Offline: true, Arch: "amd64"})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	ctx := context.Background()
	for _, c := range os.Components {
		if c.ID() == empty {
			continue
		}
		if c.Image, err = store.Find(ctx, refName(c.ID()), system.Position{}); err != nil {
			t.Fatal(err)
		}
	}
	links := new(rootfs.Links)
	out, err := layOnce(ctx, t, os, store, links)
	if errors.Is(err, rootfs.ErrAgain) {
		out, err = layOnce(ctx, t, os, store, links)
	}
	return out, err
}

func layOnce(ctx context.Context, t *testing.T, os *system.OS, store *component.Store, links *rootfs.Links) (*recorder, error) {
	out := &recorder{t: t, bodies: map[string]*strings.Builder{}}
	tree := rootfs.New(os, out, links, t.TempDir())
	if err := tree.Begin(); err != nil {
		return out, err
	}
	for _, c := range rootfs.Passes(os) {
		sink, err := tree.Sink(c)
		if err != nil {
			return out, err
		}
		o := component.PassOptions{Devices: c.Section == system.SectionInit}
		if c.Section == system.SectionKernel {
			o.Nested = []string{os.Kernel.Tar}
		}
		err = store.Pass(ctx, c.Image, o, sink)
		if errors.Is(err, component.ErrAgain) {
			return layOnce(ctx, t, os, store, links)
		}
		if err != nil {
			return out, err
		}
	}
	return out, tree.End()
}

func refName(id string) string { return "test/" + strings.ReplaceAll(id, "/", "-") + ":1" }

// sys returns a system with a kernel, some init images and one service.
func sys(inits int) *system.OS {
	k := &system.Component{Section: system.SectionKernel, Name: "kernel", Pos: system.Position{File: "os.yml", Line: 2, Column: 10}}
	os := &system.OS{Name: "os", Arch: "amd64", Components: []*system.Component{k},
		Kernel: system.Kernel{Component: k, Binary: "kernel", Tar: "kernel.tar", Cmdline: "quiet"}}
	for i := range inits {
		os.Components = append(os.Components, &system.Component{Section: system.SectionInit, Name: fmt.Sprintf("%03d", i), Index: i})
	}
	os.Components = append(os.Components, &system.Component{Section: system.SectionServices, Name: "web", ReadOnly: true,
		Dir: "containers/services/web", FilesDir: "containers/services/web/rootfs", Spec: []byte(`{"spec":1}`), Runtime: []byte(`{}`)})
	return os
}

var (
	kernelImage = layer(ocitest.File("kernel", "K"), ocitest.Tarball("kernel.tar", ocitest.Dir("lib"), ocitest.Dir("lib/modules"), ocitest.File("lib/modules/x.ko", "ko")), ocitest.File("System.map", "map"))
	webImage    = layer(ocitest.Dir("etc"), ocitest.File("etc/hosts", "mine"), ocitest.File("etc/hostname", "build-host"), ocitest.File("Dockerfile", "FROM"), ocitest.Exec("web", "#!"))
)

func TestTree(t *testing.T) {
	t.Parallel()
	out, err := lay(t, sys(2), map[string]ocitest.Image{
		"kernel":       kernelImage,
		"init/000":     layer(ocitest.Exec("init", "old"), ocitest.Dir("lib"), ocitest.File("lib/only-first", "1")),
		"init/001":     layer(ocitest.Exec("init", "new")),
		"services/web": webImage,
	})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"boot/kernel": "K", "boot/cmdline": "quiet", "lib/modules/x.ko": "ko", "init": "new", "lib/only-first": "1",
		"containers/services/web/config.json": `{"spec":1}`, "containers/services/web/rootfs/web": "#!",
	} {
		if got, ok := out.bodies[path]; !ok || got.String() != want {
			t.Errorf("/%s: %v, want %q", path, got, want)
		}
	}
	if got := out.bodies["containers/services/web/rootfs/etc/hosts"].String(); !strings.Contains(got, "localhost") {
		t.Errorf("etc/hosts is the image's own: %q", got)
	}
	for _, absent := range []string{"System.map", "containers/services/web/rootfs/Dockerfile", "containers/services/web/rootfs/etc/hostname", "containers/services/web/lower", "containers/services/web/tmp"} {
		if _, ok := out.find(absent); ok {
			t.Errorf("/%s exists", absent)
		}
	}
}

// A service must not write outside its own folder. An init image must not write
// to the folders of components or of the kernel.
func TestEvaluatedFilesCannotBeReplaced(t *testing.T) {
	t.Parallel()
	good := layer(ocitest.Exec("init", "i"))
	for _, c := range []struct {
		name   string
		images map[string]ocitest.Image
		files  []system.File
		kind   error
		want   string
	}{
		{"init image writes a component's spec", map[string]ocitest.Image{"init/000": layer(ocitest.Dir("containers"), ocitest.Dir("containers/services"))}, nil, nil, "/containers would change"},
		{"init image writes the kernel", map[string]ocitest.Image{"init/000": layer(ocitest.Dir("boot"), ocitest.File("boot/kernel", "evil"))}, nil, nil, "/boot/kernel would change"},
		{"kernel.tar writes a component", map[string]ocitest.Image{"kernel": layer(ocitest.File("kernel", "K"), ocitest.Tarball("kernel.tar", ocitest.Dir("containers")))}, nil, nil, "/containers would change"},
		{"init image replaces a module", map[string]ocitest.Image{"init/000": layer(ocitest.Dir("lib"), ocitest.Dir("lib/modules"), ocitest.File("lib/modules/x.ko", "evil"))}, nil, nil, "already in the tarball of the kernel"},
		{"service leaves its folder", map[string]ocitest.Image{"services/web": layer(ocitest.File("../../../../init", "evil"))}, nil, system.ErrUnusable, "../../../../init"},
		{"files section writes a spec", nil, []system.File{{Path: "containers/services/web/config.json", Type: system.TypeFile, Pos: system.Position{File: "os.yml", Line: 9, Column: 5}}}, system.ErrInput, "os.yml:9:5: files: containers/services/web/config.json would change a component"},
		{"files section writes the kernel", nil, []system.File{{Path: "boot/kernel", Type: system.TypeFile}}, system.ErrInput, "files: only the kernel section writes boot/kernel"},
		{"files below a link", map[string]ocitest.Image{"init/000": layer(ocitest.Symlink("opt", "usr/opt"))}, []system.File{{Path: "opt/x", Type: system.TypeFile}}, nil, `/opt is a link to "usr/opt"`},
		{"no kernel in the image", map[string]ocitest.Image{"kernel": layer(ocitest.File("vmlinuz", "K"))}, nil, system.ErrUnusable, `os.yml:2:10: kernel image test/kernel:1 has no file "kernel" (kernel.binary)`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			images := map[string]ocitest.Image{"kernel": kernelImage, "init/000": good, "services/web": webImage}
			for id, img := range c.images {
				images[id] = img
			}
			os := sys(1)
			os.Files = c.files
			_, err := lay(t, os, images)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want %q", err, c.want)
			}
			if c.kind != nil && !errors.Is(err, c.kind) {
				t.Errorf("%v is not %v", err, c.kind)
			}
		})
	}
}

func TestFilesSection(t *testing.T) {
	t.Parallel()
	os := sys(1)
	os.Files = []system.File{
		{Path: "etc/deep/a", Type: system.TypeFile, Mode: 0o640, UID: 7, Contents: []byte("a"), Size: 1},
		{Path: "etc/issue", Type: system.TypeFile, Mode: 0o600, Contents: []byte("files win\n"), Size: 10},
		{Path: "etc", Type: system.TypeDir, Mode: 0o755},
		{Path: "run/link", Type: system.TypeSymlink, Mode: 0o777, Link: "/tmp"},
	}
	out, err := lay(t, os, map[string]ocitest.Image{
		"kernel": kernelImage, "services/web": webImage,
		"init/000": layer(ocitest.Dir("etc"), ocitest.File("etc/issue", "image"), ocitest.File("etc/kept", "k")),
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := out.bodies["etc/issue"].String(); got != "files win\n" {
		t.Errorf("etc/issue: %q", got)
	}
	for path, mode := range map[string]uint32{"etc": 0o755, "etc/deep": 0o750, "run": 0o777} {
		if e, ok := out.find(path); !ok || e.Mode != mode {
			t.Errorf("/%s: %+v, want mode %o", path, e, mode)
		}
	}
	if _, ok := out.find("etc/kept"); !ok {
		t.Error("a file of the image is missing")
	}
}

// A file below a volume's folder goes into the volume and replaces the image's
// file.
func TestFilesInVolumes(t *testing.T) {
	t.Parallel()
	os := sys(1)
	for _, v := range []string{"full", "empty"} {
		os.Components = append(os.Components, &system.Component{Section: system.SectionVolumes, Name: v, Dir: "containers/volumes/" + v,
			FilesDir: "containers/volumes/" + v + "/lower", Volume: &system.Volume{Format: "filesystem"}})
	}
	file := func(p, text string) system.File {
		return system.File{Path: p, Type: system.TypeFile, Mode: 0o640, UID: 7, Contents: []byte(text), Size: int64(len(text))}
	}
	os.Files = []system.File{
		file("containers/volumes/full/lower/conf/a", "mine"), file("containers/volumes/full/lower/new/b", "new"), file("containers/volumes/full/lower/etc/hosts", "h"),
		{Path: "containers/volumes/full/lower/conf", Type: system.TypeDir, Mode: 0o711},
		{Path: "containers/volumes/full/lower/etc/mtab", Type: system.TypeSymlink, Link: "x"},
		file("containers/volumes/empty/lower/c/d", "deep"), file("etc/x", "x"),
	}
	images := map[string]ocitest.Image{
		"kernel": kernelImage, "init/000": layer(ocitest.Exec("init", "i")), "services/web": webImage,
		"volumes/full": layer(ocitest.Dir("conf"), ocitest.File("conf/a", "image's"), ocitest.File("conf/z", "kept"), ocitest.File("etc/hosts", "image's")),
	}
	out, err := layWithout(t, os, images, "volumes/empty")
	if err != nil {
		t.Fatal(err)
	}
	for p, want := range map[string]string{
		"containers/volumes/full/lower/conf/a": "mine", "containers/volumes/full/lower/conf/z": "kept", "containers/volumes/full/lower/new/b": "new",
		"containers/volumes/full/lower/etc/hosts": "h", "containers/volumes/empty/lower/c/d": "deep", "etc/x": "x",
	} {
		if b := out.bodies[p]; b == nil || b.String() != want {
			t.Errorf("/%s: %v, want %q", p, b, want)
		}
	}
	for p, mode := range map[string]uint32{
		"containers": 0o755, "containers/volumes/full": 0o755, "containers/volumes/full/lower": 0o755, "containers/volumes/full/lower/conf": 0o711,
		"containers/volumes/full/lower/new": 0o750, "containers/volumes/full/lower/etc": 0o755, "containers/volumes/empty/lower/c": 0o750,
	} {
		if e, ok := out.find(p); !ok || e.Mode != mode {
			t.Errorf("/%s: %+v, want mode %o", p, e, mode)
		}
	}

	images["volumes/full"] = layer(ocitest.Symlink("conf", "/etc"))
	if _, err := layWithout(t, os, images, "volumes/empty"); err == nil || !strings.Contains(err.Error(), "is below containers/volumes/full/lower/conf, which is a symlink") {
		t.Errorf("below a link: error %v", err)
	}
	images["volumes/full"] = layer(ocitest.File("conf/a/b", ""))
	if _, err := layWithout(t, os, images, "volumes/empty"); err == nil || !strings.Contains(err.Error(), "conf/a is already a dir") {
		t.Errorf("in place of a folder: error %v", err)
	}
	for _, p := range []string{"containers/volumes/full/tmp/upper/x", "containers/volumes/full/tmp", "containers/volumes/full/lower", "containers/volumes/full", "containers/volumes/none/lower/x", "containers/volumes"} {
		os.Files = []system.File{file(p, "")}
		if _, err := layWithout(t, os, images, "volumes/empty"); err == nil || !strings.Contains(err.Error(), "would change a component") {
			t.Errorf("%s: error %v", p, err)
		}
	}
}

// The package database of a single init image stays unchanged. Several
// databases are joined as LinuxKit does it.
func TestPackageDatabase(t *testing.T) {
	t.Parallel()
	with := layer(ocitest.Dir("lib"), ocitest.File("lib/apk/db/installed", "P:a\n"))
	for want, images := range map[string][]ocitest.Image{
		"P:a\n":              {layer(), with, layer()},
		"P:a\n\n\nP:a\n\n\n": {with, layer(), with},
	} {
		all := map[string]ocitest.Image{"kernel": kernelImage, "services/web": webImage}
		for i, img := range images {
			all[fmt.Sprintf("init/%03d", i)] = img
		}
		out, err := lay(t, sys(3), all)
		if err != nil {
			t.Fatal(err)
		}
		if got := out.bodies["lib/apk/db/installed"].String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
