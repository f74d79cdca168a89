package layout

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// An image whose digest is not a digest is replaced as any damaged one.
func TestInvalidDigest(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"nonsense", "sha256:../../x", ""} {
		dir := t.TempDir()
		index := `{"schemaVersion":2,"manifests":[{"mediaType":"` + ocispec.MediaTypeImageIndex + `","digest":"` + bad +
			`","size":1,"annotations":{"` + ocispec.AnnotationRefName + `":"a:1"}}]}`
		if err := os.WriteFile(filepath.Join(dir, ocispec.ImageIndexFile), []byte(index), 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		names := []string{"a:1"}
		if _, ok := l.Has(names, "amd64", bad); ok {
			t.Errorf("%q: the layout has the image", bad)
		}
		blob := Blob{Digest: digest.FromString("layer"), Size: 5, Reader: strings.NewReader("layer")}
		made, manifest, err := l.Put(names, "amd64", blob, ocispec.Image{})
		if err != nil {
			t.Fatalf("%q: %v", bad, err)
		}
		if got, ok := l.Has(names, "amd64", manifest.String()); !ok || got != made {
			t.Errorf("%q: %s, %v", bad, got, ok)
		}
	}
}
