package component

import (
	"context"
	"errors"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/builder/component/registry"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/strictjson"
)

// Attached is a signature or statement that was found with an image. Only its
// digest is verified.
type Attached struct {
	// Digest and MediaType of the blob, Data its bytes.
	Digest, MediaType string
	Data              []byte
	// Signature and Certificate are the annotations of the payload in cosign's
	// classic form.
	Signature, Certificate string
	// Problem is why the blob could not be read, or "".
	Problem string
}

// ErrNotAsked: the source of an image cannot list its signatures.
var ErrNotAsked = errors.New("its signatures cannot be listed: the registry was not asked (--offline)")

// Limits of what is read for one image.
const (
	maxAttached     = 100
	maxAttachedBlob = 32 * mib
	maxAttachedAll  = 128 * mib
)

// The annotations of cosign's classic form, and those of statements that BuildKit
// lists in the index of the image.
const (
	annotationSignature   = "dev.cosignproject.cosign/signature"
	annotationCertificate = "dev.sigstore.cosign/certificate"
	annotationKind        = "vnd.docker.reference.type"
	annotationAbout       = "vnd.docker.reference.digest"
)

// attachedTypes are the media types of signatures and statements, without
// parameters. Blobs of other types are ignored.
var attachedTypes = []string{
	"application/vnd.dev.sigstore.bundle", "application/vnd.dsse.envelope.v1+json",
	"application/vnd.dev.cosign.simplesigning.v1+json", "application/vnd.in-toto+json",
}

// Attached finds the signatures and statements of an image that Find returned:
//   - the referrers of its manifest and of its index: in a layout, manifests with
//     that subject; in a registry, the list of its referrers API, or the index
//     under the tag sha256-HEX
//   - the tags sha256-HEX.sig and .att
//   - the statements that BuildKit puts into the index.
//
// cut reports that some were not read. ErrNotAsked: the source cannot be asked.
func (s *Store) Attached(ctx context.Context, img *system.Image) (list []Attached, cut bool, err error) {
	p, err := s.place(img)
	if err != nil {
		return nil, false, err
	}
	if p.attached == nil {
		return nil, false, ErrNotAsked
	}
	f := &attachedFinder{place: p, lim: s.limits, seen: map[string]bool{}}
	about := []string{img.Manifest}
	if img.Digest != img.Manifest {
		about = append(about, img.Digest)
		f.add(f.inIndex(ctx, img)...)
	}
	for _, digest := range about {
		found, err := p.attached(ctx, digest)
		if err != nil {
			return nil, false, imageError(img.Reference, system.Position{}, err)
		}
		f.add(found...)
	}
	for len(f.queue) > 0 {
		if err := ctx.Err(); err != nil {
			return nil, false, err
		}
		d := f.queue[0]
		f.queue = f.queue[1:]
		f.manifest(ctx, d)
	}
	return f.out, f.cut, nil
}

// attachedFinder reads manifests, and the signatures and statements in each.
type attachedFinder struct {
	place *place
	lim   limits
	queue []oci.Descriptor
	seen  map[string]bool
	bytes int64
	out   []Attached
	cut   bool
}

func (f *attachedFinder) add(ds ...oci.Descriptor) {
	for _, d := range ds {
		switch {
		case f.seen[d.Digest]:
		case len(f.seen) >= maxAttached:
			f.cut = true
		default:
			f.seen[d.Digest] = true
			f.queue = append(f.queue, d)
		}
	}
}

// inIndex returns the entries of the image's own index that describe the image.
func (f *attachedFinder) inIndex(ctx context.Context, img *system.Image) []oci.Descriptor {
	raw, err := readBlob(ctx, f.place, f.place.known(img.Digest), f.lim.manifest)
	if err != nil {
		return nil // Find has read it: if it has changed, the image is refused later
	}
	doc, err := parseDocument(raw, "")
	if err != nil || doc.Manifests == nil {
		return nil
	}
	var out []oci.Descriptor
	for _, d := range *doc.Manifests {
		if d.Annotations[annotationKind] == "attestation-manifest" && d.Annotations[annotationAbout] == img.Manifest && d.Valid() == nil {
			out = append(out, d)
		}
	}
	return out
}

