package statement

import (
	"slices"
)

// RebuildPolicy is the policy of a second opinion: all files of the image of a second
// build, made from the provenance of the first one, have the same bytes. See
// docs/buildtype/v1.md.
const RebuildPolicy = "https://github.com/seaworthy-os/seaworthy/rebuild/v1"

// LevelRebuilt is the verified level of an image that was built again with the same
// bytes.
const LevelRebuilt = "SEAWORTHY_REBUILT"

// OpinionPredicate is a second opinion about an image: a verification summary v1
// (the type Summary) whose policy is RebuildPolicy. Its subjects are those of the
// provenance. Members that begin with seaworthy_ are extensions.
type OpinionPredicate struct {
	Verifier Builder `json:"verifier"`
	// TimeVerified is the time that the user gave; the clock is not used.
	TimeVerified       string   `json:"timeVerified,omitempty"`
	ResourceURI        string   `json:"resourceUri"`
	Policy             Document `json:"policy"`
	InputAttestations  []Input  `json:"inputAttestations"`
	VerificationResult string   `json:"verificationResult"`
	VerifiedLevels     []string `json:"verifiedLevels"`
	// Different are the files of the image whose bytes differ, and OtherDifferent
	// the other files of the folder, which do not change the result.
	Different      []string `json:"seaworthy_different,omitempty"`
	OtherDifferent []string `json:"seaworthy_otherDifferent,omitempty"`
}

// Document is a document without a digest.
type Document struct {
	URI string `json:"uri"`
}

// Opinion makes the predicate of a second opinion. provenance is the digest
// (sha256:HEX) of the bundle with the provenance.
func Opinion(version, name, artifact, provenance, time string, different, other []string) (*OpinionPredicate, error) {
	set, err := DigestSet(provenance)
	if err != nil {
		return nil, err
	}
	p := &OpinionPredicate{
		Verifier: BuilderOf(version), TimeVerified: time, ResourceURI: ResourceURI(name, artifact),
		Policy: Document{RebuildPolicy}, InputAttestations: []Input{{URI: BundlePath("provenance"), Digest: set}},
		VerificationResult: Passed, VerifiedLevels: []string{LevelRebuilt},
		Different: slices.Clone(different), OtherDifferent: slices.Clone(other),
	}
	if len(different) > 0 {
		p.VerificationResult, p.VerifiedLevels = Failed, []string{Failed}
	}
	return p, nil
}
