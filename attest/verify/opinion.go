package verify

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/attest/layout"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// Provenance is the provenance of an image, from its bundle alone.
type Provenance struct {
	statement.ProvenancePredicate
	// Subject are the files of the image, and its OCI manifest.
	Subject []statement.Descriptor
	// Name of the system, and the digest of its OCI manifest.
	Name, Artifact string
	// Files and Byproducts are the digests of the files of the image and of the
	// other files of its folder, by path.
	Files, Byproducts map[string]string
	// Digest is that of the bundle. Signer is its key or identity.
	Digest, Signer string
}

// Provenance reads and verifies the bundle with the provenance of an image. It reads
// no other file.
func (v *Verifier) Provenance(path string) (*Provenance, error) {
	raw, err := bounded.ReadFile(path, statement.MaxBundle)
	if err != nil {
		return nil, system.NotRead(path, err).Suggest("give the bundle with the provenance: attestations/provenance.sigstore.json")
	}
	st, by, err := v.opened(path, raw, statement.Provenance)
	if err != nil {
		return nil, err
	}
	one := &signed{Statement: st, stem: "provenance", by: by, file: bundleFile{File: layout.File{Path: path}}}
	subjects, name, artifact, err := one.subjects()
	if err != nil {
		return nil, err
	}
	if _, err := v.signatures(seal{"provenance": one}, nil, name); err != nil {
		return nil, err
	}
	c := newContent(subjects, name, artifact)
	if err := statement.DecodeExact(st.Predicate, &c.provenance); err != nil {
		return nil, refuse(CheckContent, path, "the predicate is malformed: %v", err)
	}
	if err := c.checkProvenance(path); err != nil {
		return nil, err
	}
	return &Provenance{ProvenancePredicate: c.provenance, Subject: st.Subject, Name: name, Artifact: artifact,
		Files: subjects, Byproducts: c.byproducts, Digest: digests.Of(raw), Signer: by.id}, nil
}

// Statement verifies the signature of a bundle, and returns its statement, which
// must be of that type, and its signer. It does not read the predicate.
func (v *Verifier) Statement(raw []byte, predicateType string) (*statement.Statement, string, error) {
	st, by, err := v.opened("", raw, predicateType)
	return st, by.id, err
}

// opened verifies the signature of a bundle, and then reads its statement.
func (v *Verifier) opened(path string, raw []byte, predicateType string) (*statement.Statement, signature, error) {
	payload, by, err := v.signedBy(raw)
	switch {
	case err != nil:
		return nil, by, refuse(CheckSignature, path, "%v", err)
	case by.why != "":
		return nil, by, refuse(CheckSignature, path, "%s", by.why)
	}
	st, err := parseSigned(path, payload)
	if err != nil {
		return nil, by, err
	}
	if st.PredicateType != predicateType {
		return nil, by, refuse(CheckType, path, "the predicate type is %q, not %s", st.PredicateType, predicateType)
	}
	return st, by, nil
}

// Opinion requires that the file is a second opinion about a verified image: another
// signer built the image again, and all files had the same bytes. It returns the
// signer. v says whose opinion counts.
func (v *Verifier) Opinion(path string, of *Result) (string, error) {
	by, err := v.opinion(path, of)
	if err != nil {
		return "", err
	}
	return by.id, nil
}

