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
	"github.com/seaworthy-os/seaworthy/policy/decision"
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
	add := func(by signature, path string) {
		switch {
		case by.why != "":
			why = append(why, path+": "+by.why)
		case slices.Contains(want, by.authority) && !slices.Contains(have, v.name(by.authority)):
			have = append(have, v.name(by.authority))
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
		What:  fmt.Sprintf("signed by %d of %s", need, list(names)),
		Found: list(have), check: CheckSignature, path: provenance.file.Path,
		next: "let the other signers countersign the image: seaworthy countersign",
	}
	if len(have) < need {
		out.Missing = fmt.Sprintf("signed by %s: %d of %s must sign system %q", list(have), need, list(names), name)
		if len(why) > 0 {
			out.Missing += " (" + strings.Join(why, "; ") + ")"
		}
	}
	return out
}

// list is a list in words.
func list(names []string) string {
	if len(names) == 0 {
		return "no authority that counts"
	}
	return strings.Join(names, ", ")
}

// judge compares the statements of an image with one rule.
func (v *Verifier) judge(r *Rule, c *content, s seal) []Requirement {
	vsa, prov := s["vsa"].file.Path, s["provenance"].file.Path
	var out []Requirement
	if r.Policy != nil {
		out = append(out, r.Policy.judge(c, vsa)...)
	}
	since := r.NotOlderThan
	if r.MaxAge > 0 {
		if t := v.policy.Now.Add(-r.MaxAge); t.After(since) {
			since = t
		}
	}
	if !since.IsZero() {
		out = append(out, requirement(CheckPolicy, vsa, "decided on "+statement.Time(since)+" or later", "decided on "+orNone(c.summary.TimeVerified), func() string {
			return problem((&Verifier{policy: Policy{NotOlderThan: since, Now: v.policy.Now}}).isRecent(vsa, c))
		}))
	}
	if r.Builder != "" {
		version := c.provenance.RunDetails.Builder.Version["seaworthy"]
		out = append(out, requirement(CheckPolicy, prov, "built by seaworthy "+r.Builder+" or newer", "built by seaworthy "+orNone(version), func() string {
			switch older, ok := olderVersion(version, r.Builder); {
			case !ok:
				return fmt.Sprintf("the image was built by version %q, which cannot be compared with %s", version, r.Builder)
			case older:
				return fmt.Sprintf("the image was built by version %s, but %s or newer is required", version, r.Builder)
			}
			return ""
		}))
	}
	if len(r.Sources) > 0 {
		out = append(out, r.sources(c, prov))
	}
	return out
}

// judgeDecision compares the decision with one rule. d is nil for a single file,
// which cannot meet these requirements.
func (r *Rule) judgeDecision(d *decision.Decision) []Requirement {
	var out []Requirement
	if w := r.Waivers; w != nil {
		out = append(out, requirement(CheckPolicy, statement.DecisionFile, w.text(), waived(d), func() string { return w.judge(d) }))
	}
	for _, id := range r.Passed {
		out = append(out, requirement(CheckPolicy, statement.DecisionFile, "rule "+id+" passed", states(d, id), func() string { return rulePassed(d, id) }))
	}
	return out
}

// requirement makes a Requirement; missing says why it is not met.
func requirement(check Check, path, what, found string, missing func() string) Requirement {
	return Requirement{What: what, Found: found, Missing: missing(), check: check, path: path,
		next: "use an image that meets the trust policy; `seaworthy trust explain` shows what is required"}
}

// problem is the text of a refusal without its path, "" for nil.
func problem(err error) string {
	if err == nil {
		return ""
	}
	var r *Refusal
	if errors.As(err, &r) {
		return strings.TrimPrefix(r.Error(), r.Path+": ")
	}
	return err.Error()
}

func orNone(s string) string {
	if s == "" {
		return "(not given)"
	}
	return s
}

// judge compares the summary with the required policy.
func (p *PassedPolicy) judge(c *content, path string) []Requirement {
	what := "passed policy " + p.Name
	if len(p.Digests) > 0 {
		what += " " + strings.Join(p.Digests, " or ")
		if !p.NewerAfter.IsZero() {
			what += ", or a newer one that decided on " + statement.Time(p.NewerAfter) + " or later"
		}
	}
	digest := statement.Descriptor{Digest: c.summary.Policy.Digest}.SHA256()
	named := requirement(CheckPolicy, path, what, "passed policy "+c.policy+" "+digest, func() string {
		passed := append([]statement.Policy{c.summary.Policy}, c.summary.Policies...)
		if !(&Policy{RequirePolicy: p.Name}).satisfied(passed) {
			return fmt.Sprintf("the image passed policy %s, but %s is required", c.policy, p.Name)
		}
		if len(p.Digests) == 0 || slices.ContainsFunc(p.Digests, func(d string) bool {
			return (&Policy{RequirePolicy: p.Name, RequireDigest: d}).satisfied(passed)
		}) {
			return ""
		}
		if !p.NewerAfter.IsZero() && !c.decided.IsZero() && !c.decided.Before(p.NewerAfter) {
			return ""
		}
		return fmt.Sprintf("the image passed policy %s with digest %s, which the trust policy does not list", c.policy, digest)
	})
	strict := requirement(CheckPolicy, path, "no failed finding of severity "+orLow(p.FailOn)+" or higher", "built with --fail-on "+c.summary.FailOn, func() string {
		if rank(c.summary.FailOn) > rank(p.FailOn) {
			return fmt.Sprintf("the image was built with --fail-on %s: findings of a lower severity may have failed", c.summary.FailOn)
		}
		return ""
	})
	return []Requirement{named, strict}
}

