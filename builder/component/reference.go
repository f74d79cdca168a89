package component

import (
	"fmt"

	"github.com/distribution/reference"

	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// ref is a normalised reference.
type ref struct {
	// name is the full form: REGISTRY/REPOSITORY[:TAG][@DIGEST].
	name, registry, repository, tag, digest string
}

// Normalize gives the full form of a reference and its parts, as Docker reads
// it: nginx is docker.io/library/nginx:latest. tag or digest is "" where the
// reference has none; one of them is set. Only sha256 digests are known.
func Normalize(s string) (name, registry, repository, tag, digest string, err error) {
	r, err := parseRef(s)
	return r.name, r.registry, r.repository, r.tag, r.digest, err
}

func parseRef(s string) (ref, error) {
	if max := defaultLimits().references; len(s) > max {
		return ref{}, fmt.Errorf("reference of %d bytes; the limit is %d", len(s), max)
	}
	named, err := reference.ParseNormalizedNamed(s)
	if err != nil {
		return ref{}, fmt.Errorf("%q is no image reference: %w", s, err)
	}
	named = reference.TagNameOnly(named)
	r := ref{name: named.String(), registry: reference.Domain(named), repository: reference.Path(named)}
	if t, ok := named.(reference.Tagged); ok {
		r.tag = t.Tag()
	}
	if d, ok := named.(reference.Digested); ok {
		r.digest = d.Digest().String()
		if !digests.Valid(r.digest) {
			return ref{}, fmt.Errorf("%q: only sha256 digests are supported", s)
		}
	}
	return r, nil
}
