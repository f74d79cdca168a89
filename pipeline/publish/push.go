package publish

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"sync/atomic"

	"github.com/seaworthy-os/seaworthy/attest/layout"
	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// Pushed describes a pushed image.
type Pushed struct {
	// Reference names the image by its digest.
	Reference string
	// Files is the number of files, Sent the number of blobs that the registry did
	// not have.
	Files, Sent int
}

// Push sends the sealed folder dir to a registry, under a tag. The tag is written
// last, so it always names a complete image. An interrupted push can be repeated.
func Push(ctx context.Context, dir, reference string, o Options) (*Pushed, error) {
	r, err := open(reference, o)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if r.q.Digest != "" {
		return nil, system.BadInput("image %s cannot be pushed: its reference has a digest", r.q.Name).Suggest("write a tag instead: push prints the digest")
	}
	f, err := read(dir, "push")
	if err != nil {
		return nil, err
	}
	defer f.root.Close()
	p, err := plan(f)
	if err != nil {
		return nil, system.BadInput("push %s", dir).Because(err).Suggest("build the image again")
	}
	sent, err := p.send(ctx, r)
	if err != nil {
		return nil, r.failed(err)
	}
	return &Pushed{
		Reference: path.Join(r.q.Registry, r.q.Repository) + "@" + f.layout.Manifest,
		Files:     len(f.Files) + len(f.Bundles) + len(f.Others), Sent: sent,
	}, nil
}

// blob is a blob to send.
type blob struct {
	oci.Descriptor
	path string
	open func() (io.ReadCloser, error)
}

// pushing is what a push sends: blobs, then the artifact, then its referrers.
type pushing struct {
	blobs     []blob
	artifact  []byte
	referrers []referrer
}

// plan lists what is to be sent, each blob once.
func plan(f *folder) (*pushing, error) {
	p := &pushing{}
	empty := []byte("{}")
	all := map[string]blob{}
	for _, file := range f.all() {
		all[file.Digest] = blob{oci.Descriptor{Digest: file.Digest, Size: file.Size}, file.Path, func() (io.ReadCloser, error) { return bounded.OpenIn(f.root, file.Path) }}
	}
	all[digests.Of(empty)] = blob{oci.Descriptor{Digest: digests.Of(empty), Size: int64(len(empty))}, "{}",
		func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(empty)), nil }}
	// The largest blobs are sent first.
	p.blobs = slices.SortedFunc(maps.Values(all), func(a, b blob) int { return int(max(min(b.Size-a.Size, 1), -1)) })

	for name, raw := range f.layout.Documents {
		digest := digests.FromHex(path.Base(name))
		switch {
		case path.Dir(name) != blobFolder || digest == digests.Of(empty):
		case digest == f.layout.Manifest:
			p.artifact = raw
		default:
			one, err := newReferrer(raw)
			if err != nil {
				return nil, err
			}
			p.referrers = append(p.referrers, one)
		}
	}
	raw, err := f.Manifest()
	if err != nil {
		return nil, err
	}
	// What push can send, pull must accept.
	if _, err := layout.ParseFolder(raw, f.layout.Manifest, f.Files); err != nil {
		return nil, err
	}
	one, err := newReferrer(raw)
	p.referrers = append(p.referrers, one)
	slices.SortFunc(p.referrers, func(a, b referrer) int { return bytes.Compare(a.raw, b.raw) })
	return p, err
}

// all are the files of the folder without its layout.
func (f *folder) all() []layout.File {
	out := slices.Concat(f.Files, f.Others)
	for _, b := range f.Bundles {
		out = append(out, b.File)
	}
	return out
}

func (p *pushing) send(ctx context.Context, r *remote) (int, error) {
	var sent atomic.Int64
	if err := each(ctx, len(p.blobs), func(ctx context.Context, i int) error {
		b := p.blobs[i]
		new, err := r.Upload(ctx, r.q, b.Descriptor, b.open)
		if new {
			sent.Add(1)
		}
		return b.unsent(err)
	}); err != nil {
		return 0, err
	}
	digest := digests.Of(p.artifact)
	if err := r.PutManifest(ctx, r.at(digest), oci.TypeManifest, p.artifact); err != nil {
		return 0, err
	}
	if err := each(ctx, len(p.referrers), func(ctx context.Context, i int) error {
		one := p.referrers[i]
		return r.PutManifest(ctx, r.at(one.Digest), oci.TypeManifest, one.raw)
	}); err != nil {
		return 0, err
	}
	if err := r.list(ctx, digest, p.referrers); err != nil {
		return 0, err
	}
	return int(sent.Load()), r.PutManifest(ctx, r.q, oci.TypeManifest, p.artifact)
}

// unsent explains why a file was not sent.
func (b *blob) unsent(err error) error {
	if errors.As(err, new(*oci.Mismatch)) {
		return system.Mismatch("%s is not the file that was sealed", b.path).Because(errors.New(err.Error())).Suggest("build the image again")
	}
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		return system.Unusable("%s cannot be read", b.path).Because(p.Err).Suggest("check the folder and its disk")
	}
	return err
}