func orLow(severity string) string {
	if severity == "" {
		return string(decision.Low)
	}
	return severity
}

// sources requires that each os.yml is listed.
func (r *Rule) sources(c *content, path string) Requirement {
	var found, strange []string
	for _, d := range c.provenance.BuildDefinition.ExternalParameters.Sources {
		found = append(found, d.Name+" "+d.SHA256())
		if !slices.Contains(r.Sources, d.SHA256()) {
			strange = append(strange, d.Name)
		}
	}
	return requirement(CheckPolicy, path, "built from "+strings.Join(r.Sources, " or "), "built from "+strings.Join(found, ", "), func() string {
		if len(strange) == 0 {
			return ""
		}
		return "the image was built from " + strings.Join(strange, ", ") + ", which the trust policy does not list"
	})
}

// wholeImage is the reason why one file cannot meet a requirement.
const wholeImage = "this requirement needs the decision: verify the whole folder and not one file"

func (w *WaiverLimits) text() string {
	t := "at most " + words.Count(w.AtMost, "waived finding", "waived findings")
	if w.Severity != "" {
		t += ", none above severity " + w.Severity
	}
	if len(w.Never) > 0 {
		t += ", none of " + strings.Join(w.Never, ", ")
	}
	return t
}

func waived(d *decision.Decision) string {
	if d == nil {
		return "(not read)"
	}
	return words.Count(d.Summary.Waived, "waived finding", "waived findings")
}

func (w *WaiverLimits) judge(d *decision.Decision) string {
	if d == nil {
		return wholeImage
	}
	if n := d.Summary.Waived; n > w.AtMost {
		return fmt.Sprintf("the image has %s, but at most %d may be waived", words.Count(n, "waived finding", "waived findings"), w.AtMost)
	}
	for i := range d.Findings {
		f := &d.Findings[i]
		switch {
		case f.State != decision.StateWaived:
		case slices.Contains(w.Never, f.ID):
			return fmt.Sprintf("finding %s is waived, but rule %s must not be waived", statement.TestName(f), f.ID)
		case w.Severity != "" && f.Severity.Rank() > decision.Severity(w.Severity).Rank():
			return fmt.Sprintf("finding %s of severity %s is waived, but only findings up to %s may be waived", statement.TestName(f), f.Severity, w.Severity)
		}
	}
	return ""
}

// states counts the findings of a rule in words.
func states(d *decision.Decision, id string) string {
	if d == nil {
		return "(not read)"
	}
	var of []decision.Finding
	for _, f := range d.Findings {
		if f.ID == id {
			of = append(of, f)
		}
	}
	if len(of) == 0 {
		return "rule " + id + " was not evaluated"
	}
	return "rule " + id + ": " + decision.Count(of).Text()
}

func rulePassed(d *decision.Decision, id string) string {
	if d == nil {
		return wholeImage
	}
	passed := false
	for i := range d.Findings {
		f := &d.Findings[i]
		if f.ID != id {
			continue
		}
		switch f.State {
		case decision.StatePass:
			passed = true
		case decision.StateNotApplicable:
		default:
			return fmt.Sprintf("finding %s is %s, but rule %s must have passed", statement.TestName(f), f.State, id)
		}
	}
	if !passed {
		return fmt.Sprintf("rule %s must have passed, but it has no finding that passed: it was not evaluated, or not applicable", id)
	}
	return ""
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
	for _, p := range append([]statement.Policy{c.summary.Policy}, c.summary.Policies...) {
		name, _ := statement.PolicyName(p.URI)
		parts[statement.Descriptor{Digest: p.Digest}.SHA256()] = "its policy " + name
	}
	var bad []string
	for _, digest := range v.policy.Revoked.Digests {
		if what, ok := parts[digest]; ok {
			bad = append(bad, fmt.Sprintf("%s (%s)", what, digest))
		}
	}
	return []Requirement{requirement(CheckPolicy, path, "nothing that is revoked", orWord(bad, "nothing"), func() string {
		if len(bad) == 0 {
			return ""
		}
		return "the trust policy revokes " + strings.Join(bad, ", ")
	})}
}

func orWord(names []string, none string) string {
	if len(names) == 0 {
		return none
	}
	return strings.Join(names, ", ")
}
