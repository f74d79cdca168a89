package ocitest

// Beside is a blob beside an image, such as a signature.
type Beside struct {
	MediaType   string
	Data        []byte
	Annotations map[string]string
}

// Referrer builds a manifest with these blobs and this subject. With the zero
// Descriptor it has no subject, like the manifests under cosign's tags.
func Referrer(subject Descriptor, blobs ...Beside) *Built {
	b := &Built{Blobs: map[string][]byte{}}
	type manifest struct {
		SchemaVersion int          `json:"schemaVersion"`
		MediaType     string       `json:"mediaType"`
		ArtifactType  string       `json:"artifactType,omitempty"`
		Config        Descriptor   `json:"config"`
		Layers        []Descriptor `json:"layers"`
		Subject       *Descriptor  `json:"subject,omitempty"`
	}
	m := manifest{SchemaVersion: 2, MediaType: "application/vnd.oci.image.manifest.v1+json",
		Config: b.add("application/vnd.oci.empty.v1+json", []byte("{}")), Layers: []Descriptor{}}
	if subject.Digest != "" {
		m.Subject = &Descriptor{MediaType: subject.MediaType, Digest: subject.Digest, Size: subject.Size}
	}
	for _, one := range blobs {
		d := b.add(one.MediaType, one.Data)
		d.Annotations = one.Annotations
		m.ArtifactType = one.MediaType
		m.Layers = append(m.Layers, d)
	}
	b.Root = b.add(m.MediaType, encode(m))
	b.Manifests = []string{b.Root.Digest}
	return b
}
