package layout

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/seaworthy-os/seaworthy/internal/bounded"
)

// Has returns the index of an image if the layout has it under all of its names,
// with all of its blobs.
func (l *Layout) Has(names []string, arch, manifest string) (index digest.Digest, ok bool) {
	top, err := l.readIndex(ocispec.ImageIndexFile, "")
	if err != nil {
		return "", false
	}
	named := map[string]digest.Digest{}
	for _, d := range top.Manifests {
		named[d.Annotations[ocispec.AnnotationRefName]] = d.Digest
	}
	index = named[names[0]]
	for _, name := range names {
		if named[name] != index || index == "" {
			return "", false
		}
	}
	idx, err := l.readIndex(blobPath(index), index)
	if err != nil {
		return "", false
	}
	for _, p := range idx.Manifests {
		if p.Platform != nil && p.Platform.Architecture == arch && p.Digest.String() == manifest {
			return index, l.complete(p.Digest)
		}
	}
	return "", false
}

// complete reports whether the blobs of a manifest are there, with the right size.
func (l *Layout) complete(d digest.Digest) bool {
	data, err := bounded.ReadFile(filepath.Join(l.dir, blobPath(d)), maxIndex)
	if err != nil || digest.FromBytes(data) != d {
		return false
	}
	var m ocispec.Manifest
	if json.NewDecoder(bytes.NewReader(data)).Decode(&m) != nil {
		return false
	}
	for _, b := range append(m.Layers, m.Config) {
		if b.Digest.Validate() != nil {
			return false
		}
		info, err := os.Lstat(filepath.Join(l.dir, blobPath(b.Digest)))
		if err != nil || !info.Mode().IsRegular() || info.Size() != b.Size {
			return false
		}
	}
	return true
}
