package publish

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"

	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// PushImage pushes an image of an OCI layout to a registry, with everything that
// lies beside it: its signatures and statements. name is its name in the layout. It
// verifies no signature.
func PushImage(ctx context.Context, dir, name, target string, o Options) (*Copied, error) {
	s, err := openLayoutDir(dir, name)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if isArchive(target) {
		return nil, system.BadInput("%s is not a reference of a registry", target).Suggest("write REGISTRY/REPOSITORY:TAG")
	}
	return copied(ctx, s, target, o)
}

// layoutDir is one image of an OCI layout.
type layoutDir struct {
	root      *os.Root
	dir, name string
	found     listed
	// subjects lists the manifests by the digest of their subject.
	subjects map[string][]listed
}

func openLayoutDir(dir, name string) (*layoutDir, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, system.NotRead(dir, err)
	}
	l := &layoutDir{root: root, dir: dir, name: name, subjects: map[string][]listed{}}
	if err := l.read(); err != nil {
		return nil, errors.Join(l.failed(err), root.Close())
	}
	return l, nil
}

// read reads the list of images.
func (l *layoutDir) read() error {
	f, err := bounded.OpenIn(l.root, indexFile)
	if err != nil {
		return err
	}
	defer f.Close()
	raw, err := bounded.Read(f, maxManifestBytes)
	if err != nil {
		return err
	}
	list, err := parseList(raw)
	if err != nil {
		return err
	}
	want, err := oci.ParseReference(l.name)
	if err != nil {
		return system.BadInput("%q is not the name of an image", l.name).Because(err).Suggest("give a name that component build printed")
	}
	i := slices.IndexFunc(list, func(d listed) bool {
		have, err := oci.ParseReference(d.Annotations[refNameAnnotation])
		return err == nil && d.Annotations[refNameAnnotation] != "" && have.Name == want.Name
	})
	if i < 0 {
		return system.BadInput("no image is named %q", l.name).Suggest("give a name that component build printed")
	}
	l.found = list[i]
	for _, d := range list {
		if d.MediaType != oci.TypeManifest || d.ArtifactType == "" {
			continue
		}
		raw, err := l.manifest(context.Background(), d.Digest)
		if err != nil {
			return err
		}
		subject, err := subjectOf(raw)
		if err != nil {
			return err
		}
		if subject != "" {
			l.subjects[subject] = append(l.subjects[subject], d)
		}
	}
	return nil
}

// manifest reads a manifest and verifies its digest.
func (l *layoutDir) manifest(ctx context.Context, digest string) ([]byte, error) {
	r, err := l.open(ctx, oci.Descriptor{Digest: digest}, 0)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	raw, err := bounded.Read(r, maxManifestBytes)
	if err != nil {
		return nil, err
	}
	if digests.Of(raw) != digest {
		return nil, system.Mismatch("the bytes of blob %s do not match its digest", digest)
	}
	return raw, nil
}

func (l *layoutDir) image(ctx context.Context) (string, []byte, error) {
	raw, err := l.manifest(ctx, l.found.Digest)
	return l.found.Digest, raw, err
}

func (l *layoutDir) open(_ context.Context, d oci.Descriptor, from int64) (io.ReadCloser, error) {
	if !digests.Valid(d.Digest) {
		return nil, system.Unusable("digest %q is not sha256", d.Digest)
	}
	f, err := bounded.OpenIn(l.root, blobFolder+"/"+digests.Hex(d.Digest))
	if err != nil {
		return nil, err
	}
	if _, err := f.Seek(from, io.SeekStart); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (l *layoutDir) referrers(_ context.Context, digest, _ string) ([]listed, error) {
	return l.subjects[digest], nil
}

func (l *layoutDir) failed(err error) error {
	switch {
	case err == nil || errors.Is(err, context.Canceled):
		return err
	case errors.As(err, new(*system.Error)):
		return system.Within("layout "+l.dir, err)
	}
	return system.Unusable("image %s of layout %s", l.name, l.dir).Because(err).Suggest("build the image again")
}

func (l *layoutDir) Close() { l.root.Close() }
