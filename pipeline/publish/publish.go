// Package publish pushes sealed images to registries, and pulls them. An image is
// the artifact of its OCI layout. Its attestations are referrers of the artifact,
// as other programs expect. One more referrer lists all other files of the
// folder, so that a pull gives the same folder.
package publish

import (
	"context"
	"errors"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/builder/component/registry"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// scheme may begin a reference.
const scheme = "oci://"

// transfers is the number of requests at a time.
const transfers = 6

// Options say how the registry is asked.
type Options struct {
	// RedirectTo is as in registry.Options.
	RedirectTo []string
	// Partial is a folder for incomplete downloads, so that the next fetch continues
	// them. With "", every fetch starts from the beginning.
	Partial string
	// Note gets a sentence that is not an error.
	Note func(text string)
}

// remote is one repository.
type remote struct {
	*registry.Client
	q oci.Reference
}

func open(reference string, o Options) (*remote, error) {
	q, err := oci.ParseReference(strings.TrimPrefix(reference, scheme))
	if err != nil {
		return nil, system.BadInput("the reference of the image is invalid").Because(err).Suggest("write REGISTRY/REPOSITORY:TAG")
	}
	c, err := registry.New(registry.Options{RedirectTo: o.RedirectTo})
	if err != nil {
		return nil, err
	}
	return &remote{c, q}, nil
}

// at is the reference with another digest instead of the tag.
func (r *remote) at(digest string) oci.Reference {
	q := r.q
	q.Tag, q.Digest = "", digest
	q.Name = q.Registry + "/" + q.Repository + "@" + digest
	return q
}

// tagged is the reference with another tag.
func (r *remote) tagged(tag string) oci.Reference {
	q := r.q
	q.Tag, q.Digest = tag, ""
	q.Name = q.Registry + "/" + q.Repository + ":" + tag
	return q
}

// placed adds the place to an error, and removes advice that is about components.
func placed(where string, e *system.Error) error {
	one := *e
	one.What, one.Next = where+": "+e.What, strings.Replace(e.Next, registry.ComponentsToo, "", 1)
	return &one
}

// failed adds the image to an error.
func (r *remote) failed(err error) error {
	var e *system.Error
	switch {
	case err == nil || errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &e):
		return placed("image "+r.q.Name, e)
	case errors.As(err, new(*oci.Mismatch)):
		return system.Mismatch("image %s", r.q.Name).Because(err).Suggest("do not use it: the registry does not send what was pushed")
	}
	return system.Unusable("image %s", r.q.Name).Because(err).Suggest("check the reference, or push the image again")
}

// each calls do for 0 to n-1, several at a time. It stops at the first error.
func each(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(transfers)
	for i := range n {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return do(ctx, i)
		})
	}
	return g.Wait()
}
