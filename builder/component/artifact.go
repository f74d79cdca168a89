package component

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/builder/component/registry"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// Artifact is an artifact in a registry that is not an image: one small blob
// and its referrers.
type Artifact struct {
	// Name is the full reference, Digest the digest of the manifest.
	Name, Digest string
	MediaType    string // of the blob
	Blob         []byte
	// Referrers are the blobs of one type whose manifests name this manifest
	// as their subject. Anyone can add a referrer: they are not verified.
	Referrers [][]byte
}

// ArtifactQuery says which artifact is accepted.
type ArtifactQuery struct {
	// MediaType and MaxBlob are the type and the maximum size of the blob. Any
	// other blob is an ErrUnusable.
	MediaType string
	MaxBlob   int64
	// ReferrerType is the artifact type of the wanted referrers. "" means none.
	// MaxReferrer is the maximum size of each referrer's blob.
	ReferrerType string
	MaxReferrer  int64
	// Digest is the digest that the manifest must have. "" means any. Another
	// digest is an ErrMismatch.
	Digest string
}

// maxReferrers is the maximum number of referrers that are read.
const maxReferrers = 64

// Artifact fetches an artifact. Every byte is verified against the digest of the
// manifest, and kept in the cache. The registry is asked for the tag and the
// referrers each time. With Offline, the last answers come from the cache.
func (s *Store) Artifact(ctx context.Context, reference string, q ArtifactQuery) (*Artifact, error) {
	r, err := oci.ParseReference(reference)
	if err != nil {
		return nil, system.BadInput("artifact %s", err)
	}
	u := s.upstream()
	if u == nil {
		return nil, s.notFound(r)
	}
	if q.Digest != "" {
		if r.Digest != "" && r.Digest != q.Digest {
			return nil, artifactError(reference, lockMismatch(q.Digest, r.Digest, "the reference"))
		}
		r.Digest = q.Digest
	}
	a, err := s.artifact(ctx, u, r, q)
	if err != nil {
		return nil, artifactError(reference, err)
	}
	return a, nil
}

// artifactError is like imageError, but for an artifact, which --components
// cannot contain.
func artifactError(reference string, err error) error {
	var e *system.Error
	if err = imageError(reference, system.Position{}, err); errors.As(err, &e) {
		e.What = strings.Replace(e.What, "image ", "artifact ", 1)
		e.Next = strings.Replace(e.Next, registry.ComponentsToo, "", 1)
	}
	return err
}

func (s *Store) upstream() *upstream {
	for _, src := range s.sources {
		if u, ok := src.(*upstream); ok {
			return u
		}
	}
	return nil
}

func (s *Store) artifact(ctx context.Context, u *upstream, r oci.Reference, q ArtifactQuery) (*Artifact, error) {
	d, raw, err := u.current(ctx, r)
	if errors.Is(err, errNotFound) {
		return nil, s.notFound(r)
	}
	if err != nil {
		return nil, err
	}
	layer, err := onlyLayer(raw, q.MediaType, q.MaxBlob)
	if err != nil {
		return nil, err
	}
	a := &Artifact{Name: r.Name, Digest: d.Digest, MediaType: layer.MediaType}
	if a.Blob, err = u.read(ctx, r, layer, nil); err != nil {
		return nil, err
	}
	if q.ReferrerType == "" {
		return a, nil
	}
	list, err := u.referrers(ctx, r, d.Digest)
	if err != nil {
		return nil, err
	}
	// Some registries do not list the artifact type. Entries with it come first.
	right, other := []oci.Descriptor{}, []oci.Descriptor{}
	for _, m := range list {
		if m.ArtifactType == q.ReferrerType {
			right = append(right, m)
		} else {
			other = append(other, m)
		}
	}
	list = slices.Concat(right, other)
	for _, m := range list[:min(len(list), maxReferrers)] {
		if m.Size > s.limits.manifest {
			continue
		}
		// One wrong referrer must not hide the others.
		if blob, err := u.referrer(ctx, r, m, q); err == nil {
			a.Referrers = append(a.Referrers, blob)
		} else if ctx.Err() != nil {
			return nil, err
		}
	}
	return a, nil
}

func (u *upstream) referrer(ctx context.Context, r oci.Reference, m oci.Descriptor, q ArtifactQuery) ([]byte, error) {
	raw, err := u.read(ctx, r, m, nil)
	if err != nil {
		return nil, err
	}
	layer, err := onlyLayer(raw, q.ReferrerType, q.MaxReferrer)
	if err != nil {
		return nil, err
	}
	return u.read(ctx, r, layer, nil)
}

