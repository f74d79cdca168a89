package verify

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/words"
)

// Rule says what the images of certain systems need. Each Rule that covers a
// system must be met, so a further Rule never accepts more.
type Rule struct {
	// Systems are the names of systems; see Covers.
	Systems []string
	// SignedBy are names of authorities. If empty, each authority counts that may
	// sign the system.
	SignedBy []string
	// Threshold is how many of these authorities must have signed the provenance,
	// on which all other statements depend. 0 means 1.
	Threshold int
	// Policy is the policy that the image must have passed.
	Policy *PassedPolicy
	// MaxAge is the greatest age of the decision, and NotOlderThan its earliest
	// time; zero allows any.
	MaxAge       time.Duration
	NotOlderThan time.Time
	// Waivers limits the waived findings; nil allows all waivers that are valid.
	Waivers *WaiverLimits
	// Builder is the lowest version of the program that built the image, vX.Y.Z;
	// "" allows any.
	Builder string
	// Sources are the digests (sha256:HEX) of the os.yml files; each file of the
	// image must be one of them. Empty allows any.
	Sources []string
	// SecondOpinion are names of authorities: one of them must have built the image
	// again, with the same bytes. Policy.SecondOpinion has the file.
	SecondOpinion []string
	// Passed are rules of which at least one finding passed, and none is failed,
	// waived or unknown.
	Passed []string
}

// PassedPolicy is a policy by name and digest.
type PassedPolicy struct {
	// Name is as Policy.RequirePolicy.
	Name string
	// Digests (sha256:HEX) are accepted; empty accepts all digests.
	Digests []string
	// NewerAfter accepts also other digests of this name, if the decision was made
	// at this time or later. Zero accepts none.
	NewerAfter time.Time
	// FailOn is as Policy.FailOn.
	FailOn string
}

// WaiverLimits limits the waived findings of an image.
type WaiverLimits struct {
	// AtMost is the highest number of waived findings.
	AtMost int
	// Severity is the highest severity that may be waived; "" allows all.
	Severity string
	// Never are rules that must not be waived.
	Never []string
}

// Requirement is one thing that is required of an image, and what was found.
type Requirement struct {
	// What is required, and what was Found, in words.
	What  string `json:"what"`
	Found string `json:"found"`
	// Missing says why the requirement is not met, "" if it is met.
	Missing string `json:"missing,omitempty"`
	check   Check
	path    string
	next    string
}

// refusal is the error of a requirement that is not met, else nil.
func (r *Requirement) refusal() error {
	if r.Missing == "" {
		return nil
	}
	return refuseNext(r.next, r.check, r.path, "%s", r.Missing)
}

// refusals joins the errors of requirements.
func refusals(list []Requirement) error {
	var errs []error
	for i := range list {
		errs = append(errs, list[i].refusal())
	}
	return errors.Join(errs...)
}

// checkRules reports mistakes in the rules of a policy.
func (v *Verifier) checkRules() []error {
	var errs []error
	for i := range v.policy.Rules {
		r := &v.policy.Rules[i]
		for _, name := range slices.Concat(r.SignedBy, r.SecondOpinion) {
			if !slices.ContainsFunc(v.policy.Authorities, func(a Authority) bool { return a.Name == name }) {
				errs = append(errs, system.BadInput("a rule requires authority %q, which does not exist", name))
			}
		}
		most := len(r.SignedBy)
		if most == 0 {
			most = len(v.policy.Authorities)
		}
		if r.Threshold < 0 || r.Threshold > most {
			errs = append(errs, system.BadInput("a rule requires %d signatures, but only %s can sign", r.Threshold, words.Count(most, "authority", "authorities")))
		}
	}
	return errs
}

// rules are the rules that cover a system. Without a rule, one signature is
// required.
func (v *Verifier) rules(name string) []*Rule {
	var out []*Rule
	for i := range v.policy.Rules {
		if Covers(v.policy.Rules[i].Systems, name) {
			out = append(out, &v.policy.Rules[i])
		}
	}
	if len(out) == 0 {
		out = append(out, &Rule{})
	}
	return out
}

// signers are the authorities that count for a rule and a system.
func (v *Verifier) signers(r *Rule, name string) []int {
	var out []int
	for i := range v.policy.Authorities {
		a := &v.policy.Authorities[i]
		if Covers(a.Systems, name) && (len(r.SignedBy) == 0 || slices.Contains(r.SignedBy, a.Name)) {
			out = append(out, i)
		}
	}
	return out
}

