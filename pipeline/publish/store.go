package publish

import (
	"context"
	"io"
	"path"
	"strings"

	"github.com/seaworthy-os/seaworthy/attest/layout"
	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// store is where images are read from: a repository, or an archive.
type store interface {
	// image returns the digest and the bytes of the manifest that the user named.
	image(ctx context.Context) (digest string, raw []byte, err error)
	// manifest returns the manifest with this digest.
	manifest(ctx context.Context, digest string) ([]byte, error)
	// open streams a blob, unverified, from a byte on.
	open(ctx context.Context, d oci.Descriptor, from int64) (io.ReadCloser, error)
	// referrers lists the manifests whose subject is digest. The store may leave
	// out those of other artifact types; "" means all.
	referrers(ctx context.Context, digest, artifactType string) ([]listed, error)
	// failed adds the name of the image to an error.
	failed(err error) error
	Close()
}

func (r *remote) image(ctx context.Context) (string, []byte, error) {
	d, raw, err := r.Manifest(ctx, r.q)
	return d.Digest, raw, err
}

func (r *remote) manifest(ctx context.Context, digest string) ([]byte, error) {
	_, raw, err := r.Manifest(ctx, r.at(digest))
	return raw, err
}

// tag reads a manifest by another tag of the repository.
func (r *remote) tag(ctx context.Context, tag string) (string, []byte, error) {
	d, raw, err := r.Manifest(ctx, r.tagged(tag))
	return d.Digest, raw, err
}

func (r *remote) open(ctx context.Context, d oci.Descriptor, from int64) (io.ReadCloser, error) {
	return r.OpenFrom(ctx, r.q, d, from)
}

// referrers lists each manifest once.
func (r *remote) referrers(ctx context.Context, digest, artifactType string) ([]listed, error) {
	pages, err := r.Referrers(ctx, r.q, digest, artifactType)
	if err != nil {
		return nil, err
	}
	var out []listed
	known := map[string]bool{}
	for _, raw := range pages {
		page, err := parseList(raw)
		if err != nil {
			return nil, err
		}
		for _, one := range page {
			if !known[one.Digest] {
				out = append(out, one)
			}
			known[one.Digest] = true
		}
	}
	return out, nil
}

// isArchive reports whether a name means an archive and not a registry.
func isArchive(name string) bool {
	return !strings.HasPrefix(name, scheme) && (path.IsAbs(name) || strings.HasPrefix(name, "./") || strings.HasPrefix(name, "../") ||
		strings.HasSuffix(name, ".tar") && !strings.Contains(path.Base(name), ":"))
}

// from opens the place that a name means.
func from(name string, o Options) (store, error) {
	if isArchive(name) {
		return openArchive(name)
	}
	return open(name, o)
}

// artifact reads the manifest of the image and its list of files.
func artifact(ctx context.Context, s store) (string, []layout.File, error) {
	digest, raw, err := s.image(ctx)
	if err != nil {
		return "", nil, err
	}
	files, err := layout.ParseArtifact(raw)
	if err != nil {
		return "", nil, system.Unusable("not an image of seaworthy push").Because(err).Suggest("check the reference")
	}
	return digest, files, nil
}
