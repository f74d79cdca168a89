package ocitest_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/seaworthy-os/seaworthy/internal/ocitest"
)

func image() ocitest.Image {
	return ocitest.Image{
		Layers: []ocitest.Layer{
			{Entries: []ocitest.Entry{ocitest.Dir("etc"), ocitest.File("etc/who", "me\n"), ocitest.Tarball("k.tar", ocitest.File("m", "x"))}},
			{Entries: []ocitest.Entry{ocitest.Whiteout("etc/who")}},
		},
		Config: ocitest.Config{Cmd: []string{"/init"}, Labels: map[string]string{"a": "b"}},
	}
}

// An independent reader must accept the images of this package, or tests that use
// them prove nothing.
func TestImagesAreValid(t *testing.T) {
	dir := t.TempDir()
	check := func(i v1.Image, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if err := validate.Image(i); err != nil {
			t.Error(err)
		}
	}
	built := ocitest.Index{image(), {Arch: "arm64", Layers: image().Layers}}.Build()
	ocitest.WriteLayout(t, dir, ocitest.Ref{Name: "x:1", Built: built})
	top, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	index, err := top.ImageIndex(hash(t, built.Root.Digest))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range built.Manifests {
		check(index.Image(hash(t, d)))
	}

	file := filepath.Join(dir, "docker.tar")
	ocitest.WriteDockerArchive(t, file, ocitest.Named("x:1", image()))
	tag, err := name.NewTag("x:1")
	if err != nil {
		t.Fatal(err)
	}
	check(tarball.ImageFromPath(file, &tag))

	reg := ocitest.NewRegistry(t)
	ref, err := name.ParseReference(reg.Push("a/x:1", built))
	if err != nil {
		t.Fatal(err)
	}
	check(remote.Image(ref, remote.WithContext(context.Background())))
}

func TestSameBytes(t *testing.T) {
	a, b := image().Build(), image().Build()
	if a.Root.Digest != b.Root.Digest {
		t.Errorf("digests differ: %s %s", a.Root.Digest, b.Root.Digest)
	}
	d1, d2 := t.TempDir(), t.TempDir()
	ocitest.WriteArchive(t, filepath.Join(d1, "a.tar.gz"), ocitest.Ref{Name: "x", Built: a})
	ocitest.WriteArchive(t, filepath.Join(d2, "a.tar.gz"), ocitest.Ref{Name: "x", Built: b})
	x, err := os.ReadFile(filepath.Join(d1, "a.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	y, err := os.ReadFile(filepath.Join(d2, "a.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	if string(x) != string(y) {
		t.Error("archives differ")
	}
}

func hash(t *testing.T, digest string) v1.Hash {
	t.Helper()
	h, err := v1.NewHash(digest)
	if err != nil {
		t.Fatal(err)
	}
	return h
}
