package verify

import (
	"errors"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// ReportSchema counts incompatible changes of Report.
const ReportSchema = 1

// Report is the result of a verification as JSON, as `verify --report json`
// prints it.
type Report struct {
	SchemaVersion int    `json:"schemaVersion"`
	Path          string `json:"path"`
	Verified      bool   `json:"verified"`
	// Scope is "image", or "file" if only that file was verified.
	Scope      string   `json:"scope,omitempty"`
	Name       string   `json:"name,omitempty"`
	Arch       string   `json:"arch,omitempty"`
	Artifact   string   `json:"artifact,omitempty"`
	Files      []File   `json:"files,omitempty"`
	Summary    *Summary `json:"summary,omitempty"`
	Signers    []string `json:"signers,omitempty"`
	Statements []string `json:"statements,omitempty"`
	Checked    []string `json:"checked,omitempty"`
	// Requirements are those of the trust policy, and what was found.
	Requirements []Requirement `json:"requirements,omitempty"`
	// Rules are the rules that only a built image can answer. A file has none.
	Rules []Ruling `json:"rules,omitempty"`
	// Problems are the reasons why the image is not verified. It has at least
	// one then.
	Problems []Problem `json:"problems,omitempty"`
}

// Problem is one reason.
type Problem struct {
	// Check is "" if the image could not be verified, and was not refused.
	Check   Check  `json:"check,omitempty"`
	Path    string `json:"path,omitempty"`
	Message string `json:"message"`
	Next    string `json:"next,omitempty"`
}

// NewReport makes the Report from what Dir or File returned for a path.
func NewReport(path string, r *Result, err error) *Report {
	rep := &Report{SchemaVersion: ReportSchema, Path: path, Verified: err == nil && r != nil}
	if !rep.Verified {
		rep.Problems = problems(err)
		return rep
	}
	rep.Scope, rep.Name, rep.Arch, rep.Artifact = r.Scope, r.Name, r.Arch, r.Artifact
	rep.Requirements = r.Requirements
	rep.Files, rep.Summary, rep.Signers, rep.Statements, rep.Checked = r.Files, &r.Summary, r.Signers, r.Statements, r.Checked
	return rep
}

// problems splits joined errors.
func problems(err error) []Problem {
	switch e := err.(type) { //nolint:errorlint // joined errors are taken apart level by level
	case nil:
		return nil
	case *Refusal:
		return []Problem{{Check: e.Check, Path: e.Path, Message: e.Error(), Next: e.cause.Next}}
	case *system.Error:
		return []Problem{{Message: e.Error(), Next: e.Next}}
	case interface{ Unwrap() []error }:
		var out []Problem
		for _, one := range e.Unwrap() {
			out = append(out, problems(one)...)
		}
		return out
	}
	p := Problem{Message: err.Error()}
	var s *system.Error
	if errors.As(err, &s) {
		p.Next = s.Next
	}
	return []Problem{p}
}
