package component

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/component/layer"
	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/strictjson"
	"github.com/seaworthy-os/seaworthy/internal/words"
)

// document is an index or a manifest. Its content decides which, and its media
// type must agree: otherwise two readers could see different images under the
// same digest.
type document struct {
	SchemaVersion int               `json:"schemaVersion"`
	MediaType     string            `json:"mediaType"`
	ArtifactType  string            `json:"artifactType"`
	Manifests     *[]oci.Descriptor `json:"manifests"`
	Config        *oci.Descriptor   `json:"config"`
	Layers        *[]oci.Descriptor `json:"layers"`
	// FSLayers is set in schema 1 only.
	FSLayers json.RawMessage `json:"fsLayers"`
}

func parseDocument(raw []byte, mediaType string) (*document, error) {
	var d document
	if err := decodeJSON(raw, &d); err != nil {
		return nil, err
	}
	index, manifest := d.Manifests != nil, d.Config != nil || d.Layers != nil
	switch {
	case d.SchemaVersion == 1 || d.FSLayers != nil:
		return nil, errors.New("a schema 1 manifest cannot be verified: push the image again with a current tool")
	case d.SchemaVersion != 2:
		return nil, fmt.Errorf("schemaVersion %d is not 2", d.SchemaVersion)
	case index == manifest:
		return nil, errors.New("must be either an index or a manifest")
	}
	for _, t := range []string{mediaType, d.MediaType} {
		if t != "" && (index && !oci.IsIndex(t) || manifest && !oci.IsManifest(t)) {
			return nil, fmt.Errorf("media type %q does not match the content", t)
		}
	}
	return &d, nil
}

// decodeJSON reads one JSON value and nothing after it. Names may be in upper or
// lower case, but a duplicate name is an error: a runtime that reads the other
// value would start another image.
func decodeJSON(raw []byte, v any) error {
	if err := strictjson.DecodeFolded(raw, v); err != nil {
		return fmt.Errorf("not the expected JSON: %w", err)
	}
	return nil
}

type index struct{ Manifests []oci.Descriptor }

func (s *Store) parseIndex(raw []byte) (*index, error) {
	d, err := parseDocument(raw, "")
	if err != nil {
		return nil, err
	}
	if d.Manifests == nil {
		return nil, errors.New("not an index")
	}
	if n := len(*d.Manifests); n > s.limits.manifests {
		return nil, fmt.Errorf("the index has %d entries; the limit is %d", n, s.limits.manifests)
	}
	for _, m := range *d.Manifests {
		if err := m.Valid(); err != nil {
			return nil, err
		}
	}
	return &index{*d.Manifests}, nil
}

type manifest struct {
	MediaType string
	Config    oci.Descriptor
	Layers    []oci.Descriptor
}

func (s *Store) parseManifest(raw []byte) (*manifest, error) {
	d, err := parseDocument(raw, "")
	if err != nil {
		return nil, err
	}
	if d.Config == nil || d.Layers == nil {
		return nil, errors.New("a manifest needs config and layers")
	}
	m := &manifest{MediaType: d.MediaType, Config: *d.Config, Layers: *d.Layers}
	if n := len(m.Layers); n > s.limits.layers {
		return nil, fmt.Errorf("the manifest has %d layers; the limit is %d", n, s.limits.layers)
	}
	for _, x := range append([]oci.Descriptor{m.Config}, m.Layers...) {
		if err := x.Valid(); err != nil {
			return nil, err
		}
	}
	if t := m.Config.MediaType; t != oci.TypeConfig && t != oci.TypeDockerConfig {
		return nil, &notImage{fmt.Sprintf("not a container image: its config has the media type %q", t)}
	}
	for i, l := range m.Layers {
		if !layer.Known(l.MediaType) {
			return nil, fmt.Errorf("layer %d (%s) has the unknown media type %q", i, l.Digest, l.MediaType)
		}
	}
	return m, nil
}

// noPlatform: an image is for other platforms. If its index entry names no
// platform, the search continues.
type noPlatform struct{ what string }

func (e *noPlatform) Error() string { return e.what }

// notImage: a manifest describes another kind of artifact, which may be listed
// beside an image of the same platform.
type notImage struct{ what string }

func (e *notImage) Error() string { return e.what }

// resolve reads the manifest and config of the wanted platform.
func (s *Store) resolve(ctx context.Context, p *place) (*system.Image, error) {
	d := p.roots[0]
	if distinct(p.roots) > 1 {
		// One name for several manifests works like an index.
		picked, err := s.pick(p.roots)
		if err != nil {
			return nil, err
		}
		return s.only(ctx, p, picked)
	}
	img, err := s.walk(ctx, p, d, 0)
	if err != nil {
		return nil, err
	}
	img.Digest = d.Digest
	return img, nil
}

