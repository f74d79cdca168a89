package verify

import (
	"errors"
	"fmt"
	"time"

	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// MaxSkew is how far the clock of a build or of a timestamp service may be ahead of our
// clock.
const MaxSkew = 5 * time.Minute

// required compares the verified content of the statements with the
// requirements of the Policy. d is nil for a single file. If later is true,
// requirements about the decision are left out.
func (v *Verifier) required(s seal, c *content, d *decision.Decision, later bool) ([]Requirement, error) {
	path := s["vsa"].file.Path
	var out []Requirement
	for _, r := range v.rules(c.name) {
		out = append(out, v.judge(r, c, s)...)
		if !later {
			out = append(out, r.judgeDecision(d)...)
		}
	}
	out = append(out, v.notRevoked(c, s["provenance"].file.Path)...)
	return out, errors.Join(v.isMeant(s["provenance"].file.Path, c), v.isRecent(path, c), v.passed(path, c), refusals(out))
}

// isMeant requires that the image has the required name and digest.
func (v *Verifier) isMeant(path string, c *content) error {
	var errs []error
	const next = "give the path of the required image, or require this image with --name and --image"
	if want := v.policy.Name; want != "" && c.name != want {
		errs = append(errs, refuseNext(next, CheckSystem, path, "the image is system %q, but %q is required", c.name, want))
	}
	if want := v.policy.Image; want != "" && c.artifact != want {
		errs = append(errs, refuseNext(next, CheckSystem, path, "the image is %s, but %s is required", c.artifact, want))
	}
	return errors.Join(errs...)
}

// isRecent requires that the decision is not in the future, and not older than
// NotOlderThan.
func (v *Verifier) isRecent(path string, c *content) error {
	if problem, next := c.outdated(v.policy.NotOlderThan, v.policy.Now); problem != "" {
		return refuseNext(next, CheckPolicy, path, "%s", problem)
	}
	return nil
}

// outdated says why the time of the decision is not accepted, and what to do, both
// "" if it is accepted. If since is zero, a decision without a time is accepted.
func (c *content) outdated(since, now time.Time) (problem, next string) {
	switch at := c.decided; {
	case at.After(now.Add(MaxSkew)):
		return fmt.Sprintf("the image's decision has time %s, which is later than the current time %s", statement.Time(at), statement.Time(now)),
			"check --now, or the clock of this machine"
	case since.IsZero():
	case at.IsZero():
		return fmt.Sprintf("the image's decision has no time, but %s or later is required", statement.Time(since)),
			"build the image again with SOURCE_DATE_EPOCH or --now: without them, a build writes no time"
	case at.Before(since):
		return fmt.Sprintf("the image's decision has time %s, but %s or later is required", statement.Time(at), statement.Time(since)),
			"fetch or build a newer image"
	}
	return "", ""
}

// passed compares the summary with the required policy.
func (v *Verifier) passed(path string, c *content) error {
	if r := c.summary.VerificationResult; r != statement.Passed {
		return refuseNext("fix the failed findings in decision.json and build the image again",
			CheckPolicy, path, "the image did not pass policy %s: the result in its summary is %q", c.policy, r)
	}
	var errs []error
	if !c.passed(v.policy.RequirePolicy, v.policy.RequireDigest) {
		errs = append(errs, refuse(CheckPolicy, path, "the image passed policy %s, but %s is required", v.policy.phrase(c.policy, c.policyDigest()),
			v.policy.phrase(v.policy.RequirePolicy, v.policy.RequireDigest)))
	}
	if last := c.summary.WaiversExpire; last != "" {
		day, err := time.Parse(time.DateOnly, last)
		if err != nil || !v.policy.Now.Before(day.AddDate(0, 0, 1)) {
			errs = append(errs, refuseNext("renew the waiver, or fix the finding that it waives, and build the image again",
				CheckPolicy, path, "the image passed policy %s with a waiver that expired on %s", c.policy, last))
		}
	}
	// A required policy means that none of its findings failed. A build with a
	// higher --fail-on does not weaken this requirement.
	if problem := c.lenient(v.policy.FailOn); v.policy.RequirePolicy != "" && problem != "" {
		errs = append(errs, refuse(CheckPolicy, path, "%s", problem))
	}
	return errors.Join(errs...)
}

// lenient says that the image was built with a higher threshold than this one, ""
// if it was not.
func (c *content) lenient(failOn string) string {
	if rank(c.summary.FailOn) > rank(failOn) {
		return fmt.Sprintf("the image was built with --fail-on %s: findings of a lower severity may have failed", c.summary.FailOn)
	}
	return ""
}

// rank of a threshold: "" and "none" count as low.
func rank(failOn string) int {
	return max(decision.Severity(failOn).Rank(), decision.Low.Rank())
}
