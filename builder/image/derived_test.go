package image

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// untar reads a tar: file name -> content.
func untar(t *testing.T, raw []byte) map[string]string {
	t.Helper()
	out := map[string]string{}
	tr := tar.NewReader(bytes.NewReader(raw))
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(tr)
		if err != nil {
			t.Fatal(err)
		}
		out[h.Name] = string(b)
	}
}

// A derived format has the same files as the format that it is derived from,
// whether that was asked for or not. build fails if other files are left.
func TestTarKernelInitrd(t *testing.T) {
	t.Parallel()
	both := build(t, []string{"tar-kernel-initrd", "kernel+initrd"}, small, &Kernel{Zstd: true})
	alone := build(t, []string{"tar-kernel-initrd"}, small, &Kernel{Zstd: true})
	if len(alone) != 1 || !bytes.Equal(alone["os-initrd.tar"], both["os-initrd.tar"]) {
		t.Errorf("alone it wrote %d files, or other bytes", len(alone))
	}
	files := untar(t, alone["os-initrd.tar"])
	for name, ending := range map[string]string{"kernel": KernelEnding, "initrd.img": InitrdEnding, "cmdline": CmdlineEnding} {
		if files[name] != string(both["os"+ending]) || files[name] == "" {
			t.Errorf("%s has %d bytes, want %d", name, len(files[name]), len(both["os"+ending]))
		}
	}
}

func TestDocker(t *testing.T) {
	t.Parallel()
	out := build(t, []string{"docker", "tar"}, small, &Kernel{})
	files := untar(t, out["os-docker.tar"])
	var manifest []dockerManifest
	if err := json.Unmarshal([]byte(files["manifest.json"]), &manifest); err != nil || len(manifest) != 1 {
		t.Fatalf("%v, %v", manifest, err)
	}
	if files[manifest[0].Layers[0]] != string(out["os.tar"]) {
		t.Error("the layer is not the tar")
	}
	// Another implementation reads it, and compares every digest.
	p := filepath.Join(t.TempDir(), "a.tar")
	if err := os.WriteFile(p, out["os-docker.tar"], 0o600); err != nil {
		t.Fatal(err)
	}
	tag, err := name.NewTag("os:latest")
	if err != nil {
		t.Fatal(err)
	}
	img, err := tarball.ImageFromPath(p, &tag)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Image(img); err != nil {
		t.Error(err)
	}
}

// Docker refuses the whole archive if a tag is not valid.
func TestDockerTags(t *testing.T) {
	t.Parallel()
	for stem, want := range map[string]string{"web-1": "web-1:latest", "Web": "", "a..b": "", "-a": ""} {
		if got := strings.Join(repoTags(stem), " "); got != want {
			t.Errorf("%s: %q, want %q", stem, got, want)
		}
	}
}

func TestTools(t *testing.T) {
	dir, path := t.TempDir(), t.TempDir()
	t.Setenv("PATH", path)
	for p, mode := range map[string]os.FileMode{dir + "/prog": 0o644, path + "/prog": 0o755, dir + "/stub": 0o644, dir + "/both": 0o755, path + "/both": 0o755} {
		if err := os.WriteFile(p, []byte(p), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(p, mode); err != nil {
			t.Fatal(err)
		}
	}
	tools := Tools{Dirs: []string{dir}}
	for name, want := range map[string]string{"prog": path, "both": dir} { // a program must be executable
		if u, err := tools.use(Tool{Name: name, Package: "p"}); err != nil || u.Path != filepath.Join(want, name) {
			t.Errorf("%s: %v, %v", name, u, err)
		}
	}
	u, err := tools.use(Tool{Name: "stub", Package: "p", Dir: "/nowhere"})
	if err != nil || u.Path != dir+"/stub" || u.URI != "pkg:generic/stub" || !strings.HasPrefix(u.Digest, "sha256:") {
		t.Errorf("%v, %v", u, err)
	}
	versioned := Tool{Name: "stub", Package: "p", Dir: "/nowhere", version: func(b []byte) string { return "1~" + filepath.Base(string(b)) }}
	if u, err := tools.use(versioned); err != nil || u.URI != "pkg:generic/stub@1~stub" {
		t.Errorf("%v, %v", u, err)
	}
	_, err = Tools{}.Find(Tool{Name: "stub", Package: "p:arm64", Dir: "/nowhere"})
	if e := (*system.Error)(nil); !errors.As(err, &e) || !strings.Contains(e.Next, "apt-get download p:arm64") {
		t.Errorf("%v", err)
	}
	_, err = Tools{}.Find(Tool{Name: "stub", Package: "the-package", Dir: "/nowhere"})
	var e *system.Error
	if !errors.As(err, &e) || !errors.Is(err, system.ErrUnusable) || !strings.Contains(e.Next, "the-package") {
		t.Errorf("%v", err)
	}
}
