package verify

import (
	"errors"
	"io/fs"
	"os"

	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// What a Result vouches for.
const (
	ScopeImage = "image"
	ScopeFile  = "file"
)

// Result is what was verified.
type Result struct {
	// Scope is ScopeImage, or ScopeFile: one file and no other.
	Scope      string
	Name, Arch string
	// Artifact is the digest of the image's OCI manifest.
	Artifact string
	// Files of the image, sorted by name, open.
	Files   []File
	Summary Summary
	// Signers are the keys that signed (see KeyID), Statements the names of
	// what they signed.
	Signers    []string
	Statements []string
	// Checked says in words what was looked at, in order.
	Checked []string
	// folder is that of an image.
	folder fs.FileInfo
}

// File is a verified file of the image.
type File struct {
	Name   string `json:"name"`
	Digest string `json:"digest"`
	Size   int64  `json:"size"`
	file   *os.File
}

// Summary is the decision that the image passed.
type Summary struct {
	Policy       string `json:"policy"`
	PolicyDigest string `json:"policyDigest"`
	FailOn       string `json:"failOn"`
	// Digests of decision.json, of the waivers and the lock, "" without.
	Decision string `json:"decision"`
	Waivers  string `json:"waivers,omitempty"`
	Lock     string `json:"lock,omitempty"`
	// Decided is when the decision was made (RFC 3339), "" where the build was
	// given no time.
	Decided string `json:"decided,omitempty"`
	// WaiversExpire is the last day on which every waiver is valid, "" where
	// none was used.
	WaiversExpire string `json:"waiversExpire,omitempty"`
	// Findings are counted for an image only.
	Findings decision.Summary `json:"findings"`
}

// text is one line.
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

// Open gives the descriptor of a verified file at offset 0: the one that was
// hashed. It belongs to the Result. nil where the image has no such file.
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

// describe fills in what statements say.
func (r *Result) describe(v *Verifier, s seal, c *content) {
	seen := map[string]bool{}
	for _, one := range s.sorted() {
		r.Statements = append(r.Statements, one.stem)
		if id := v.ids[one.key]; !seen[id] {
			seen[id] = true
			r.Signers = append(r.Signers, id)
		}
	}
	r.Summary = Summary{
		Findings:      r.Summary.Findings,
		Decided:       c.summary.TimeVerified,
		Policy:        c.policy,
		PolicyDigest:  statement.Descriptor{Digest: c.summary.Policy.Digest}.SHA256(),
		FailOn:        c.summary.FailOn,
		Decision:      c.summary.Input(statement.InputDecision),
		Waivers:       c.summary.Input(statement.DependencyWaivers),
		Lock:          c.summary.Input(statement.DependencyLock),
		WaiversExpire: c.summary.WaiversExpire,
	}
}
