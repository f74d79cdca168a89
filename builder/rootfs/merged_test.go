package rootfs_test

import (
	"archive/tar"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/ocitest"
)

// One source makes a folder of another source a link. The files of that folder
// go to the link's target, whichever source is read first.
func TestMergedFolders(t *testing.T) {
	t.Parallel()
	linked := func(target string, more ...ocitest.Entry) ocitest.Image {
		return layer(append([]ocitest.Entry{ocitest.Dir("usr"), {Path: "usr/lib", Type: tar.TypeDir, Mode: 0o711}, ocitest.File("usr/lib/ld.so", "ld"), ocitest.Symlink("lib", target)}, more...)...)
	}
	folder := layer(ocitest.Dir("lib"), ocitest.File("lib/own", "o"), ocitest.File("lib/ld.so", "folder's"),
		ocitest.Entry{Path: "lib/again", Type: tar.TypeLink, Mode: 0o644, Link: "lib/own"})
	text := func(p, s string) system.File {
		return system.File{Path: p, Type: system.TypeFile, Mode: 0o600, Contents: []byte(s), Size: int64(len(s))}
	}
	for _, c := range []struct {
		name  string
		inits []ocitest.Image
		files []system.File
		want  map[string]string
	}{
		{"modules", []ocitest.Image{linked("usr/lib")}, nil, map[string]string{"usr/lib/modules/x.ko": "ko", "usr/lib/ld.so": "ld"}},
		{"absolute", []ocitest.Image{linked("/usr/lib")}, nil, map[string]string{"usr/lib/modules/x.ko": "ko", "usr/lib/ld.so": "ld"}},
		{"cannot leave", []ocitest.Image{linked("../../usr/lib")}, nil, map[string]string{"usr/lib/modules/x.ko": "ko"}},
		{"folder over link", []ocitest.Image{linked("usr/lib"), folder}, nil, map[string]string{"usr/lib/own": "o", "usr/lib/ld.so": "folder's"}},
		{"link over folder", []ocitest.Image{folder, linked("usr/lib")}, nil, map[string]string{"usr/lib/own": "o", "usr/lib/ld.so": "ld", "usr/lib/modules/x.ko": "ko"}},
		{"files", []ocitest.Image{linked("usr/lib")}, []system.File{text("lib/sub/f", "f"), text("lib/ld.so", "mine")}, map[string]string{"usr/lib/sub/f": "f", "usr/lib/ld.so": "mine"}},
		{"files' own link", []ocitest.Image{folder}, []system.File{{Path: "lib", Type: system.TypeSymlink, Mode: 0o777, Link: "usr/lib"}, text("lib/f", "f")}, map[string]string{"usr/lib/f": "f", "usr/lib/own": "o"}},
		{"two hops", []ocitest.Image{linked("lib64", ocitest.Symlink("lib64", "usr/lib"))}, nil, map[string]string{"usr/lib/modules/x.ko": "ko"}},
		{"modules below /usr", []ocitest.Image{layer(ocitest.Dir("lib"), ocitest.File("usr/lib/modules/y.ko", "y"))}, nil, map[string]string{"lib/modules/x.ko": "ko", "usr/lib/modules/y.ko": "y"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			images := map[string]ocitest.Image{"kernel": kernelImage, "services/web": webImage}
			for i, img := range c.inits {
				images["init/00"+string(rune('0'+i))] = img
			}
			os := sys(len(c.inits))
			os.Files = c.files
			out, err := lay(t, os, images)
			if err != nil {
				t.Fatal(err)
			}
			for p, want := range c.want {
				if b := out.bodies[p]; b == nil || b.String() != want {
					t.Errorf("/%s: %v, want %q", p, b, want)
				}
			}
			if c.name == "modules below /usr" {
				return
			}
			if e, ok := out.find("lib"); !ok || e.Type != system.TypeSymlink {
				t.Errorf("/lib: %+v", e)
			}
			if e, ok := out.find("usr/lib"); !ok || c.name != "files' own link" && e.Mode != 0o711 {
				t.Errorf("/usr/lib: %+v", e)
			}
			if e, ok := out.find("usr/lib/again"); ok && e.Link != "usr/lib/own" {
				t.Errorf("a hard link leads to %q", e.Link)
			}
		})
	}
}

