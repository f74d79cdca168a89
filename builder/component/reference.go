package component

import (
	"fmt"
	"strings"

	"github.com/distribution/reference"
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
		if !validDigest(r.digest) {
			return ref{}, fmt.Errorf("%q: only sha256 digests are supported", s)
		}
	}
	return r, nil
}

// validDigest says whether s is sha256: and 64 lower-case hexadecimal digits:
// the one form that may become part of a file name.
func validDigest(s string) bool {
	h, ok := strings.CutPrefix(s, "sha256:")
	return ok && len(h) == 64 && strings.Trim(h, "0123456789abcdef") == ""
}
