package publish

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/seaworthy-os/seaworthy/attest/layout"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/builder/component/registry"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

const titleAnnotation = "org.opencontainers.image.title"

// Copied describes a copy.
type Copied struct {
	// Reference names the copy: REGISTRY/REPOSITORY@DIGEST, or the path of the
	// archive. Digest is that of the image's manifest.
	Reference, Digest string
	// Manifests is the number of manifests, Blobs that of the blobs, and Sent that
	// of the blobs that the repository did not have.
	Manifests, Blobs, Sent int
}

// Copy copies an image with everything that belongs to it, so also all referrers of
// other programs: from a repository or an archive, to a repository or an archive.
// All digests stay the same, and all bytes are verified on the way. It verifies no
// signature.
func Copy(ctx context.Context, reference, target string, o Options) (*Copied, error) {
	s, err := from(reference, o)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return copied(ctx, s, target, o)
}

func copied(ctx context.Context, s store, target string, o Options) (*Copied, error) {
	if isArchive(target) {
		return toArchive(ctx, s, target, o)
	}
	to, err := open(target, o)
	if err != nil {
		return nil, err
	}
	defer to.Close()
	if to.q.Digest != "" {
		return nil, system.BadInput("image %s cannot be written: its reference has a digest", to.q.Name).Suggest("write a tag instead: the digest stays the same")
	}
	g, err := collect(ctx, s, o)
	if err != nil {
		return nil, s.failed(err)
	}
	done := g.copied(path.Join(to.q.Registry, to.q.Repository) + "@" + g.root)
	done.Sent, err = g.push(ctx, s, to)
	return done, err
}

func toArchive(ctx context.Context, s store, file string, o Options) (*Copied, error) {
	g, err := collect(ctx, s, o)
	if err != nil {
		return nil, s.failed(err)
	}
	name := g.name()
	if r, ok := s.(*remote); ok && name == "" {
		name = r.q.Tag
	}
	done := g.copied(file)
	done.Sent = done.Blobs
	return done, s.failed(g.write(ctx, s, file, name))
}

func (g *graph) copied(reference string) *Copied {
	return &Copied{Reference: reference, Digest: g.root, Manifests: len(g.nodes), Blobs: len(g.blobs)}
}

// Pack writes an image into one file, for a site without a network: with everything
// that belongs to it, as Copy, and with the documents of a site. image is a sealed
// folder or a reference. The same image and documents give the same bytes.
func Pack(ctx context.Context, image, file string, site *Site, o Options) (*Copied, error) {
	var s store
	info, err := os.Stat(image)
	if err == nil && info.IsDir() {
		if within(image, file) {
			return nil, system.BadInput("%s is in the folder %s, which is sealed: a further file would make it invalid", file, image).Suggest("give a file in another folder")
		}
		var f *folder
		if f, err = read(image, "pack"); err == nil {
			f.plan, err = plan(f)
			s = f
		}
	} else {
		s, err = from(image, o)
	}
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if len(site.Documents) > 0 {
		d, err := decided(ctx, s)
		if err == nil {
			err = site.check(ctx, d)
		}
		if err != nil {
			return nil, err
		}
	}
	all, err := with(ctx, s, site.Documents)
	if err != nil {
		return nil, err
	}
	return toArchive(ctx, all, file, o)
}

// within reports whether a file is in a folder.
func within(dir, file string) bool {
	a, err1 := filepath.Abs(dir)
	b, err2 := filepath.Abs(file)
	rel, err3 := filepath.Rel(a, b)
	return errors.Join(err1, err2, err3) == nil && filepath.IsLocal(rel)
}