// Files are not moved through links at other paths, or to other targets: the
// facts would have other paths than the system.
func TestLinksThatAreNotMerged(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		link  ocitest.Entry
		files []system.File
		want  string
	}{
		{ocitest.Symlink("lib", "etc/sysctl.d"), nil, "init/000: /lib is already in the tarball of the kernel"},
		{ocitest.Symlink("lib", "containers/services/web/rootfs"), nil, "/lib is already in the tarball of the kernel"},
		{ocitest.Symlink("lib", "lib"), nil, "/lib is already in the tarball of the kernel"},
		{ocitest.Symlink("bin", "boot"), []system.File{{Path: "bin/kernel", Type: system.TypeFile}}, `/bin is a link to "boot"`},
		{ocitest.Symlink("x", "containers"), []system.File{{Path: "x/services/web/config.json", Type: system.TypeFile}}, `/x is a link to "containers"`},
	} {
		os := sys(1)
		os.Files = c.files
		_, err := lay(t, os, map[string]ocitest.Image{"kernel": kernelImage, "services/web": webImage, "init/000": layer(c.link)})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s -> %s: error %v, want %q", c.link.Path, c.link.Link, err, c.want)
		}
	}
	// A module cannot be replaced through a link either.
	_, err := lay(t, sys(1), map[string]ocitest.Image{"kernel": kernelImage, "services/web": webImage,
		"init/000": layer(ocitest.Symlink("lib", "usr/lib"), ocitest.File("usr/lib/modules/x.ko", "evil"))})
	if err == nil || !strings.Contains(err.Error(), "usr/lib/modules/x.ko is already in the tarball of the kernel") {
		t.Errorf("a module is replaced: error %v", err)
	}
}

// A hard link to a file that is replaced keeps the file's content.
func TestHardLinksToReplacedFiles(t *testing.T) {
	t.Parallel()
	link := func(p, to string) ocitest.Entry {
		return ocitest.Entry{Path: p, Type: tar.TypeLink, Mode: 0o644, Link: to}
	}
	os := sys(2)
	os.Components = append(os.Components, &system.Component{Section: system.SectionVolumes, Name: "v", Dir: "containers/volumes/v",
		FilesDir: "containers/volumes/v/lower", Volume: &system.Volume{Format: "filesystem"}})
	os.Files = []system.File{
		{Path: "etc/motd", Type: system.TypeFile, Mode: 0o600}, {Path: "containers/volumes/v/lower/f", Type: system.TypeFile, Mode: 0o600},
	}
	out, err := lay(t, os, map[string]ocitest.Image{
		"kernel": kernelImage,
		"services/web": layer(ocitest.File("etc/hosts", "mine"), link("a", "etc/hosts"), link("b", "etc/hosts"), ocitest.File("etc/hostname", "h"), link("c", "etc/hostname"),
			ocitest.File("etc/resolv.conf", ""), link("d", "etc/resolv.conf"), ocitest.File("dev/shm/x", "shm"), link("e", "dev/shm/x")),
		"init/000":  layer(ocitest.File("etc/issue", "old"), link("issue", "etc/issue"), ocitest.File("etc/motd", "motd"), link("motd", "etc/motd"), link("motd2", "etc/motd")),
		"init/001":  layer(ocitest.File("etc/issue", "new")),
		"volumes/v": layer(ocitest.File("f", "image's"), link("g", "f")),
	})
	if err != nil {
		t.Fatal(err)
	}
	for p, want := range map[string]string{
		"containers/services/web/rootfs/a": "mine", "containers/services/web/rootfs/c": "h", "containers/services/web/rootfs/d": "", "containers/services/web/rootfs/e": "shm",
		"etc/issue": "new", "issue": "old", "motd": "motd", "etc/motd": "", "containers/volumes/v/lower/g": "image's",
	} {
		if b := out.bodies[p]; b == nil || b.String() != want {
			t.Errorf("/%s: %v, want %q", p, b, want)
		}
	}
	for p, to := range map[string]string{"containers/services/web/rootfs/b": "containers/services/web/rootfs/a", "motd2": "motd"} {
		if e, ok := out.find(p); !ok || e.Type != system.TypeHardlink || e.Link != to {
			t.Errorf("/%s: %+v", p, e)
		}
	}
}

// The builder replaces some paths of an image by its own files. What the image
// has below such a path is left out.
func TestBelowLeftOutPaths(t *testing.T) {
	t.Parallel()
	odd := layer(ocitest.File("etc/hosts/x", ""), ocitest.File("etc/resolv.conf/x", ""), ocitest.File("Dockerfile/x", ""), ocitest.File("etc/hostname/x", ""), ocitest.File("dev/shm/x", ""), ocitest.File("kept", "k"))
	out, err := lay(t, sys(1), map[string]ocitest.Image{"kernel": kernelImage, "init/000": odd, "services/web": odd})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range out.entries {
		if strings.HasSuffix(e.Path, "/x") {
			t.Errorf("/%s exists", e.Path)
		}
	}
	if _, ok := out.find("containers/services/web/rootfs/kept"); !ok {
		t.Error("a file is missing")
	}
}