func (f *attachedFinder) manifest(ctx context.Context, d oci.Descriptor) {
	raw, err := readBlob(ctx, f.place, d, f.lim.manifest)
	if err != nil {
		f.out = append(f.out, Attached{Digest: d.Digest, MediaType: d.MediaType, Problem: err.Error()})
		return
	}
	doc, err := parseDocument(raw, "")
	if err != nil || doc.Layers == nil {
		return // an artifact of another kind
	}
	for _, l := range *doc.Layers {
		if !isAttached(l.MediaType) || l.Valid() != nil {
			continue
		}
		if len(f.out) >= maxAttached || f.bytes+l.Size > maxAttachedAll {
			f.cut = true
			return
		}
		one := Attached{Digest: l.Digest, MediaType: l.MediaType,
			Signature: l.Annotations[annotationSignature], Certificate: l.Annotations[annotationCertificate]}
		if one.Data, err = readBlob(ctx, f.place, l, maxAttachedBlob); err != nil {
			one.Problem = err.Error()
		}
		f.bytes += int64(len(one.Data))
		f.out = append(f.out, one)
	}
}

func isAttached(mediaType string) bool {
	for _, t := range attachedTypes {
		if strings.HasPrefix(mediaType, t) {
			return true
		}
	}
	return false
}

// attached finds the manifests of a layout that describe a digest: by their
// subject, or by their name in index.json.
func (l *layout) attached(ctx context.Context, digest string) ([]oci.Descriptor, error) {
	l.subjects.Do(func() { l.about = l.loadSubjects(ctx) })
	return l.about[digest], nil
}

func (l *layout) loadSubjects(ctx context.Context) map[string][]oci.Descriptor {
	p := &place{open: l.open}
	out := map[string][]oci.Descriptor{}
	n := 0
	for _, d := range l.all {
		if n++; n > l.lim.manifests {
			break
		}
		raw, err := readBlob(ctx, p, d, l.lim.manifest)
		if err != nil {
			continue // Find reports it if this manifest is asked for
		}
		var about struct {
			Subject   *oci.Descriptor   `json:"subject"`
			Manifests *[]oci.Descriptor `json:"manifests"`
		}
		if strictjson.DecodeFolded(raw, &about) != nil {
			continue
		}
		if about.Subject != nil {
			out[about.Subject.Digest] = append(out[about.Subject.Digest], d)
		}
		tag := d.Annotations[annotationRef]
		tag = tag[strings.LastIndexByte(tag, ':')+1:]
		hex, ok := strings.CutPrefix(tag, "sha256-")
		if !ok {
			continue
		}
		digest := digests.FromHex(strings.TrimSuffix(strings.TrimSuffix(hex, ".sig"), ".att"))
		if about.Manifests == nil {
			out[digest] = append(out[digest], d)
			continue
		}
		for _, m := range *about.Manifests {
			if m.Valid() == nil {
				out[digest] = append(out[digest], m)
			}
		}
	}
	return out
}

// attached asks the registry for the manifests that describe a digest: its list
// of referrers, and the tags of cosign's older form.
func (u *upstream) attached(ctx context.Context, r oci.Reference, digest string) ([]oci.Descriptor, error) {
	out, err := u.referrers(ctx, r, digest)
	if err != nil {
		return nil, err
	}
	for _, d := range out {
		if err := d.Valid(); err != nil {
			return nil, err
		}
	}
	tag := strings.Replace(digest, ":", "-", 1)
	for _, t := range []string{tag + ".sig", tag + ".att"} {
		d, _, err := u.registry.Manifest(ctx, oci.Reference{Registry: r.Registry, Repository: r.Repository, Tag: t})
		switch {
		case err == nil:
			d.MediaType = oci.TypeManifest
			out = append(out, d)
		case !errors.Is(err, registry.ErrNoSuchImage):
			return nil, err
		}
	}
	return out, nil
}
