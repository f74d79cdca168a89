package facts

// Trust is the trust policy of component images.
type Trust struct {
	Given bool `json:"given"`
	// Digest is sha256:HEX of the file.
	Digest string `json:"digest"`
}

// Attestations are the signatures and statements found beside an image,
// verified or not.
type Attestations struct {
	// Looked: the source of the image was searched for attestations.
	Looked bool `json:"looked"`
	// Found is sorted by digest.
	Found []Attestation `json:"found"`
	// Truncated: there are more than the MaxAttestations that were read.
	Truncated bool `json:"truncated"`
}

// MaxAttestations is the highest number that is read for one image.
const MaxAttestations = 100

// Attestation is one signature, or one signed statement. Unless Verified is
// true, nothing in it can be trusted, except that it exists.
type Attestation struct {
	// Digest of the blob that contains it. Form is "bundle" (Sigstore bundle),
	// "dsse" (a bare envelope) or "simplesigning" (cosign's classic form).
	Digest string `json:"digest"`
	Form   string `json:"form"`
	// Verified: the signature is valid and covers this image, and the trust
	// policy allows its key for this image. Reason says why Verified is false.
	Verified bool   `json:"verified"`
	Reason   string `json:"reason"`
	// Signs: it is a plain signature, or the provenance of the build. Its
	// signer vouches for the image. Any other statement only adds information,
	// for example that a check has failed.
	Signs bool `json:"signs"`
	// Key is the name in the trust policy of the key that signed, "" if none of
	// its keys did. Allowed: the key covers the image's repository.
	Key     string `json:"key"`
	Allowed bool   `json:"allowed"`
	// Identity and Issuer are the claims of a signing certificate. They are true
	// only if Verified is true.
	Identity string `json:"identity"`
	Issuer   string `json:"issuer"`
	// PredicateType of a statement, "" for a plain signature.
	PredicateType string `json:"predicateType"`
	// Readable: the content could be read. SubjectMatches: the content lists
	// the digest of the image's manifest or index.
	Readable       bool `json:"readable"`
	SubjectMatches bool `json:"subjectMatches"`
	// SignedAs is the repository (REGISTRY/PATH) under which the signer signed the
	// image, "" if the content has none: docker-reference, or the name of the subject
	// with the digest of the image.
	SignedAs string `json:"signedAs"`
	// Provenance of a SLSA provenance statement, null for others.
	Provenance *Provenance `json:"provenance"`
}

// Provenance is the content of a SLSA provenance (v0.2 or v1).
type Provenance struct {
	Builder   string `json:"builder"`
	BuildType string `json:"buildType"`
	// Source is the repository that was built, Ref its branch or tag; "" if the
	// provenance does not contain it.
	Source string `json:"source"`
	Ref    string `json:"ref"`
}

// VulnerabilityScan describes the databases that the packages were matched
// with.
type VulnerabilityScan struct {
	// Scanned: a database was given.
	Scanned bool `json:"scanned"`
	// Database is "OSV" or "Debian security tracker". Digest is sha256:HEX of
	// its files. Records is the number of its entries.
	Database string `json:"database"`
	Digest   string `json:"digest"`
	Records  int    `json:"records"`
	// VEX are the digests of the VEX documents, sorted. VEXUnused are
	// statements without effect, each with the reason.
	VEX       []string `json:"vex"`
	VEXUnused []string `json:"vexUnused"`
	// Modified is the newest date in the database, YYYY-MM-DD, "" if it has no
	// date.
	Modified string `json:"modified"`
}

// Vulnerability is one known vulnerability of one package.
type Vulnerability struct {
	// ID is a CVE if one is known.
	ID      string   `json:"id"`
	Aliases []string `json:"aliases"`
	Package string   `json:"package"`
	Version string   `json:"version"`
	PURL    string   `json:"purl"`
	// Paths are the files in which the package was found, as in Package.
	Paths []string `json:"paths"`
	// Severity is low, medium, high, critical, or "" if the database has none.
	Severity string `json:"severity"`
	// Fixed is the version that fixes the vulnerability, "" if there is none
	// yet.
	Fixed string `json:"fixed"`
	// Exploited: the database lists it as exploited by attackers.
	Exploited bool `json:"exploited"`
	// VEX is its status in a VEX document (not_affected, affected, fixed,
	// under_investigation), "" for none; Justification is the reason, and VEXNotes says
	// how the status was determined.
	VEX           string `json:"vex"`
	Justification string `json:"justification"`
	VEXNotes      string `json:"vexNotes"`
}

// Unmatched are packages of one type that no database covers.
type Unmatched struct {
	// Type is the type in Package, Packages their number. They are "" and 0 if
	// the image has a distribution's os-release but none of its packages.
	Type     string `json:"type"`
	Packages int    `json:"packages"`
	// Ecosystem is the OSV ecosystem that a database would have to cover; "" if
	// databases have no packages of this type.
	Ecosystem string `json:"ecosystem"`
	Reason    string `json:"reason"`
}

// Output is the result of verifying a built image.
type Output struct {
	// Present: an image was verified.
	Present bool `json:"present"`
	// Refused are the reasons why the image is refused.
	Refused []Refused `json:"refused"`
	// Compared: a second build of the same system was compared. Different are
	// the paths in which the two builds differ.
	Compared  bool     `json:"compared"`
	Different []string `json:"different"`
}

// Refused is one reason: the check of attest/verify, and the file.
type Refused struct {
	Check   string `json:"check"`
	Path    string `json:"path"`
	Message string `json:"message"`
}
