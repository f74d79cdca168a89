package registry

import (
	"context"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/seaworthy-os/seaworthy/builder/component/oci"
)

// Push writes blobs of one media type, and then the manifest that names them.
// The manifest is stored under q's digest. If q has no digest, it is stored
// under q's tag.
func (r *Client) Push(ctx context.Context, q oci.Reference, mediaType string, blobs [][]byte, manifest []byte) error {
	if err := r.push(ctx, q, mediaType, blobs, manifest); err != nil {
		return registryError(ctx, q, err)
	}
	return nil
}

func (r *Client) push(ctx context.Context, q oci.Reference, mediaType string, blobs [][]byte, manifest []byte) error {
	repo, err := r.repository(q)
	if err != nil {
		return err
	}
	with := []remote.Option{remote.WithContext(ctx), remote.WithTransport(r.pings), remote.WithRetryStatusCodes(), remote.WithAuthFromKeychain(authn.DefaultKeychain)}
	for _, b := range blobs {
		if err := remote.WriteLayer(repo, static.NewLayer(b, types.MediaType(mediaType)), with...); err != nil {
			return err
		}
	}
	var to name.Reference = repo.Tag(q.Tag)
	if q.Digest != "" {
		to = repo.Digest(q.Digest)
	}
	return remote.Put(to, rawManifest(manifest), with...)
}

// rawManifest is a manifest as remote.Put takes one.
type rawManifest []byte

func (m rawManifest) RawManifest() ([]byte, error)        { return m, nil }
func (m rawManifest) MediaType() (types.MediaType, error) { return oci.TypeManifest, nil }