// only is the single image among entries of the same name and platform.
func (s *Store) only(ctx context.Context, p *place, ds []oci.Descriptor) (img *system.Image, err error) {
	known := map[string]*system.Image{}
	var last error
	for _, d := range ds {
		one, err := s.walk(ctx, p, d, 1)
		if err != nil {
			if passesOver(d, err) {
				last = err
				continue
			}
			return nil, err
		}
		one.Digest = d.Digest
		known[d.Digest], img = one, one
	}
	switch {
	case len(known) > 1:
		return nil, fmt.Errorf("the name is used for %d images of the same platform", len(known))
	case img == nil:
		return nil, last
	}
	return img, nil
}

// passesOver reports whether the search continues after the error of d.
func passesOver(d oci.Descriptor, err error) bool {
	if other := (*noPlatform)(nil); d.Platform == nil && errors.As(err, &other) {
		return true
	}
	artifact := (*notImage)(nil)
	return errors.As(err, &artifact)
}

func distinct(ds []oci.Descriptor) int {
	m := map[string]bool{}
	for _, d := range ds {
		m[d.Digest] = true
	}
	return len(m)
}

// walk follows d, an index or a manifest, to the image of the wanted platform.
func (s *Store) walk(ctx context.Context, p *place, d oci.Descriptor, depth int) (*system.Image, error) {
	if depth > s.limits.depth {
		return nil, errors.New("indexes are nested too deep")
	}
	raw, err := readBlob(ctx, p, d, s.limits.manifest)
	if err != nil {
		return nil, err
	}
	doc, err := parseDocument(raw, d.MediaType)
	if err != nil {
		return nil, fmt.Errorf("manifest %s: %w", d.Digest, err)
	}
	p.mu.Lock()
	p.blobs[d.Digest] = oci.Descriptor{MediaType: docType(doc, d), Digest: d.Digest, Size: int64(len(raw))}
	p.mu.Unlock()
	if doc.Manifests == nil {
		d.MediaType, d.Size = docType(doc, d), int64(len(raw))
		img, err := s.image(ctx, p, d, raw, depth == 0)
		if err != nil {
			return nil, fmt.Errorf("manifest %s: %w", d.Digest, err)
		}
		return img, nil
	}
	x, err := s.parseIndex(raw)
	if err != nil {
		return nil, fmt.Errorf("index %s: %w", d.Digest, err)
	}
	picked, err := s.pick(x.Manifests)
	if err != nil {
		return nil, err
	}
	var last error
	for _, c := range picked {
		img, err := s.walk(ctx, p, c, depth+1)
		if err == nil || !passesOver(c, err) {
			return img, err
		}
		if artifact := (*notImage)(nil); errors.As(err, &artifact) {
			last = err
		}
	}
	if last != nil {
		return nil, last
	}
	return nil, s.without(x.Manifests)
}

// docType is the media type of a document whose descriptor may not have one.
func docType(doc *document, d oci.Descriptor) string {
	switch {
	case d.MediaType != "":
		return d.MediaType
	case doc.MediaType != "":
		return doc.MediaType
	case doc.Manifests != nil:
		return oci.TypeIndex
	}
	return oci.TypeManifest
}

// image reads the config of one manifest, and combines both. noIndex: no index
// chose the manifest.
func (s *Store) image(ctx context.Context, p *place, d oci.Descriptor, raw []byte, noIndex bool) (*system.Image, error) {
	m, err := s.parseManifest(raw)
	if err != nil {
		return nil, err
	}
	config, err := readBlob(ctx, p, m.Config, s.limits.config)
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	c, diffIDs, err := parseConfig(config)
	if err != nil {
		return nil, fmt.Errorf("config %s: %w", m.Config.Digest, err)
	}
	c.Digest = m.Config.Digest
	assume(c, d.Platform, noIndex, s.opt.Arch)
	if c.OS != "linux" || c.Architecture != s.opt.Arch {
		return nil, &noPlatform{fmt.Sprintf("its config is for %s/%s, not for linux/%s", printable(c.OS), printable(c.Architecture), s.opt.Arch)}
	}
	if len(diffIDs) != len(m.Layers) {
		return nil, fmt.Errorf("the manifest has %s, but the config lists %d", words.Count(len(m.Layers), "layer", "layers"), len(diffIDs))
	}
	img := &system.Image{Manifest: d.Digest, MediaType: d.MediaType, Size: int64(len(raw)), Raw: raw, Config: *c}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.blobs[m.Config.Digest] = m.Config
	for i, l := range m.Layers {
		if !digests.Valid(diffIDs[i]) {
			return nil, fmt.Errorf("layer %d has the diff ID %q: only sha256 is supported", i, diffIDs[i])
		}
		img.Layers = append(img.Layers, system.LayerBlob{Digest: l.Digest, Size: l.Size, MediaType: l.MediaType, DiffID: diffIDs[i]})
		p.blobs[l.Digest] = l
	}
	return img, nil
}

// printable keeps hostile text short and on one line.
func printable(s string) string {
	return strings.Trim(fmt.Sprintf("%.40q", s), `"`)
}
