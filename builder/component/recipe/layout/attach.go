package layout

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"slices"

	"github.com/opencontainers/go-digest"
	specs "github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// The annotations of a statement beside an image. cosign writes the first two.
// annotationOldSigner is the name that the third one had in older layouts.
const (
	annotationContent   = "dev.sigstore.bundle.content"
	annotationPredicate = "dev.sigstore.bundle.predicateType"
	annotationSigner    = "io.github.seaworthy-os.signer"
	annotationOldSigner = "org.seaworthy.signer"
)

// Attachment is a signed statement about an image.
type Attachment struct {
	// Subject is the digest of the manifest or index that the statement is about.
	Subject string
	// MediaType of the statement, Data its bytes.
	MediaType string
	Data      []byte
	// PredicateType says what it is about, and Signer who signed it. An older
	// attachment with the same values is replaced.
	PredicateType, Signer string
}

// Attach adds statements to a layout, as referrers of its images. A failure does
// not change the list of images in the layout.
func Attach(dir string, list []Attachment) error {
	l, err := Open(dir)
	if err != nil {
		return system.Unusable("layout %s cannot be opened", dir).Because(err)
	}
	defer l.Close()
	if err := l.attach(list); err != nil {
		return system.Unusable("layout %s cannot be written", dir).Because(err)
	}
	return nil
}

func (l *Layout) attach(list []Attachment) error {
	all, err := l.images()
	if err != nil {
		return err
	}
	for _, a := range list {
		subject, err := l.describe(digest.Digest(a.Subject))
		if err != nil {
			return err
		}
		d, err := l.referrer(subject, a)
		if err != nil {
			return err
		}
		// Of equal annotations, the last one counts.
		all = slices.DeleteFunc(all, func(old ocispec.Descriptor) bool {
			about, err := l.subject(old)
			return isAttachment(old) && (err != nil || about == subject.Digest) &&
				old.Annotations[annotationPredicate] == a.PredicateType && signerOf(old) == a.Signer
		})
		all = append(all, d)
	}
	return l.writeIndex(all)
}

// describe is the descriptor of a manifest or index in the layout.
func (l *Layout) describe(d digest.Digest) (ocispec.Descriptor, error) {
	var m struct {
		MediaType string `json:"mediaType"`
	}
	size, err := l.manifest(d, &m)
	return ocispec.Descriptor{MediaType: m.MediaType, Digest: d, Size: size}, err
}

// referrer stores a statement, and the manifest that connects it with its subject.
func (l *Layout) referrer(subject ocispec.Descriptor, a Attachment) (ocispec.Descriptor, error) {
	blob := ocispec.Descriptor{MediaType: a.MediaType, Digest: digest.FromBytes(a.Data), Size: int64(len(a.Data))}
	empty := ocispec.DescriptorEmptyJSON
	if err := errors.Join(l.blob(blob.Digest, bytes.NewReader(a.Data)), l.blob(empty.Digest, bytes.NewReader(empty.Data))); err != nil {
		return ocispec.Descriptor{}, err
	}
	empty.Data = nil
	annotations := map[string]string{annotationContent: "dsse-envelope", annotationPredicate: a.PredicateType, annotationSigner: a.Signer}
	d, err := l.jsonBlob(ocispec.Manifest{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest, ArtifactType: a.MediaType,
		Config: empty, Layers: []ocispec.Descriptor{blob}, Subject: &subject, Annotations: annotations}, ocispec.MediaTypeImageManifest)
	d.ArtifactType, d.Annotations = a.MediaType, annotations
	return d, err
}

// isAttachment reports whether Attach wrote an entry of the layout.
func isAttachment(d ocispec.Descriptor) bool {
	return d.MediaType == ocispec.MediaTypeImageManifest && signerOf(d) != "" && d.ArtifactType != ""
}

// signerOf is who signed an attachment.
func signerOf(d ocispec.Descriptor) string {
	return cmp.Or(d.Annotations[annotationSigner], d.Annotations[annotationOldSigner])
}

// subject is the digest of what an attachment is about.
func (l *Layout) subject(d ocispec.Descriptor) (digest.Digest, error) {
	if !isAttachment(d) {
		return "", errors.New("not an attachment")
	}
	var m ocispec.Manifest
	if _, err := l.manifest(d.Digest, &m); err != nil {
		return "", err
	}
	if m.Subject == nil {
		return "", errors.New("not an attachment")
	}
	return m.Subject.Digest, nil
}

// withoutStale leaves out the attachments of images that the layout does not have
// any more.
func (l *Layout) withoutStale(all []ocispec.Descriptor) []ocispec.Descriptor {
	live := map[digest.Digest]bool{}
	for _, d := range all {
		if isAttachment(d) {
			continue
		}
		live[d.Digest] = true
		var idx ocispec.Index
		if _, err := l.manifest(d.Digest, &idx); err == nil {
			for _, m := range idx.Manifests {
				live[m.Digest] = true
			}
		}
	}
	return slices.DeleteFunc(all, func(d ocispec.Descriptor) bool {
		about, err := l.subject(d)
		return isAttachment(d) && (err != nil || !live[about])
	})
}

// writeIndex writes the list of images, and removes what they do not use.
func (l *Layout) writeIndex(all []ocispec.Descriptor) error {
	all = l.withoutStale(all)
	slices.SortStableFunc(all, func(a, b ocispec.Descriptor) int {
		name := cmp.Compare(a.Annotations[ocispec.AnnotationRefName], b.Annotations[ocispec.AnnotationRefName])
		if name != 0 || !isAttachment(a) || !isAttachment(b) {
			return name
		}
		return cmp.Compare(a.Digest, b.Digest)
	})
	data, err := json.Marshal(ocispec.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageIndex, Manifests: all})
	if err != nil {
		return err
	}
	if err := l.replace(ocispec.ImageIndexFile, bytes.NewReader(data)); err != nil {
		return err
	}
	return l.sweep(all)
}
