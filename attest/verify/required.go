package verify

import (
	"errors"
	"time"

	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// maxSkew is how far ahead of ours the clock of who decided may be.
const maxSkew = 5 * time.Minute

// required holds what the statements say, which is known to be true, against
// what is asked for.
func (v *Verifier) required(s seal, c *content) error {
	path := s["vsa"].file.Path
	return errors.Join(v.isMeant(s["provenance"].file.Path, c), v.isRecent(path, c), v.passed(path, c))
}

// isMeant wants the image to be the one that is meant.
func (v *Verifier) isMeant(path string, c *content) error {
	var errs []error
	const next = "give the image that is meant, or name this one"
	if want := v.policy.Name; want != "" && c.name != want {
		errs = append(errs, refuseNext(next, CheckSystem, path, "image is of system %q, not %q", c.name, want))
	}
	if want := v.policy.Image; want != "" && c.artifact != want {
		errs = append(errs, refuseNext(next, CheckSystem, path, "image is %s, not %s", c.artifact, want))
	}
	return errors.Join(errs...)
}

// isRecent wants the decision to be of the past, and not older than is asked
// for. One without a time may be of any age.
func (v *Verifier) isRecent(path string, c *content) error {
	switch at, since := c.decided, v.policy.NotOlderThan; {
	case at.After(v.policy.Now.Add(maxSkew)):
		return refuseNext("check --now, or the clock", CheckPolicy, path,
			"image was decided on %s, which is later than now, %s", statement.Time(at), statement.Time(v.policy.Now))
	case since.IsZero():
	case at.IsZero():
		return refuseNext("build it with SOURCE_DATE_EPOCH or --now: a build writes no time of its own, so that it can be repeated", CheckPolicy, path,
			"image does not say when it was decided; wanted is %s or later", statement.Time(since))
	case at.Before(since):
		return refuseNext("fetch or build a newer image", CheckPolicy, path, "image was decided on %s, which is older than %s", statement.Time(at), statement.Time(since))
	}
	return nil
}

// passed holds the summary against the policy that is required.
func (v *Verifier) passed(path string, c *content) error {
	if r := c.summary.VerificationResult; r != statement.Passed {
		return refuseNext("see decision.json for what failed, mend it and build again",
			CheckPolicy, path, "image did not pass policy %s: its summary says %q", c.policy, r)
	}
	var errs []error
	whole := c.summary.Policy
	if passed := append([]statement.Policy{whole}, c.summary.Policies...); !v.policy.satisfied(passed) {
		errs = append(errs, refuse(CheckPolicy, path, "image passed policy %s, not %s", v.policy.phrase(c.policy, statement.Descriptor{Digest: whole.Digest}.SHA256()),
			v.policy.phrase(v.policy.RequirePolicy, v.policy.RequireDigest)))
	}
	if last := c.summary.WaiversExpire; last != "" {
		day, err := time.Parse(time.DateOnly, last)
		if err != nil || !v.policy.Now.Before(day.AddDate(0, 0, 1)) {
			errs = append(errs, refuseNext("build it again, with the waiver renewed or what it excuses mended",
				CheckPolicy, path, "image passed policy %s with a waiver that has expired since, on %s", c.policy, last))
		}
	}
	// Where a policy is required, so is that nothing of it failed: a build's
	// own --fail-on does not weaken what the verifier asks for.
	if v.policy.RequirePolicy != "" && rank(c.summary.FailOn) > rank(v.policy.FailOn) {
		errs = append(errs, refuse(CheckPolicy, path, "image was built with --fail-on %s: findings below that may have failed", c.summary.FailOn))
	}
	return errors.Join(errs...)
}

// rank of a threshold: "" and "none" are low.
func rank(failOn string) int {
	return max(decision.Severity(failOn).Rank(), decision.Low.Rank())
}
