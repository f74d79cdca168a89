package layout

import (
	"bytes"
	"encoding/json"
	"errors"
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
	m := referrer(artifactType, descriptor{MediaType: manifestType, Digest: subject, Size: size})
	for _, f := range files {
		m.Layers = append(m.Layers, f.layer())
	}
	return json.Marshal(m)
}

// ParseDocuments reads a manifest that Documents made, for a subject. It accepts only
// the same bytes, and only safe paths.
func ParseDocuments(raw []byte, artifactType, subject string) ([]File, error) {
	m, err := parseReferrer(raw, artifactType, subject)
	if err != nil {
		return nil, err
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
