package layout

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// FolderType is the artifact type of a referrer that lists all files of a sealed
// folder that are not files of the image: attestations, bills of materials, the
// decision and the reports. In a registry, it makes the folder complete. It is
// not a part of the layout in Dir.
const FolderType = "application/vnd.seaworthy.folder.v1"

const createdAnnotation = "org.opencontainers.image.created"

// Limits of a sealed folder in a registry.
const (
	// MaxManifest is the largest size of a manifest. Most registries have the
	// same limit.
	MaxManifest = 4 << 20
	// MaxOthers is the largest size of all files that FolderType lists.
	MaxOthers = 2 << 30
)

// Sealed is a sealed folder: the files of its image, its attestations, and all
// other files. Dir is not listed: Describe makes its content.
type Sealed struct {
	Name string
	// Decided is the day of the decision, YYYY-MM-DD; "" if it has none.
	Decided string
	Files   []File
	Bundles []Bundle
	Others  []File
}

// Manifest returns the manifest of type FolderType. Like Describe, it returns
// equal bytes for equal folders.
func (s *Sealed) Manifest() ([]byte, error) {
	l, err := Describe(s.Name, s.Files, nil)
	if err != nil {
		return nil, err
	}
	subject := descriptor{MediaType: manifestType, Digest: l.Manifest, Size: int64(len(l.Documents["blobs/sha256/"+digests.Hex(l.Manifest)]))}
	m := referrer(FolderType, subject)
	m.Annotations = map[string]string{titleAnnotation: s.Name}
	if s.Decided != "" {
		m.Annotations[createdAnnotation] = s.Decided + "T00:00:00Z"
	}
	for _, b := range s.Bundles {
		m.Layers = append(m.Layers, descriptor{MediaType: statement.BundleMediaType, Digest: b.Digest, Size: b.Size,
			Annotations: map[string]string{titleAnnotation: b.Path, predicateAnnotation: b.PredicateType}})
	}
	for _, f := range s.Others {
		m.Layers = append(m.Layers, f.layer())
	}
	slices.SortFunc(m.Layers, func(a, b descriptor) int {
		return strings.Compare(a.Annotations[titleAnnotation], b.Annotations[titleAnnotation])
	})
	return json.Marshal(m)
}

// referrer is a manifest that refers to a subject, without layers.
func referrer(artifactType string, subject descriptor) manifest {
	// Some registries list the type of the config as the artifact type.
	config := descriptor{MediaType: artifactType, Digest: digests.Of([]byte("{}")), Size: 2}
	return manifest{SchemaVersion: 2, MediaType: manifestType, ArtifactType: artifactType, Config: config,
		Layers: []descriptor{}, Subject: &subject}
}

// parseReferrer reads a manifest, and checks its type and the digest of its subject.
func parseReferrer(raw []byte, artifactType, subject string) (*manifest, error) {
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
	return &m, nil
}

// ParseArtifact reads the manifest of an image, and returns its files. It
// accepts only the bytes that Describe makes, and only safe paths.
func ParseArtifact(raw []byte) ([]File, error) {
	var m manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, fmt.Errorf("the manifest is malformed: %w", err)
	}
	if m.ArtifactType != ArtifactType {
		return nil, fmt.Errorf("its artifact type is %q, not %s", m.ArtifactType, ArtifactType)
	}
	s := Sealed{}
	for _, d := range m.Layers {
		s.Files = append(s.Files, d.file())
	}
	if err := s.valid(); err != nil {
		return nil, err
	}
	l, err := Describe("", s.Files, nil)
	if err != nil {
		return nil, err
	}
	if digests.Of(raw) != l.Manifest {
		return nil, errors.New("the manifest does not have the form that a build writes")
	}
	return s.Files, nil
}

// ParseFolder reads a manifest of type FolderType for the image with these files,
// whose manifest is artifact. It accepts only the bytes that Manifest makes, and
// only safe paths.
func ParseFolder(raw []byte, artifact string, files []File) (*Sealed, error) {
	m, err := parseReferrer(raw, FolderType, artifact)
	if err != nil {
		return nil, err
	}
	s := &Sealed{Name: m.Annotations[titleAnnotation], Files: files}
	s.Decided, _, _ = strings.Cut(m.Annotations[createdAnnotation], "T")
	for _, d := range m.Layers {
		if d.MediaType == statement.BundleMediaType {
			s.Bundles = append(s.Bundles, Bundle{File: d.file(), PredicateType: d.Annotations[predicateAnnotation]})
		} else {
			s.Others = append(s.Others, d.file())
		}
	}
	if err := s.valid(); err != nil {
		return nil, err
	}
	again, err := s.Manifest()
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(raw, again) {
		return nil, errors.New("the manifest does not have the form that push writes")
	}
	return s, nil
}

