package component

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// errNotFound: a source does not have the image or blob. Another source may.
var errNotFound = errors.New("not found")

// readBlob reads a whole small blob, and verifies it.
func readBlob(ctx context.Context, p *place, d oci.Descriptor, limit int64) ([]byte, error) {
	if d.Size > limit {
		return nil, fmt.Errorf("blob %s has %d bytes; the limit is %d", d.Digest, d.Size, limit)
	}
	rc, err := p.open(ctx, d)
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	var b bytes.Buffer
	n, err := b.ReadFrom(io.LimitReader(oci.NewChecker(rc, d), limit+1))
	if err != nil {
		return nil, err
	}
	if n > limit {
		return nil, fmt.Errorf("blob %s has more than %d bytes", d.Digest, limit)
	}
	return b.Bytes(), nil
}

// Verify hashes every layer of img as it is stored, and compares the digests. It
// replaces Pass if the content of the image is already known. Errors are those of
// Pass.
func (s *Store) Verify(ctx context.Context, img *system.Image) error {
	p, err := s.place(img)
	if err != nil {
		return err
	}
	for _, l := range img.Layers {
		if err := hashBlob(ctx, p, stored(l)); err != nil {
			return imageError(img.Reference, system.Position{}, fmt.Errorf("%s: %w", p.where, err))
		}
	}
	return nil
}

func hashBlob(ctx context.Context, p *place, d oci.Descriptor) error {
	rc, err := p.open(ctx, d)
	if err != nil {
		return err
	}
	defer rc.Close()
	buf := make([]byte, 256<<10)
	for c := oci.NewChecker(rc, d); ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := c.Read(buf); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// Descriptor names one blob of an image.
type Descriptor struct {
	MediaType, Digest string
	Size              int64
	// Platform is OS/ARCH[/VARIANT] of a manifest in an index, else "".
	Platform string
}

func public(d oci.Descriptor) Descriptor {
	return Descriptor{MediaType: d.MediaType, Digest: d.Digest, Size: d.Size}
}

// Contents lists the blobs of img for the given platforms (OS/ARCH[/VARIANT];
// without any: for all). The order is: index, then manifest, config and layers of
// each platform. Each blob is listed once, and can then be read with Blob. An
// image without an index has one platform.
func (s *Store) Contents(ctx context.Context, img *system.Image, platforms []string) ([]Descriptor, error) {
	p, err := s.place(img)
	if err != nil {
		return nil, err
	}
	out, err := s.contents(ctx, p, img, platforms)
	if err != nil {
		return nil, imageError(img.Reference, system.Position{}, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, d := range out {
		p.blobs[d.Digest] = oci.Descriptor{MediaType: d.MediaType, Digest: d.Digest, Size: d.Size}
	}
	return out, nil
}

func (s *Store) contents(ctx context.Context, p *place, img *system.Image, platforms []string) ([]Descriptor, error) {
	own := "linux/" + s.opt.Arch
	manifests := []Descriptor{{MediaType: img.MediaType, Digest: img.Manifest, Size: img.Size, Platform: own}}
	var out []Descriptor
	if img.Digest != img.Manifest {
		root := p.known(img.Digest)
		raw, err := readBlob(ctx, p, root, s.limits.manifest)
		if err != nil {
			return nil, err
		}
		x, err := s.parseIndex(raw)
		if err != nil {
			return nil, err
		}
		manifests = nil
		for _, d := range x.Manifests {
			manifests = append(manifests, Descriptor{d.MediaType, d.Digest, d.Size, d.Platform.String()})
		}
		out = append(out, Descriptor{MediaType: root.MediaType, Digest: root.Digest, Size: int64(len(raw))})
	}
	if manifests, err := choose(manifests, platforms); err != nil {
		return nil, err
	} else if err := s.addManifests(ctx, p, manifests, &out); err != nil {
		return nil, err
	}
	return unique(out), nil
}

func (s *Store) addManifests(ctx context.Context, p *place, manifests []Descriptor, out *[]Descriptor) error {
	for _, d := range manifests {
		raw, err := readBlob(ctx, p, oci.Descriptor{MediaType: d.MediaType, Digest: d.Digest, Size: d.Size}, s.limits.manifest)
		if err != nil {
			return err
		}
		m, err := s.parseManifest(raw)
		if err != nil {
			return fmt.Errorf("manifest %s: %w", d.Digest, err)
		}
		*out = append(*out, d, public(m.Config))
		for _, l := range m.Layers {
			*out = append(*out, public(l))
		}
	}
	return nil
}

// choose picks the wanted platforms, each of which must exist. Without a variant,
// a wanted platform matches every variant.
func choose(have []Descriptor, want []string) ([]Descriptor, error) {
	if len(want) == 0 {
		return have, nil
	}
	var out []Descriptor
	for _, w := range want {
		found := false
		for _, d := range have {
			if d.Platform == w || len(d.Platform) > len(w) && d.Platform[:len(w)+1] == w+"/" {
				out, found = append(out, d), true
			}
		}
		if !found {
			return nil, fmt.Errorf("no platform %s; listed platforms: %s", w, platformList(have))
		}
	}
	return out, nil
}

func unique(ds []Descriptor) []Descriptor {
	seen := map[string]bool{}
	out := ds[:0]
	for _, d := range ds {
		if !seen[d.Digest] {
			seen[d.Digest] = true
			out = append(out, d)
		}
	}
	return out
}

// Blob returns the bytes of one blob of img: its index, manifest, config, a
// layer, or any blob that Contents listed. A wrong size or digest is reported in
// place of io.EOF, so the caller must read to the end before it uses the bytes.
func (s *Store) Blob(ctx context.Context, img *system.Image, digest string) (io.ReadCloser, error) {
	p, err := s.place(img)
	if err != nil {
		return nil, err
	}
	d := p.known(digest)
	if d.Digest == "" {
		return nil, imageError(img.Reference, system.Position{}, fmt.Errorf("blob %s is not part of the image", digest))
	}
	rc, err := p.open(ctx, d)
	if err != nil {
		return nil, imageError(img.Reference, system.Position{}, err)
	}
	return oci.NewChecker(rc, d), nil
}
