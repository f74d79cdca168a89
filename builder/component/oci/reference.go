package oci

import (
	"fmt"

	"github.com/distribution/reference"

	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// Reference is an image reference in full form, as Docker reads it: nginx is
// docker.io/library/nginx:latest.
type Reference struct {
	// Name is the full form: REGISTRY/REPOSITORY[:TAG][@DIGEST].
	Name, Registry, Repository string
	// Tag and Digest are "" if the reference has none. At least one is set.
	Tag, Digest string
}

// maxReference is the most bytes of a reference.
const maxReference = 1024

// ParseReference reads a reference. Only sha256 digests are accepted.
func ParseReference(s string) (Reference, error) {
	if len(s) > maxReference {
		return Reference{}, fmt.Errorf("reference of %d bytes; the limit is %d", len(s), maxReference)
	}
	named, err := reference.ParseNormalizedNamed(s)
	if err != nil {
		return Reference{}, fmt.Errorf("%q is not an image reference: %w", s, err)
	}
	named = reference.TagNameOnly(named)
	r := Reference{Name: named.String(), Registry: reference.Domain(named), Repository: reference.Path(named)}
	if t, ok := named.(reference.Tagged); ok {
		r.Tag = t.Tag()
	}
	if d, ok := named.(reference.Digested); ok {
		r.Digest = d.Digest().String()
		if !digests.Valid(r.Digest) {
			return Reference{}, fmt.Errorf("%q: only sha256 digests are supported", s)
		}
	}
	return r, nil
}
