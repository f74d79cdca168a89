package layout

import (
	"os"
	"path/filepath"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Has returns the index of an image if the layout has it under all of its names,
// with all of its blobs.
func (l *Layout) Has(names []string, arch, manifest string) (index digest.Digest, ok bool) {
	images, err := l.images()
	if err != nil {
		return "", false
	}
	named := map[string]digest.Digest{}
	for _, d := range images {
		named[d.Annotations[ocispec.AnnotationRefName]] = d.Digest
	}
	index = named[names[0]]
	for _, name := range names {
		if named[name] != index || index == "" {
			return "", false
		}
	}
	var idx ocispec.Index
	if _, err := l.manifest(index, &idx); err != nil {
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
	var m ocispec.Manifest
	if _, err := l.manifest(d, &m); err != nil {
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
