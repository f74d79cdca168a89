package ocitest

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// Ref is an image under a name.
type Ref struct {
	Name  string
	Built *Built
}

// Named builds src under a reference for the annotations of the layout. With "" the
// image has no name.
func Named(name string, src Source) Ref { return Ref{name, src.Build()} }

// WriteLayout creates the OCI layout folder dir with refs.
func WriteLayout(tb testing.TB, dir string, refs ...Ref) {
	tb.Helper()
	for _, f := range layoutFiles(refs) {
		name := filepath.Join(dir, f.name)
		check(tb, os.MkdirAll(filepath.Dir(name), 0o755))
		check(tb, os.WriteFile(name, f.data, 0o644))
	}
}

// WriteArchive writes the same layout as a tar. It is compressed with gzip if the
// name of the file ends in "gz".
func WriteArchive(tb testing.TB, file string, refs ...Ref) {
	tb.Helper()
	writeTar(tb, file, layoutFiles(refs))
}

// WriteDockerArchive writes the old form of docker save: a manifest.json, configs,
// and layers as uncompressed tars or as stored. It refuses indexes, which this form
// does not have.
func WriteDockerArchive(tb testing.TB, file string, refs ...Ref) {
	tb.Helper()
	type item struct {
		Config   string
		RepoTags []string
		Layers   []string
	}
	var items []item
	var files []namedFile
	seen := map[string]bool{}
	put := func(name string, data []byte) {
		if !seen[name] {
			seen[name] = true
			files = append(files, namedFile{name, data})
		}
	}
	for _, r := range refs {
		if len(r.Built.Manifests) != 1 {
			tb.Fatalf("docker archive of %q: want one image", r.Name)
		}
		it := item{Config: hexOf(r.Built.Configs[0]) + ".json", RepoTags: []string{r.Name}, Layers: []string{}}
		put(it.Config, r.Built.Blobs[r.Built.Configs[0]])
		for _, l := range r.Built.Layers[0] {
			name := hexOf(l) + "/layer.tar"
			put(name, r.Built.Blobs[l])
			it.Layers = append(it.Layers, name)
		}
		items = append(items, it)
	}
	put("manifest.json", encode(items))
	writeTar(tb, file, files)
}

type namedFile struct {
	name string
	data []byte
}

func layoutFiles(refs []Ref) []namedFile {
	type index struct {
		SchemaVersion int          `json:"schemaVersion"`
		MediaType     string       `json:"mediaType"`
		Manifests     []Descriptor `json:"manifests"`
	}
	out := index{2, "application/vnd.oci.image.index.v1+json", []Descriptor{}}
	files := []namedFile{{"oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`)}}
	seen := map[string]bool{}
	for _, r := range refs {
		d := r.Built.Root
		if r.Name != "" {
			d.Annotations = map[string]string{"org.opencontainers.image.ref.name": r.Name}
		}
		out.Manifests = append(out.Manifests, d)
		for _, digest := range r.Built.sortedBlobs() {
			if name := "blobs/sha256/" + hexOf(digest); !seen[name] {
				seen[name] = true
				files = append(files, namedFile{name, r.Built.Blobs[digest]})
			}
		}
	}
	return append(files, namedFile{"index.json", encode(out)})
}

func writeTar(tb testing.TB, file string, files []namedFile) {
	tb.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		check(tb, w.WriteHeader(&tar.Header{Name: f.name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(f.data))}))
		_, err := w.Write(f.data)
		check(tb, err)
	}
	check(tb, w.Close())
	data := b.Bytes()
	if strings.HasSuffix(file, "gz") {
		data = compressGzip(data)
	}
	check(tb, os.MkdirAll(filepath.Dir(file), 0o755))
	check(tb, os.WriteFile(file, data, 0o644))
}

func hexOf(digest string) string { return digests.Hex(digest) }

func check(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