// layer is the descriptor of a file; file reads it.
func (f File) layer() descriptor {
	return descriptor{MediaType: FileMediaType, Digest: f.Digest, Size: f.Size, Annotations: map[string]string{titleAnnotation: f.Path}}
}

func (d *descriptor) file() File {
	return File{Path: d.Annotations[titleAnnotation], Digest: d.Digest, Size: d.Size}
}

// Parse reads the layout of a sealed folder, and compares all its documents with
// what Describe makes. read returns a document by its path in Dir. Others is not
// set in the result.
func Parse(read func(path string) ([]byte, error)) (*Sealed, *Layout, error) {
	raw, err := read("index.json")
	if err != nil {
		return nil, nil, err
	}
	var ix index
	if err := json.Unmarshal(raw, &ix); err != nil || len(ix.Manifests) == 0 {
		return nil, nil, errors.New("index.json is malformed")
	}
	blob := func(d descriptor) ([]byte, error) {
		if !digests.Valid(d.Digest) {
			return nil, fmt.Errorf("index.json has the digest %q", d.Digest)
		}
		return read("blobs/sha256/" + digests.Hex(d.Digest))
	}
	s := &Sealed{Name: ix.Manifests[0].Annotations[refNameAnnotation]}
	if raw, err = blob(ix.Manifests[0]); err == nil {
		s.Files, err = ParseArtifact(raw)
	}
	if err != nil {
		return nil, nil, err
	}
	for _, d := range ix.Manifests[1:] {
		if raw, err = blob(d); err != nil {
			return nil, nil, err
		}
		var m manifest
		if err := json.Unmarshal(raw, &m); err != nil || len(m.Layers) != 1 {
			return nil, nil, fmt.Errorf("the manifest %s is not one of an attestation", d.Digest)
		}
		f := m.Layers[0].file()
		f.Path = statement.Dir + "/" + f.Path
		s.Bundles = append(s.Bundles, Bundle{File: f, PredicateType: m.Annotations[predicateAnnotation]})
	}
	if err := s.valid(); err != nil {
		return nil, nil, err
	}
	l, err := Describe(s.Name, s.Files, s.Bundles)
	if err != nil {
		return nil, nil, err
	}
	for name, want := range l.Documents {
		if got, err := read(name); err != nil {
			return nil, nil, err
		} else if !bytes.Equal(got, want) {
			return nil, nil, fmt.Errorf("%s does not have the form that a build writes", name)
		}
	}
	return s, l, nil
}

// valid checks paths, digests, sizes and limits. No path leaves the folder, and no
// file is also a folder.
func (s *Sealed) valid() error {
	seen := paths{}
	var total int64
	for _, f := range s.Files {
		if err := seen.add(f, false); err != nil {
			return err
		}
	}
	for _, b := range s.Bundles {
		if err := seen.add(b.File, true); err != nil {
			return err
		}
		total += min(b.Size, MaxOthers+1)
	}
	for _, f := range s.Others {
		if err := seen.add(f, false); err != nil {
			return err
		}
		total += min(f.Size, MaxOthers+1)
	}
	for p := range seen {
		for dir := path.Dir(p); dir != "."; dir = path.Dir(dir) {
			if seen[dir] {
				return fmt.Errorf("%q is both a file and a folder", dir)
			}
		}
	}
	switch {
	case len(s.Bundles) > statement.MaxBundles:
		return fmt.Errorf("there are %d attestations; the limit is %d", len(s.Bundles), statement.MaxBundles)
	case total > MaxOthers:
		return fmt.Errorf("attestations, bills of materials and reports have more than %d bytes", MaxOthers)
	}
	return nil
}

// paths are the paths of a folder's files.
type paths map[string]bool

// add checks one file.
func (seen paths) add(f File, attestation bool) error {
	top, rest, _ := strings.Cut(f.Path, "/")
	switch {
	case !fs.ValidPath(f.Path) || f.Path == "." || len(f.Path) > 1024 || strings.ContainsFunc(f.Path, unusual):
		return fmt.Errorf("%q is not the path of a file in the folder", f.Path)
	case seen[f.Path]:
		return fmt.Errorf("%q is listed twice", f.Path)
	case top == Dir, attestation != (top == statement.Dir), attestation && (strings.Contains(rest, "/") || !strings.HasSuffix(rest, statement.Suffix)):
		return fmt.Errorf("%q is in the wrong place", f.Path)
	case !digests.Valid(f.Digest) || f.Size < 0:
		return fmt.Errorf("%q has no valid digest and size", f.Path)
	}
	seen[f.Path] = true
	return nil
}

// unusual reports whether no build writes a path with this character.
func unusual(c rune) bool { return c < ' ' || c == 0x7f || c == '\\' }
