package component

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/internal/ocitest"
)

const bundleType = "application/vnd.dev.sigstore.bundle.v0.3+json"

func attach(text string) ocitest.Beside {
	return ocitest.Beside{MediaType: bundleType, Data: []byte(text)}
}

// texts are the contents of the attached blobs, or why they could not be read.
func texts(t *testing.T, s *Store, ref string) []string {
	t.Helper()
	list, cut, err := s.Attached(context.Background(), find(t, s, ref))
	if err != nil || cut {
		t.Fatal(cut, err)
	}
	out := []string{}
	for _, a := range list {
		text := string(a.Data)
		if a.Problem != "" {
			text = a.Problem
		}
		if a.Signature != "" {
			text += " signed " + a.Signature
		}
		out = append(out, text)
	}
	slices.Sort(out)
	return out
}

func hexTag(digest string) string { return strings.Replace(digest, ":", "-", 1) }

var classic = ocitest.Beside{MediaType: "application/vnd.dev.cosign.simplesigning.v1+json", Data: []byte("payload"), Annotations: map[string]string{annotationSignature: "c2ln"}}

func TestAttachedInLayout(t *testing.T) {
	t.Parallel()
	image := remoteImage().Build()
	other := ocitest.ImageOf(entries{ocitest.File("b", "b")}).Build()
	manifest := ocitest.Descriptor{MediaType: oci.TypeManifest, Digest: image.Manifests[0], Size: int64(len(image.Blobs[image.Manifests[0]]))}
	broken := ocitest.Referrer(image.Root, attach("broken"))
	for d, b := range broken.Blobs {
		if string(b) == "broken" {
			broken.Swap(d)
		}
	}
	dir := filepath.Join(t.TempDir(), "layout")
	ocitest.WriteLayout(t, dir,
		ocitest.Ref{Name: "test/x:1", Built: image}, ocitest.Ref{Name: "test/y:1", Built: other},
		ocitest.Ref{Built: ocitest.Referrer(image.Root, attach("about the index"))},
		ocitest.Ref{Built: ocitest.Referrer(manifest, attach("about the manifest"), ocitest.Beside{MediaType: "text/plain", Data: []byte("no signature")})},
		ocitest.Ref{Built: ocitest.Referrer(other.Root, attach("about another"))},
		ocitest.Ref{Name: hexTag(image.Root.Digest) + ".sig", Built: ocitest.Referrer(ocitest.Descriptor{}, classic)},
		ocitest.Ref{Built: broken},
	)
	s := open(t, Options{Paths: []string{dir}, Offline: true})
	got := texts(t, s, "test/x:1")
	want := []string{"about the index", "about the manifest", "blob ", "payload signed c2ln"}
	if len(got) != len(want) {
		t.Fatalf("got %q", got)
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("got %q, want %q", got[i], want[i])
		}
	}
	if got := texts(t, s, "test/y:1"); !slices.Equal(got, []string{"about another"}) {
		t.Errorf("got %q", got)
	}
}

// The result says when some attached blobs were not read.
func TestAttachedBounds(t *testing.T) {
	t.Parallel()
	image := ocitest.ImageOf(entries{ocitest.File("a", "a")}).Build()
	var many []ocitest.Beside
	for i := range maxAttached + 1 {
		many = append(many, attach(fmt.Sprint(i)))
	}
	refs := []ocitest.Ref{{Name: "test/x:1", Built: image}, {Built: ocitest.Referrer(image.Root, many...)}}
	dir := filepath.Join(t.TempDir(), "layout")
	ocitest.WriteLayout(t, dir, refs...)
	s := open(t, Options{Paths: []string{dir}, Offline: true})
	list, cut, err := s.Attached(context.Background(), find(t, s, "test/x:1"))
	if err != nil || !cut || len(list) != maxAttached {
		t.Errorf("%d, cut %v, %v", len(list), cut, err)
	}
}

// BuildKit lists its statements in the index of the image.
func TestAttachedByBuildKit(t *testing.T) {
	t.Parallel()
	image := ocitest.BuildKit(ocitest.ImageOf(entries{ocitest.File("a", "a")}), func(string) []ocitest.Beside {
		return []ocitest.Beside{{MediaType: "application/vnd.in-toto+json", Data: []byte("{}")}}
	})
	if got := texts(t, storeOf(t, image, Options{}), "test/x:1"); !slices.Equal(got, []string{"{}"}) {
		t.Errorf("got %q", got)
	}
}

func TestAttachedInRegistry(t *testing.T) {
	ocitest.DockerConfig(t, "", "", "")
	reg := ocitest.NewRegistry(t)
	image := remoteImage().Build()
	ref := reg.Push("a/x:1", image)
	reg.Push("a/x:referrer", ocitest.Referrer(image.Root, attach("about the index")))
	reg.Push("a/x:"+hexTag(image.Manifests[0])+".att", ocitest.Referrer(ocitest.Descriptor{}, classic))
	cache := t.TempDir()
	s := open(t, Options{Cache: cache})
	if got := texts(t, s, ref); !slices.Equal(got, []string{"about the index", "payload signed c2ln"}) {
		t.Errorf("got %q", got)
	}
	offline := open(t, Options{Cache: cache, Offline: true})
	if _, _, err := offline.Attached(context.Background(), find(t, offline, ref)); !errors.Is(err, ErrNotAsked) {
		t.Errorf("no registry was asked, but the error is %v", err)
	}
}
