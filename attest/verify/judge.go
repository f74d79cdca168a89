package verify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/internal/words"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

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
			problem, _ := c.outdated(since, v.policy.Now)
			return problem
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

func orNone(s string) string {
	if s == "" {
		return "(unknown)"
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
	digest := c.policyDigest()
	named := requirement(CheckPolicy, path, what, "passed policy "+c.policy+" "+digest, func() string {
		if !c.passed(p.Name, "") {
			return fmt.Sprintf("the image passed policy %s, but %s is required", c.policy, p.Name)
		}
		if len(p.Digests) == 0 || slices.ContainsFunc(p.Digests, func(d string) bool { return c.passed(p.Name, d) }) {
			return ""
		}
		if !p.NewerAfter.IsZero() && !c.decided.IsZero() && !c.decided.Before(p.NewerAfter) {
			return ""
		}
		return fmt.Sprintf("the image passed policy %s with digest %s, which the trust policy does not list", c.policy, digest)
	})
	strict := requirement(CheckPolicy, path, "no failed finding of severity "+orLow(p.FailOn)+" or higher", "built with --fail-on "+c.summary.FailOn, func() string {
		return c.lenient(p.FailOn)
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
