package layout

import (
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// A signer replaces its own statement, also in a layout of an older version, which has
// another name for the signer's annotation. The statements of others stay.
func TestAttachReplaces(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	blob := Blob{Digest: digest.FromString("layer"), Size: 5, Reader: strings.NewReader("layer")}
	image, _, err := l.Put([]string{"a:1"}, "amd64", blob, ocispec.Image{})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	// opened calls f with the list of the layout. Only one program has a layout open.
	opened := func(f func(l *Layout, all []ocispec.Descriptor)) {
		t.Helper()
		l, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		all, err := l.images()
		if err != nil {
			t.Fatal(err)
		}
		f(l, all)
	}
	attach := func(signer, text string) {
		t.Helper()
		if err := Attach(dir, []Attachment{{Subject: image.String(), MediaType: "application/json", Data: []byte(text), PredicateType: "https://example.org/x", Signer: signer}}); err != nil {
			t.Fatal(err)
		}
	}
	statements := func() map[string]int {
		t.Helper()
		out := map[string]int{}
		opened(func(_ *Layout, all []ocispec.Descriptor) {
			for _, d := range all {
				if isAttachment(d) {
					out[signerOf(d)]++
				}
			}
		})
		return out
	}
	attach("one", "1")
	attach("two", "2")
	opened(func(l *Layout, all []ocispec.Descriptor) {
		for i := range all {
			if signer := all[i].Annotations[annotationSigner]; signer != "" {
				delete(all[i].Annotations, annotationSigner)
				all[i].Annotations[annotationOldSigner] = signer
			}
		}
		if err := l.writeIndex(all); err != nil {
			t.Fatal(err)
		}
	})
	if got := statements(); got["one"] != 1 || got["two"] != 1 {
		t.Fatalf("an older layout has %v", got)
	}
	attach("one", "3")
	if got := statements(); len(got) != 2 || got["one"] != 1 || got["two"] != 1 {
		t.Errorf("after a new statement of one: %v", got)
	}
	opened(func(_ *Layout, all []ocispec.Descriptor) {
		for _, d := range all {
			if signerOf(d) == "one" && (d.Annotations[annotationSigner] != "one" || d.Annotations[annotationOldSigner] != "") {
				t.Errorf("the new statement has the annotations %v", d.Annotations)
			}
		}
	})
}
