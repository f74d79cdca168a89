package facts

// Trust is the trust policy of component images.
type Trust struct {
	Given bool `json:"given"`
	// Digest is sha256:HEX of the file.
	Digest string `json:"digest"`
}

// Attestations are what was found beside an image, verified or not.
type Attestations struct {
	// Looked: the place where the image was found was asked.
	Looked bool `json:"looked"`
	// Found is sorted by digest.
	Found []Attestation `json:"found"`
	// Truncated: there are more than the MaxAttestations that were read.
	Truncated bool `json:"truncated"`
}

// MaxAttestations bounds how many are read of one image.
const MaxAttestations = 100

// Attestation is one signature, or one signed statement. Only where Verified
// is true is anything but its presence to be believed.
type Attestation struct {
	// Digest of the blob that holds it; Form is "bundle" (Sigstore bundle),
	// "dsse" (a bare envelope) or "simplesigning" (cosign's classic form).
	Digest string `json:"digest"`
	Form   string `json:"form"`
	// Verified: the signature is valid, by a key that the trust policy lets
	// speak for this image, and about this image. Reason says why not.
	Verified bool   `json:"verified"`
	Reason   string `json:"reason"`
	// Signs: it is a plain signature, or the provenance of the build: who made
	// it stands for the image. Any other statement only says something of it, as
	// that a check has failed.
	Signs bool `json:"signs"`
	// Key is the name of the key that signed, in the trust policy; "" where no
	// key of it did. Allowed: the key may speak for the image's repository.
	Key     string `json:"key"`
	Allowed bool   `json:"allowed"`
	// Identity and Issuer are what a signing certificate claims. Certificates
	// are not verified yet.
	Identity string `json:"identity"`
	Issuer   string `json:"issuer"`
	// PredicateType of a statement, "" for a plain signature.
	PredicateType string `json:"predicateType"`
	// Readable: what it says could be read. SubjectMatches: it names the
	// image's manifest or index.
	Readable       bool `json:"readable"`
	SubjectMatches bool `json:"subjectMatches"`
	// Provenance of a SLSA provenance statement, else null.
	Provenance *Provenance `json:"provenance"`
}

// Provenance is what a SLSA provenance (v0.2 or v1) says about a build.
type Provenance struct {
	Builder   string `json:"builder"`
	BuildType string `json:"buildType"`
	// Source is the repository that was built, Ref its branch or tag; "" where
	// the provenance does not say.
	Source string `json:"source"`
	Ref    string `json:"ref"`
}

// VulnerabilityScan says against what packages were matched.
type VulnerabilityScan struct {
	// Scanned: a database was given.
	Scanned bool `json:"scanned"`
	// Database says what it was: "OSV" or "Debian security tracker"; Digest is
	// sha256:HEX over its files, Records how many entries it has.
	Database string `json:"database"`
	Digest   string `json:"digest"`
	Records  int    `json:"records"`
	// VEX are the digests of the VEX documents, sorted. VEXUnused are statements
	// that change nothing, and why.
	VEX       []string `json:"vex"`
	VEXUnused []string `json:"vexUnused"`
	// Modified is the newest date in the database, YYYY-MM-DD, "" where it has
	// none.
	Modified string `json:"modified"`
}

// Vulnerability is one known vulnerability of one package.
type Vulnerability struct {
	// ID is a CVE where one is known.
	ID      string   `json:"id"`
	Aliases []string `json:"aliases"`
	Package string   `json:"package"`
	Version string   `json:"version"`
	PURL    string   `json:"purl"`
	// Paths are where the package was found, as Package has them.
	Paths []string `json:"paths"`
	// Severity is low, medium, high, critical, or "" where the database does
	// not say.
	Severity string `json:"severity"`
	// Fixed is the version that is no longer vulnerable, "" for none yet.
	Fixed string `json:"fixed"`
	// Exploited: the database says that attackers use it.
	Exploited bool `json:"exploited"`
	// VEX is the status that a VEX document gives it (not_affected, affected,
	// fixed, under_investigation), "" for none; Justification is its reason.
	VEX           string `json:"vex"`
	Justification string `json:"justification"`
}

// Unmatched are packages of one type that were matched with no database.
type Unmatched struct {
	// Type as the packages have it, and how many they are; "" and 0 where the
	// image names a distribution and has none of its packages.
	Type     string `json:"type"`
	Packages int    `json:"packages"`
	// Ecosystem that a database would have to speak of, by OSV's name; "" where
	// databases have no packages of this type.
	Ecosystem string `json:"ecosystem"`
	Reason    string `json:"reason"`
}

// Output is what verify finds out about a built image.
type Output struct {
	// Present: the image was looked at.
	Present bool `json:"present"`
	// Refused are the reasons why it is not believed.
	Refused []Refused `json:"refused"`
	// Compared: a second build of the same system was given; Different are the
	// paths in which the two differ.
	Compared  bool     `json:"compared"`
	Different []string `json:"different"`
}

// Refused is one reason: the check of attest/verify, and the file.
type Refused struct {
	Check   string `json:"check"`
	Path    string `json:"path"`
	Message string `json:"message"`
}