// signatures requires that each statement is signed by an authority that counts
// for the system, and that enough of them signed the provenance.
func (v *Verifier) signatures(s seal, counters []countersignature, name string) ([]Requirement, error) {
	rules := v.rules(name)
	var errs []error
	for _, one := range s.sorted() {
		if !slices.ContainsFunc(rules, func(r *Rule) bool { return slices.Contains(v.signers(r, name), one.by.authority) }) {
			errs = append(errs, refuseNext("use an image that a signer of this system signed, or correct the trust policy", CheckSignature, one.file.Path,
				"signed by %s, which may not sign system %q", v.name(one.by.authority), name))
		}
	}
	var out []Requirement
	for _, r := range rules {
		out = append(out, v.threshold(r, s["provenance"], counters, name))
	}
	err := errors.Join(append(errs, refusals(out))...)
	if len(v.policy.Keys) > 0 {
		out = nil // without a trust policy, there is nothing to report
	}
	return out, err
}

// threshold counts the authorities that signed the provenance.
func (v *Verifier) threshold(r *Rule, provenance *signed, counters []countersignature, name string) Requirement {
	want := v.signers(r, name)
	var names, have, why []string
	for _, a := range want {
		names = append(names, v.name(a))
	}
	// One person may sign with several services, each of which is an authority.
	signers := map[string]string{}
	add := func(by signature, path string) {
		switch {
		case by.why != "":
			why = append(why, path+": "+by.why)
		case !slices.Contains(want, by.authority) || slices.Contains(have, v.name(by.authority)):
		case signers[by.id] != "":
			why = append(why, fmt.Sprintf("%s: %s and %s are one signer, %s", path, signers[by.id], v.name(by.authority), by.id))
		default:
			have, signers[by.id] = append(have, v.name(by.authority)), v.name(by.authority)
		}
	}
	add(provenance.by, provenance.file.Path)
	for _, c := range counters {
		add(c.by, c.file.Path)
	}
	need := max(r.Threshold, 1)
	if v.policy.Countersigning {
		need = 0
	}
	out := Requirement{
		What:  fmt.Sprintf("signed by %d of %s", need, list(names, noSigner)),
		Found: list(have, noSigner), check: CheckSignature, path: provenance.file.Path,
		next: "let the other signers countersign the image: seaworthy countersign",
	}
	if len(have) < need {
		out.Missing = fmt.Sprintf("signed by %s: %d of %s must sign system %q", list(have, noSigner), need, list(names, noSigner), name)
		if len(why) > 0 {
			out.Missing += " (" + strings.Join(why, "; ") + ")"
		}
	}
	return out
}

// noSigner stands for an empty list of authorities.
const noSigner = "no authority that counts"

// list is a list in words; none is an empty list.
func list(names []string, none string) string {
	if len(names) == 0 {
		return none
	}
	return strings.Join(names, ", ")
}

// notRevoked requires that no digest of the image is revoked.
func (v *Verifier) notRevoked(c *content, path string) []Requirement {
	if len(v.policy.Revoked.Digests) == 0 {
		return nil
	}
	parts := map[string]string{c.artifact: "the image"}
	for name, digest := range c.files {
		parts[digest] = "its file " + name
	}
	for name, d := range c.dependencies {
		parts[d.SHA256()] = "its " + name
		if i := d.Annotations[statement.AnnotationIndex]; i != "" {
			parts[i] = "its " + name
		}
	}
	for _, d := range c.provenance.BuildDefinition.ExternalParameters.Sources {
		parts[d.SHA256()] = "its source " + d.Name
	}
	for _, p := range c.policies() {
		name, _ := statement.PolicyName(p.URI)
		parts[statement.Descriptor{Digest: p.Digest}.SHA256()] = "its policy " + name
	}
	var bad []string
	for _, digest := range v.policy.Revoked.Digests {
		if what, ok := parts[digest]; ok {
			bad = append(bad, fmt.Sprintf("%s (%s)", what, digest))
		}
	}
	return []Requirement{requirement(CheckPolicy, path, "nothing that is revoked", list(bad, "nothing"), func() string {
		if len(bad) == 0 {
			return ""
		}
		return "the trust policy revokes " + strings.Join(bad, ", ")
	})}
}
