package verify

import (
	"errors"
	"io/fs"
	"os"
	"slices"

	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// The scopes of a Result.
const (
	ScopeImage = "image"
	ScopeFile  = "file"
	// ScopeStatements: the statements were verified, but no file of the image.
	ScopeStatements = "statements"
)

// Result is the result of a successful verification.
type Result struct {
	// Scope is ScopeImage, ScopeFile if only one file was verified, or
	// ScopeStatements.
	Scope      string
	Name, Arch string
	// Formats are the names of the formats that were built.
	Formats []string
	// Artifact is the digest of the image's OCI manifest.
	Artifact string
	// Files of the image, sorted by name, each open.
	Files   []File
	Summary Summary
	// Signers are the keys (see KeyID) and identities that signed. Statements are
	// the names of the signed statements.
	Signers    []string
	Statements []string
	// Certificate is the digest of the certificate whose key signed the UKIs for
	// Secure Boot, "" if the build signed none.
	Certificate string
	// Byproducts are the digests of the other files of the folder, by path; nil for
	// a single file.
	Byproducts map[string]string
	// SecondOpinion is the signer of the second opinion that the trust policy
	// requires, "" if it requires none.
	SecondOpinion string
	// Provenance is the payload of the provenance, for countersignatures.
	Provenance []byte
	// Requirements are what the trust policy requires; all are met.
	Requirements []Requirement
	// Registers are the predicted registers of a TPM, by annotation of the provenance
	// (statement.Registers).
	Registers map[string]string
	// authorities are those whose signatures were accepted, by their index.
	authorities []int
	// Checked lists the checks in words, in their order.
	Checked []string
	// folder of the image, nil for a single file.
	folder fs.FileInfo
}

// File is a verified file of the image.
type File struct {
	Name   string `json:"name"`
	Digest string `json:"digest"`
	Size   int64  `json:"size"`
	file   *os.File
}

// Summary is the decision about the image, which passed.
type Summary struct {
	Policy       string `json:"policy"`
	PolicyDigest string `json:"policyDigest"`
	FailOn       string `json:"failOn"`
	// Digests of decision.json, of the waivers and of the lock. Waivers and
	// Lock are "" if the image has none.
	Decision string `json:"decision"`
	Waivers  string `json:"waivers,omitempty"`
	Lock     string `json:"lock,omitempty"`
	// Decided is the time of the decision (RFC 3339), "" if the build was given
	// no time.
	Decided string `json:"decided,omitempty"`
	// WaiversExpire is the last day on which all waivers are valid, "" if no
	// waiver was used.
	WaiversExpire string `json:"waiversExpire,omitempty"`
	// Findings are counted for an image only, not for a single file.
	Findings decision.Summary `json:"findings"`
}

// text is the summary in one line.
func (s *Summary) text() string {
	t := "passed " + s.Policy
	if s.Decided != "" {
		t += " on " + s.Decided
	}
	if s.WaiversExpire != "" {
		t += ", waivers valid until " + s.WaiversExpire
	}
	return t
}

// Open returns the descriptor that was hashed for a verified file, at offset 0.
// It belongs to the Result. It is nil if the image has no such file.
func (r *Result) Open(name string) *os.File {
	for _, f := range r.Files {
		if f.Name == name {
			return f.file
		}
	}
	return nil
}

// Close closes the files.
func (r *Result) Close() error {
	var errs []error
	for i := range r.Files {
		if r.Files[i].file != nil {
			errs = append(errs, r.Files[i].file.Close())
			r.Files[i].file = nil
		}
	}
	return errors.Join(errs...)
}

// describe copies the content of the statements into the Result.
func (r *Result) describe(s seal, counters []countersignature, c *content) {
	add := func(by signature) {
		r.authorities = append(r.authorities, by.authority)
		if !slices.Contains(r.Signers, by.id) {
			r.Signers = append(r.Signers, by.id)
		}
	}
	for _, one := range s.sorted() {
		r.Statements = append(r.Statements, one.stem)
		add(one.by)
	}
	for _, one := range counters {
		if one.by.why == "" {
			add(one.by)
		}
	}
	ext := &c.provenance.BuildDefinition.ExternalParameters
	r.Arch, r.Formats = ext.Arch, ext.Parameters.Format
	r.Provenance = s["provenance"].payload
	r.Certificate = c.dependency(statement.DependencyCertificate)
	r.Registers = c.registers
	r.Summary = Summary{
		Findings:      r.Summary.Findings,
		Decided:       c.summary.TimeVerified,
		Policy:        c.policy,
		PolicyDigest:  c.policyDigest(),
		FailOn:        c.summary.FailOn,
		Decision:      c.summary.Input(statement.InputDecision),
		Waivers:       c.summary.Input(statement.DependencyWaivers),
		Lock:          c.summary.Input(statement.DependencyLock),
		WaiversExpire: c.summary.WaiversExpire,
	}
}
