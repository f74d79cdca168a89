// Package layout writes OCI image layouts: images under their names, and signed
// statements about them. One writer at a time has the layout.
package layout

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sort"

	"github.com/opencontainers/go-digest"
	specs "github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/atomicfile"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
)

const (
	annotationName = "io.containerd.image.name"
	maxIndex       = 8 << 20
)

// Layout is an OCI image layout that is open for one writer.
type Layout struct {
	dir  string
	lock *os.File
}

// Open makes or opens the layout in dir and waits for its lock.
func Open(dir string) (*Layout, error) {
	if err := os.MkdirAll(filepath.Join(dir, "blobs", "sha256"), 0o755); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(dir, ".lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		lock.Close()
		return nil, err
	}
	l := &Layout{dir, lock}
	version, err := json.Marshal(ocispec.ImageLayout{Version: ocispec.ImageLayoutVersion})
	if err == nil {
		err = l.replace(ocispec.ImageLayoutFile, bytes.NewReader(version))
	}
	if err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

func (l *Layout) Close() error { return l.lock.Close() }

// replace writes a file beside its place, and renames it.
func (l *Layout) replace(name string, r io.Reader) error {
	f, err := atomicfile.Create(filepath.Join(l.dir, name), 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := io.Copy(f, r); err != nil {
		return err
	}
	return f.Commit()
}

func blobPath(d digest.Digest) string { return filepath.Join("blobs", "sha256", d.Encoded()) }

func (l *Layout) blob(d digest.Digest, r io.Reader) error { return l.replace(blobPath(d), r) }

// jsonBlob stores v and describes it.
func (l *Layout) jsonBlob(v any, mediaType string) (ocispec.Descriptor, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	d := digest.FromBytes(data)
	return ocispec.Descriptor{MediaType: mediaType, Digest: d, Size: int64(len(data))}, l.blob(d, bytes.NewReader(data))
}

// images is the list of images of the layout.
func (l *Layout) images() ([]ocispec.Descriptor, error) {
	data, err := bounded.ReadFile(filepath.Join(l.dir, ocispec.ImageIndexFile), maxIndex)
	if err != nil {
		return nil, err
	}
	var top ocispec.Index
	if err := json.Unmarshal(data, &top); err != nil {
		return nil, fmt.Errorf("%s: %w", ocispec.ImageIndexFile, err)
	}
	return top.Manifests, nil
}

// manifest reads the manifest or index d into v, and returns its size. Its bytes must
// have this digest.
func (l *Layout) manifest(d digest.Digest, v any) (size int64, err error) {
	if err := d.Validate(); err != nil {
		return 0, err
	}
	data, err := bounded.ReadFile(filepath.Join(l.dir, blobPath(d)), maxIndex)
	if err != nil {
		return 0, err
	}
	if digest.FromBytes(data) != d {
		return 0, system.Mismatch("the bytes of blob %s do not match its digest", d.String())
	}
	if err := json.Unmarshal(data, v); err != nil {
		return 0, fmt.Errorf("blob %s: %w", d, err)
	}
	return int64(len(data)), nil
}

// Blob is the compressed layer of an image.
type Blob struct {
	Digest digest.Digest
	Size   int64
	Reader io.Reader
}

// Put stores an image under its names: an index with one manifest for each
// architecture. This build replaces the manifest of its own architecture. It
// returns the digests of index and manifest.
func (l *Layout) Put(names []string, arch string, layer Blob, img ocispec.Image) (index, manifest digest.Digest, err error) {
	if err := l.blob(layer.Digest, layer.Reader); err != nil {
		return "", "", err
	}
	config, err := l.jsonBlob(img, ocispec.MediaTypeImageConfig)
	if err != nil {
		return "", "", err
	}
	m, err := l.jsonBlob(ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2},
		MediaType: ocispec.MediaTypeImageManifest,
		Config:    config,
		Layers: []ocispec.Descriptor{{MediaType: ocispec.MediaTypeImageLayerGzip,
			Digest: layer.Digest, Size: layer.Size}},
	}, ocispec.MediaTypeImageManifest)
	if err != nil {
		return "", "", err
	}
	m.Platform = &ocispec.Platform{OS: "linux", Architecture: arch}

	images, err := l.images()
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", "", err
	}
	platforms := []ocispec.Descriptor{m}
	var kept []ocispec.Descriptor
	for _, d := range images {
		name := d.Annotations[ocispec.AnnotationRefName]
		if !slices.Contains(names, name) {
			kept = append(kept, d)
			continue
		}
		if name != names[0] {
			continue
		}
		var old ocispec.Index
		if _, err := l.manifest(d.Digest, &old); err != nil {
			continue // a damaged image is replaced completely
		}
		for _, p := range old.Manifests {
			if p.Platform != nil && p.Platform.Architecture != arch {
				platforms = append(platforms, p)
			}
		}
	}
	sort.Slice(platforms, func(i, j int) bool { return platforms[i].Platform.Architecture < platforms[j].Platform.Architecture })
	idx, err := l.jsonBlob(ocispec.Index{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageIndex, Manifests: platforms,
	}, ocispec.MediaTypeImageIndex)
	if err != nil {
		return "", "", err
	}
	for _, name := range names {
		named := idx
		named.Annotations = map[string]string{ocispec.AnnotationRefName: name, annotationName: name}
		kept = append(kept, named)
	}
	return idx.Digest, m.Digest, l.writeIndex(kept)
}

// sweep removes the blobs that no image in the layout uses.
func (l *Layout) sweep(roots []ocispec.Descriptor) error {
	used := map[string]bool{}
	var mark func(ds []ocispec.Descriptor) error
	mark = func(ds []ocispec.Descriptor) error {
		for _, d := range ds {
			if used[d.Digest.Encoded()] {
				continue
			}
			used[d.Digest.Encoded()] = true
			var below struct {
				Manifests, Layers []ocispec.Descriptor
				Config            *ocispec.Descriptor
			}
			switch d.MediaType {
			case ocispec.MediaTypeImageIndex, ocispec.MediaTypeImageManifest:
			default:
				continue
			}
			f, err := os.Open(filepath.Join(l.dir, blobPath(d.Digest)))
			if errors.Is(err, os.ErrNotExist) {
				continue
			}
			if err != nil {
				return err
			}
			err = json.NewDecoder(io.LimitReader(f, maxIndex)).Decode(&below)
			f.Close()
			if err != nil {
				return fmt.Errorf("blob %s: %w", d.Digest, err)
			}
			if below.Config != nil {
				below.Layers = append(below.Layers, *below.Config)
			}
			if err := mark(append(below.Manifests, below.Layers...)); err != nil {
				return err
			}
		}
		return nil
	}
	for _, d := range roots {
		// An image of another tool may use blobs in ways that are unknown here.
		if d.MediaType != ocispec.MediaTypeImageIndex && !isAttachment(d) || d.Digest.Validate() != nil {
			return nil //nolint:nilerr // nothing is removed then
		}
	}
	if err := mark(roots); err != nil {
		return err
	}
	blobs, err := os.ReadDir(filepath.Join(l.dir, "blobs", "sha256"))
	if err != nil {
		return err
	}
	for _, b := range blobs {
		if !used[b.Name()] && len(b.Name()) == 2*sha256.Size {
			if err := os.Remove(filepath.Join(l.dir, "blobs", "sha256", b.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}
