package ocitest

// BuildKit builds an image with statements in the form in which BuildKit stores them:
// an index with the manifest of the image, and a second manifest for an unknown
// platform with a layer for each statement. statements gets the digest of the image's
// manifest, as sha256:HEX.
func BuildKit(image Image, statements func(digest string) []Beside) *Built {
	b := image.Build()
	of := b.Root
	of.Platform = &Platform{Architecture: "amd64", OS: "linux"}
	said := struct {
		SchemaVersion int          `json:"schemaVersion"`
		MediaType     string       `json:"mediaType"`
		Config        Descriptor   `json:"config"`
		Layers        []Descriptor `json:"layers"`
	}{SchemaVersion: 2, MediaType: of.MediaType,
		Config: b.add("application/vnd.oci.image.config.v1+json", []byte(`{"architecture":"unknown","os":"unknown","config":{},"rootfs":{"type":"layers","diff_ids":[]}}`))}
	for _, one := range statements(of.Digest) {
		d := b.add(one.MediaType, one.Data)
		d.Annotations = one.Annotations
		said.Layers = append(said.Layers, d)
	}
	entry := b.add(said.MediaType, encode(said))
	entry.Platform = &Platform{Architecture: "unknown", OS: "unknown"}
	entry.Annotations = map[string]string{"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": of.Digest}
	index := struct {
		SchemaVersion int          `json:"schemaVersion"`
		MediaType     string       `json:"mediaType"`
		Manifests     []Descriptor `json:"manifests"`
	}{2, "application/vnd.oci.image.index.v1+json", []Descriptor{of, entry}}
	b.Root = b.add(index.MediaType, encode(index))
	return b
}