// decided reads the newest decision about the image, unverified.
func decided(ctx context.Context, s store) (*decision.Decision, error) {
	digest, files, err := artifact(ctx, s)
	if err != nil {
		return nil, s.failed(err)
	}
	all, err := seals(ctx, s, digest, files, func(string) {})
	if err != nil {
		return nil, s.failed(err)
	}
	for _, f := range all[0].Others {
		if f.Path != statement.DecisionFile || f.Size > maxDocument {
			continue
		}
		var d decision.Decision
		raw, err := readAll(ctx, s, f)
		if err == nil {
			err = json.Unmarshal(raw, &d)
		}
		if err != nil {
			return nil, s.failed(err)
		}
		return &d, nil
	}
	return nil, s.failed(errors.New("the image has no decision"))
}

// The folder is a store, so that it can be packed.

func (f *folder) image(context.Context) (string, []byte, error) {
	return f.layout.Manifest, f.layout.Documents[blobFolder+"/"+digests.Hex(f.layout.Manifest)], nil
}

func (f *folder) manifest(_ context.Context, digest string) ([]byte, error) {
	for _, one := range f.plan.referrers {
		if one.Digest == digest {
			return one.raw, nil
		}
	}
	return nil, registry.ErrNoSuchImage
}

func (f *folder) referrers(_ context.Context, digest, _ string) ([]listed, error) {
	var out []listed
	if digest == f.layout.Manifest {
		for _, one := range f.plan.referrers {
			out = append(out, one.listed)
		}
	}
	return out, nil
}

func (f *folder) open(_ context.Context, d oci.Descriptor, from int64) (io.ReadCloser, error) {
	for _, b := range f.plan.blobs {
		if b.Digest != d.Digest {
			continue
		}
		rc, err := b.open()
		if err == nil && from > 0 {
			_, err = io.CopyN(io.Discard, rc, from)
		}
		return rc, err
	}
	return nil, registry.ErrNoSuchImage
}

func (f *folder) Close() { f.root.Close() }

func (f *folder) failed(err error) error {
	if err == nil {
		return nil
	}
	for _, b := range f.plan.blobs {
		if errors.As(err, new(*oci.Mismatch)) && strings.Contains(err.Error(), b.Digest) {
			return b.unsent(err)
		}
	}
	if errors.As(err, new(*system.Error)) || errors.Is(err, context.Canceled) {
		return err
	}
	return system.Unusable("folder %s", f.dir).Because(pathless(err)).Suggest("check the folder and its disk")
}

// extras adds documents to an image, as one more referrer.
type extras struct {
	store
	subject string
	self    referrer
	files   map[string][]byte // by digest
}

// with adds documents by path. Without documents, it returns the store itself.
func with(ctx context.Context, s store, documents map[string][]byte) (store, error) {
	if len(documents) == 0 {
		return s, nil
	}
	digest, raw, err := s.image(ctx)
	if err != nil {
		return nil, s.failed(err)
	}
	manifest, err := layout.Documents(SiteType, digest, int64(len(raw)), documents)
	if err != nil {
		return nil, s.failed(err)
	}
	e := &extras{store: s, subject: digest, files: map[string][]byte{digests.Of([]byte("{}")): []byte("{}")}}
	for _, content := range documents {
		e.files[digests.Of(content)] = content
	}
	e.self, err = newReferrer(manifest)
	return e, err
}

func (e *extras) manifest(ctx context.Context, digest string) ([]byte, error) {
	if digest == e.self.Digest {
		return e.self.raw, nil
	}
	return e.store.manifest(ctx, digest)
}

func (e *extras) referrers(ctx context.Context, digest, artifactType string) ([]listed, error) {
	out, err := e.store.referrers(ctx, digest, artifactType)
	if digest == e.subject {
		out = append(out, e.self.listed)
	}
	return out, err
}

func (e *extras) open(ctx context.Context, d oci.Descriptor, from int64) (io.ReadCloser, error) {
	if content, ok := e.files[d.Digest]; ok {
		return io.NopCloser(bytes.NewReader(content[min(from, int64(len(content))):])), nil
	}
	return e.store.open(ctx, d, from)
}