// opinions are the requirements of the rules about a second opinion.
func (v *Verifier) opinions(of *Result) ([]Requirement, error) {
	var out []Requirement
	var by signature
	var refused error
	if path := v.policy.SecondOpinion; path != "" {
		if by, refused = v.opinion(path, of); refused != nil && !errors.Is(refused, ErrRefused) {
			return nil, refused
		}
	}
	for _, r := range v.rules(of.Name) {
		names := r.SecondOpinion
		if len(names) == 0 && v.policy.SecondOpinion != "" && len(out) == 0 {
			for _, i := range v.signers(&Rule{}, of.Name) {
				names = append(names, v.name(i))
			}
		}
		if len(names) == 0 {
			continue
		}
		q := Requirement{What: "built again with the same bytes by " + strings.Join(names, " or "), Found: "no second opinion", check: CheckRebuilt,
			next: "let another signer build the image again (seaworthy rebuild), and give the file: --second-opinion FILE"}
		switch {
		case v.policy.SecondOpinion == "":
			q.Missing = "a second opinion by " + strings.Join(names, " or ") + " is required, but none was given"
		case refused != nil:
			q.Missing = refused.Error()
		case slices.Contains(of.authorities, by.authority):
			q.Missing = fmt.Sprintf("the second opinion is by %s, who also signed the image", v.name(by.authority))
		case !slices.Contains(names, v.name(by.authority)):
			q.Found, q.Missing = "second opinion of "+v.name(by.authority), fmt.Sprintf("the second opinion is by %s, but must be by %s", v.name(by.authority), strings.Join(names, " or "))
		default:
			q.Found, of.SecondOpinion = "second opinion of "+v.name(by.authority), by.id
		}
		out = append(out, q)
	}
	return out, refusals(out)
}

func (v *Verifier) opinion(path string, of *Result) (by signature, err error) {
	raw, err := bounded.ReadFile(path, statement.MaxBundle)
	if err != nil {
		return by, system.NotRead(path, err).Suggest("give the file that seaworthy rebuild wrote")
	}
	st, by, err := v.opened(path, raw, statement.Summary)
	if err != nil {
		return by, err
	}
	var p statement.OpinionPredicate
	if err := statement.DecodeExact(st.Predicate, &p); err != nil {
		return by, refuse(CheckContent, path, "is not a second opinion: %v", err)
	}
	bad := func(format string, args ...any) (signature, error) {
		return by, refuse(CheckRebuilt, path, format, args...)
	}
	want := map[string]string{layout.Dir + "/" + of.Name: of.Artifact}
	for _, f := range of.Files {
		want[f.Name] = f.Digest
	}
	have := map[string]string{}
	for _, d := range st.Subject {
		have[d.Name] = d.SHA256()
	}
	again, err := statement.Opinion(p.Verifier.Version["seaworthy"], of.Name, of.Artifact, provenanceOf(&p), p.TimeVerified, p.Different, p.OtherDifferent)
	switch {
	case slices.Contains(of.Signers, by.id):
		return bad("is signed by %s, who also signed the image: this is not a second opinion", by.id)
	case p.Policy.URI != statement.RebuildPolicy:
		return bad("policy %q is not that of a second build", p.Policy.URI)
	case !maps.Equal(have, want):
		return bad("is about other files than those of the image %s", of.Name)
	case err != nil:
		return bad("%v", err)
	case len(differences("predicate", &p, again)) > 0:
		return bad("%s", differences("predicate", &p, again)[0])
	case p.VerificationResult != statement.Passed:
		return bad("the second build differs in %s", strings.Join(p.Different, ", "))
	}
	if p.TimeVerified != "" {
		if t, err := statement.ParseTime(p.TimeVerified); err != nil || t.After(v.policy.Now.Add(MaxSkew)) {
			return bad("its time %q is later than now, or not a time", p.TimeVerified)
		}
	}
	return by, nil
}

// Reproduced answers the rule about a second build from a second opinion.
func Reproduced(rules []Ruling, by string, err error) []Ruling {
	rules = slices.Clone(rules)
	for i := range rules {
		if rules[i].ID != decision.RuleReproduced {
			continue
		}
		switch {
		case err == nil:
			rules[i].State, rules[i].Message = decision.StatePass, by+" built the image again: the second build has the same bytes"
		case errors.Is(err, ErrRefused):
			rules[i].State, rules[i].Message = decision.StateFail, err.Error()
		default:
			rules[i].State, rules[i].Message = decision.StateUnknown, err.Error()
		}
	}
	return rules
}

// provenanceOf is the digest of the provenance that an opinion names.
func provenanceOf(p *statement.OpinionPredicate) string {
	if len(p.InputAttestations) != 1 {
		return ""
	}
	return statement.Descriptor{Digest: p.InputAttestations[0].Digest}.SHA256()
}
