package layout

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// Documents returns the manifest of a referrer with small files. subject is the
// digest of the manifest that they belong to, and size its size. The same documents
// give the same bytes.
func Documents(artifactType, subject string, size int64, documents map[string][]byte) ([]byte, error) {
	var files []File
	for _, path := range slices.Sorted(maps.Keys(documents)) {
		content := documents[path]
		files = append(files, File{Path: path, Digest: digests.Of(content), Size: int64(len(content))})
	}
	return listing(artifactType, subject, size, files)
}

func listing(artifactType, subject string, size int64, files []File) ([]byte, error) {
	m := manifest{SchemaVersion: 2, MediaType: manifestType, ArtifactType: artifactType,
		Config: descriptor{MediaType: artifactType, Digest: digests.Of([]byte("{}")), Size: 2},
		Layers: []descriptor{}, Subject: &descriptor{MediaType: manifestType, Digest: subject, Size: size}}
	for _, f := range files {
		m.Layers = append(m.Layers, descriptor{MediaType: FileMediaType, Digest: f.Digest, Size: f.Size,
			Annotations: map[string]string{titleAnnotation: f.Path}})
	}
	return json.Marshal(m)
}

// ParseDocuments reads a manifest that Documents made, for a subject. It accepts only
// the same bytes, and only safe paths.
func ParseDocuments(raw []byte, artifactType, subject string) ([]File, error) {
	var m manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, fmt.Errorf("the manifest is malformed: %w", err)
	}
	switch {
	case m.ArtifactType != artifactType:
		return nil, fmt.Errorf("its artifact type is %q, not %s", m.ArtifactType, artifactType)
	case m.Subject == nil || m.Subject.Digest != subject:
		return nil, errors.New("its subject is another image")
	}
	s := &Sealed{}
	for _, d := range m.Layers {
		s.Others = append(s.Others, d.file())
	}
	if err := s.valid(); err != nil {
		return nil, err
	}
	again, err := listing(artifactType, subject, m.Subject.Size, s.Others)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(raw, again) {
		return nil, errors.New("the manifest does not have the form that seaworthy writes")
	}
	return s.Others, nil
}
