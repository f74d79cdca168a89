// Package statement defines the parts of an image's seal: in-toto v1 statements
// with standard predicate types only, their names in a folder, and their strict
// reading. The writer and the verifier of a seal share it. It imports only the
// standard library and the types of the decision, so that a verifier fits an
// initramfs.
package statement

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// The types in every statement and its envelope.
const (
	Type            = "https://in-toto.io/Statement/v1"
	PayloadType     = "application/vnd.in-toto+json"
	BundleMediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"
)

// The predicate types of a seal. A seal has no others.
const (
	SPDX       = "https://spdx.dev/Document"
	CycloneDX  = "https://cyclonedx.org/bom"
	Provenance = "https://slsa.dev/provenance/v1"
	Summary    = "https://slsa.dev/verification_summary/v1"
	TestResult = "https://in-toto.io/attestation/test-result/v0.1"
)

// CosignSign is the predicate type of cosign's signature of an artifact: the
// key signed the subject, and the predicate says nothing more.
const CosignSign = "https://sigstore.dev/cosign/sign/v1"

// OpenVEX is the predicate type of an OpenVEX document of any version about a component
// image. cosign calls it openvex.
const OpenVEX = "https://openvex.dev/ns"

// Names in the image's folder.
const (
	// Dir holds the bundles, one per statement.
	Dir = "attestations"
	// Suffix of a bundle's file name. The part before it is the statement's
	// stem.
	Suffix = ".sigstore.json"
	// DecisionFile is the decision's path in the folder.
	DecisionFile = "decision.json"
	// ComponentPrefix begins the stem of a component's statement:
	// component-services-nginx.spdx.
	ComponentPrefix = "component-"
	// CountersignaturePrefix begins the stem of a further signature of the
	// provenance, by another signer. The rest of the stem tells signers apart.
	CountersignaturePrefix = "countersignature-"
)

// The limits for a bundle that is read or written.
const (
	// MaxBundle is the size of one bundle file in bytes.
	MaxBundle = 128 << 20
	// MaxBundles is the highest number of bundles in a folder.
	MaxBundles = 4096
	// MaxDepth is the deepest nesting of JSON. MaxMembers is the highest number
	// of members in all objects that one Decode reads.
	MaxDepth   = 100
	MaxMembers = 1 << 20
)

// ImageStems are the stems of an image's own statements and their predicate
// types. A seal has each of them once.
func ImageStems() map[string]string {
	return map[string]string{
		"spdx":        SPDX,
		"cyclonedx":   CycloneDX,
		"provenance":  Provenance,
		"vsa":         Summary,
		"test-result": TestResult,
	}
}

// ComponentStems are the stems of one component's statements and their
// predicate types. fileStem is the component's ID as part of a file name
// ("services-nginx").
func ComponentStems(fileStem string) map[string]string {
	return map[string]string{
		ComponentPrefix + fileStem + ".spdx":      SPDX,
		ComponentPrefix + fileStem + ".cyclonedx": CycloneDX,
	}
}

// FileStem is a component's ID as part of a file name.
func FileStem(id string) string { return strings.ReplaceAll(id, "/", "-") }

// BundlePath is the path of the bundle with that stem, in the image's folder.
func BundlePath(stem string) string { return Dir + "/" + stem + Suffix }

// Statement is an in-toto v1 statement.
type Statement struct {
	Type          string          `json:"_type"`
	Subject       []Descriptor    `json:"subject"`
	PredicateType string          `json:"predicateType"`
	Predicate     json.RawMessage `json:"predicate"`
}

// Descriptor is in-toto's ResourceDescriptor, with the members that are used
// here.
type Descriptor struct {
	Name        string            `json:"name,omitempty"`
	URI         string            `json:"uri,omitempty"`
	Digest      map[string]string `json:"digest,omitempty"`
	MediaType   string            `json:"mediaType,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// SHA256 is the descriptor's digest as sha256:HEX, "" if it has none.
func (d Descriptor) SHA256() string {
	if h := d.Digest["sha256"]; h != "" {
		return digests.FromHex(h)
	}
	return ""
}

// Exact reports whether the descriptor has exactly one digest, of type sha256.
func (d Descriptor) Exact() bool { return len(d.Digest) == 1 && digests.ValidHex(d.Digest["sha256"]) }

// DigestSet converts sha256:HEX into in-toto's form. Any other text is an
// error.
func DigestSet(digest string) (map[string]string, error) {
	if !digests.Valid(digest) {
		return nil, fmt.Errorf("digest %q is not sha256: and 64 hexadecimal digits", digest)
	}
	return map[string]string{"sha256": digests.Hex(digest)}, nil
}

// Marshal returns the form in which a value is signed: compact, members of maps
// sorted, members of structures in the order of their declaration, no HTML
// escapes.
func Marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Parse reads a payload: the statement's type, subjects that each have a
// distinct name and one sha256 digest, and a predicate that is an object. It
// does not read the predicate's content.
func Parse(payload []byte) (*Statement, error) {
	var s Statement
	if err := decodeTop(payload, &s); err != nil {
		return nil, err
	}
	if s.Type != Type {
		return nil, fmt.Errorf("statement type %q is not %s", s.Type, Type)
	}
	if len(s.Subject) == 0 {
		return nil, fmt.Errorf("the statement has no subject")
	}
	seen := map[string]bool{}
	for _, d := range s.Subject {
		if d.Name == "" || seen[d.Name] {
			return nil, fmt.Errorf("subject name %q is empty or a duplicate", d.Name)
		}
		seen[d.Name] = true
		if !d.Exact() {
			return nil, fmt.Errorf("subject %q must have exactly one digest, of type sha256", d.Name)
		}
	}
	if len(s.Predicate) == 0 || s.Predicate[0] != '{' {
		return nil, fmt.Errorf("the statement has no predicate")
	}
	return &s, nil
}

// Subjects are the subjects' digests (sha256:HEX) by name.
func (s *Statement) Subjects() map[string]string {
	m := make(map[string]string, len(s.Subject))
	for _, d := range s.Subject {
		m[d.Name] = d.SHA256()
	}
	return m
}