// current returns the manifest that a reference names now. The registry resolves
// a tag, or the cache if the registry may not be asked.
func (u *upstream) current(ctx context.Context, r oci.Reference) (oci.Descriptor, []byte, error) {
	var d oci.Descriptor
	var have map[string][]byte
	named := r.Name
	switch p, err := u.cached(ctx, r); {
	case err == nil && (r.Digest != "" || u.registry == nil):
		if len(p.roots) != 1 {
			return d, nil, errors.New("the cache has several manifests of this name")
		}
		d = p.roots[0]
	case u.registry == nil:
		return d, nil, errNotFound
	default:
		var raw []byte
		if d, raw, err = u.registry.Manifest(ctx, r); err != nil {
			return d, nil, err
		}
		have = map[string][]byte{d.Digest: raw}
	}
	if r.Digest != "" {
		named = r.Registry + "/" + r.Repository + "@" + r.Digest
	}
	raw, err := u.read(ctx, r, d, have)
	if err == nil && u.cache != nil && have != nil {
		d.MediaType = oci.TypeManifest
		err = u.cache.name(named, d)
	}
	return d, raw, err
}

func (u *upstream) cached(ctx context.Context, r oci.Reference) (*place, error) {
	if u.cache == nil {
		return nil, errNotFound
	}
	return u.cache.find(ctx, r)
}

// read returns a whole small blob or manifest, verified.
func (u *upstream) read(ctx context.Context, r oci.Reference, d oci.Descriptor, have map[string][]byte) ([]byte, error) {
	if err := d.Valid(); err != nil {
		return nil, err
	}
	rc, err := u.opener(r, have)(ctx, d)
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	var b bytes.Buffer
	_, err = io.Copy(&b, oci.NewChecker(rc, d)) // it fails after the size of the descriptor
	return b.Bytes(), err
}

// onlyLayer returns the only layer of a manifest. It is an error if the type or
// the size is wrong.
func onlyLayer(raw []byte, mediaType string, most int64) (oci.Descriptor, error) {
	doc, err := parseDocument(raw, "")
	switch {
	case err != nil:
		return oci.Descriptor{}, err
	case doc.Layers == nil || len(*doc.Layers) != 1:
		return oci.Descriptor{}, errors.New("not a manifest with exactly one layer")
	}
	d := (*doc.Layers)[0]
	switch {
	case d.MediaType != mediaType:
		return d, fmt.Errorf("media type %q is not %s", d.MediaType, mediaType)
	case d.Size > most:
		return d, fmt.Errorf("the layer has %d bytes; the limit is %d", d.Size, most)
	}
	return d, d.Valid()
}

// referrers lists the manifests whose subject is digest. Offline, it uses the list in
// the cache.
func (u *upstream) referrers(ctx context.Context, r oci.Reference, digest string) ([]oci.Descriptor, error) {
	tag := r
	tag.Digest, tag.Tag = "", registry.Fallback(digest)
	tag.Name = r.Registry + "/" + r.Repository + ":" + tag.Tag
	if u.registry == nil {
		p, err := u.cached(ctx, tag)
		if err != nil || len(p.roots) != 1 {
			return nil, nil //nolint:nilerr // what is not in the cache has no referrers there
		}
		raw, err := u.read(ctx, tag, p.roots[0], nil)
		if err != nil {
			return nil, err
		}
		return referrersIn(raw)
	}
	pages, err := u.registry.Referrers(ctx, r, digest, "") // some registries list other types
	if err != nil || len(pages) == 0 {
		return nil, err
	}
	var list []oci.Descriptor
	for _, raw := range pages {
		more, err := referrersIn(raw)
		if err != nil {
			return nil, err
		}
		for _, m := range more {
			if !slices.ContainsFunc(list, func(o oci.Descriptor) bool { return o.Digest == m.Digest }) {
				list = append(list, m)
			}
		}
	}
	if u.cache == nil {
		return list, nil
	}
	raw := pages[0]
	if len(pages) > 1 {
		if raw, err = json.Marshal(map[string]any{"schemaVersion": 2, "mediaType": oci.TypeIndex, "manifests": list}); err != nil {
			return nil, err
		}
	}
	d := oci.Descriptor{MediaType: oci.TypeIndex, Digest: digests.Of(raw), Size: int64(len(raw))}
	if _, err := u.read(ctx, tag, d, map[string][]byte{d.Digest: raw}); err != nil {
		return nil, err
	}
	return list, u.cache.name(tag.Name, d)
}

func referrersIn(raw []byte) ([]oci.Descriptor, error) {
	doc, err := parseDocument(raw, "")
	if err != nil {
		return nil, fmt.Errorf("the list of referrers is malformed: %w", err)
	}
	if doc.Manifests == nil {
		return nil, errors.New("the list of referrers is not an index")
	}
	return *doc.Manifests, nil
}
