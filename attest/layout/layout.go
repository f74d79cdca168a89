// Package layout describes, byte for byte, the OCI image layout of a sealed
// image: one artifact whose layers are the image's files, and each attestation
// as a referrer of the artifact. It accesses no file. The writer of a seal
// writes what Describe returns, and the verifier requires exactly that. The
// layout of version 1 of the artifact type never changes.
package layout

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// Dir is the layout's folder in the image's folder.
const Dir = "oci"

// The media types of the layout.
const (
	ArtifactType  = "application/vnd.seaworthy.image.v1"
	FileMediaType = "application/octet-stream"

	manifestType = "application/vnd.oci.image.manifest.v1+json"
	indexType    = "application/vnd.oci.image.index.v1+json"
	emptyType    = "application/vnd.oci.empty.v1+json"

	titleAnnotation     = "org.opencontainers.image.title"
	refNameAnnotation   = "org.opencontainers.image.ref.name"
	contentAnnotation   = "dev.sigstore.bundle.content"
	predicateAnnotation = "dev.sigstore.bundle.predicateType"
)

// File is a file of the image folder: its path there, sha256:HEX and size.
type File struct {
	Path   string
	Digest string
	Size   int64
}

// Bundle is an attestation's file and the type of its predicate.
type Bundle struct {
	File
	PredicateType string
}

// Layout is the content of Dir.
type Layout struct {
	// Manifest is the digest (sha256:HEX) of the artifact's manifest.
	Manifest string
	// Documents are the files that exist only in the layout, by path in Dir.
	Documents map[string][]byte
	// Blobs maps the path of a blob in Dir to the path of a file in the image
	// folder with the same bytes.
	Blobs map[string]string
}

type descriptor struct {
	MediaType    string            `json:"mediaType"`
	Digest       string            `json:"digest"`
	Size         int64             `json:"size"`
	Annotations  map[string]string `json:"annotations,omitempty"`
	ArtifactType string            `json:"artifactType,omitempty"`
}

type manifest struct {
	SchemaVersion int               `json:"schemaVersion"`
	MediaType     string            `json:"mediaType"`
	ArtifactType  string            `json:"artifactType"`
	Config        descriptor        `json:"config"`
	Layers        []descriptor      `json:"layers"`
	Subject       *descriptor       `json:"subject,omitempty"`
	Annotations   map[string]string `json:"annotations,omitempty"`
}

type index struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType"`
	Manifests     []descriptor `json:"manifests"`
}

// Artifact is the digest (sha256:HEX) of the manifest that lists the files.
func Artifact(files []File) (string, error) {
	l, err := Describe("", files, nil)
	if err != nil {
		return "", err
	}
	return l.Manifest, nil
}

// Describe returns the layout of an image with that name, its files and its
// bundles. Their order does not matter.
func Describe(name string, files []File, bundles []Bundle) (*Layout, error) {
	l := &Layout{Documents: map[string][]byte{}, Blobs: map[string]string{}}
	empty := l.document("{}", emptyType)

	m := manifest{SchemaVersion: 2, MediaType: manifestType, ArtifactType: ArtifactType, Config: empty, Layers: []descriptor{}}
	for _, f := range slices.SortedFunc(slices.Values(files), func(a, b File) int { return strings.Compare(a.Path, b.Path) }) {
		m.Layers = append(m.Layers, l.blob(f, FileMediaType, f.Path))
	}
	artifact, err := l.manifest(m)
	if err != nil {
		return nil, err
	}
	l.Manifest = artifact.Digest
	subject := artifact

	artifact.ArtifactType = ArtifactType
	artifact.Annotations = map[string]string{refNameAnnotation: name}
	ix := index{SchemaVersion: 2, MediaType: indexType, Manifests: []descriptor{artifact}}
	for _, b := range slices.SortedFunc(slices.Values(bundles), func(a, b Bundle) int { return strings.Compare(a.Path, b.Path) }) {
		// The annotations that cosign writes for a bundle, without the time.
		annotations := map[string]string{
			contentAnnotation:   "dsse-envelope",
			predicateAnnotation: b.PredicateType,
		}
		title := strings.TrimPrefix(b.Path, statement.Dir+"/")
		d, err := l.manifest(manifest{
			SchemaVersion: 2, MediaType: manifestType, ArtifactType: statement.BundleMediaType, Config: empty,
			Layers:  []descriptor{l.blob(b.File, statement.BundleMediaType, title)},
			Subject: &subject, Annotations: annotations,
		})
		if err != nil {
			return nil, err
		}
		d.ArtifactType = statement.BundleMediaType
		d.Annotations = annotations
		ix.Manifests = append(ix.Manifests, d)
	}
	if l.Documents["index.json"], err = json.Marshal(ix); err != nil {
		return nil, err
	}
	l.Documents["oci-layout"] = []byte(`{"imageLayoutVersion":"1.0.0"}`)
	// A file of the image may have the bytes of a document. Both are one blob.
	for path := range l.Documents {
		delete(l.Blobs, path)
	}
	return l, nil
}

// manifest adds a manifest and returns its descriptor.
func (l *Layout) manifest(m manifest) (descriptor, error) {
	raw, err := json.Marshal(m)
	if err != nil {
		return descriptor{}, err
	}
	return l.document(string(raw), manifestType), nil
}

// document adds bytes under their digest.
func (l *Layout) document(content, mediaType string) descriptor {
	sum := sha256.Sum256([]byte(content))
	h := hex.EncodeToString(sum[:])
	l.Documents["blobs/sha256/"+h] = []byte(content)
	return descriptor{MediaType: mediaType, Digest: digests.FromHex(h), Size: int64(len(content))}
}

// blob adds a file under its digest.
func (l *Layout) blob(f File, mediaType, title string) descriptor {
	path := "blobs/sha256/" + digests.Hex(f.Digest)
	if old, ok := l.Blobs[path]; !ok || f.Path < old {
		l.Blobs[path] = f.Path
	}
	return descriptor{
		MediaType: mediaType, Digest: f.Digest, Size: f.Size,
		Annotations: map[string]string{titleAnnotation: title},
	}
}
