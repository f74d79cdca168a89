package component

import (
	"context"
	"encoding/json"

	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// Push is an artifact to push to a registry.
type Push struct {
	// ArtifactType is that of the manifest, MediaType that of its only blob.
	ArtifactType, MediaType string
	Blob                    []byte
	Annotations             map[string]string
	// Subject makes it a referrer. Its annotations are also in the list.
	Subject *Pushed
}

// Pushed is a manifest that was pushed.
type Pushed struct {
	Digest string
	size   int64
}

// Describe returns what PushArtifact returns, before anything is pushed. So an
// artifact can be signed first.
func (p Push) Describe() (*Pushed, error) {
	raw, _, err := p.manifest()
	if err != nil {
		return nil, err
	}
	return &Pushed{Digest: digests.Of(raw), size: int64(len(raw))}, nil
}

// PushArtifact writes an artifact to a registry, under the tag of the reference.
// A referrer is written under its digest only. The same artifact has the same
// digest everywhere.
func (s *Store) PushArtifact(ctx context.Context, reference string, p Push) (*Pushed, error) {
	r, err := oci.ParseReference(reference)
	if err != nil {
		return nil, system.BadInput("artifact %s", err)
	}
	if r.Digest != "" {
		return nil, system.BadInput("artifact %q cannot be pushed: its reference has a digest", reference).Suggest("write a tag instead: the push returns the digest")
	}
	u := s.upstream()
	if u == nil || u.registry == nil {
		return nil, system.BadInput("an artifact cannot be pushed with --offline").Suggest("leave out --offline")
	}
	raw, layers, err := p.manifest()
	if err != nil {
		return nil, err
	}
	out := &Pushed{Digest: digests.Of(raw), size: int64(len(raw))}
	if p.Subject != nil {
		r.Digest = out.Digest
	}
	if err := u.registry.Push(ctx, r, p.MediaType, layers, raw); err != nil {
		return nil, artifactError(reference, err)
	}
	return out, nil
}

// manifest is the manifest of the artifact: equal artifacts have equal bytes.
func (p Push) manifest() (raw []byte, blobs [][]byte, err error) {
	type desc struct {
		MediaType string `json:"mediaType"`
		Digest    string `json:"digest"`
		Size      int64  `json:"size"`
	}
	of := func(mediaType string, b []byte) desc { return desc{mediaType, digests.Of(b), int64(len(b))} }
	empty := []byte("{}")
	m := struct {
		SchemaVersion int               `json:"schemaVersion"`
		MediaType     string            `json:"mediaType"`
		ArtifactType  string            `json:"artifactType"`
		Config        desc              `json:"config"`
		Layers        []desc            `json:"layers"`
		Subject       *desc             `json:"subject,omitempty"`
		Annotations   map[string]string `json:"annotations,omitempty"`
	}{2, oci.TypeManifest, p.ArtifactType, of("application/vnd.oci.empty.v1+json", empty), []desc{of(p.MediaType, p.Blob)}, nil, p.Annotations}
	if s := p.Subject; s != nil {
		m.Subject = &desc{oci.TypeManifest, s.Digest, s.size}
	}
	raw, err = json.Marshal(m)
	return raw, [][]byte{empty, p.Blob}, err
}
