package verify

import (
	"errors"
	"slices"
	"time"

	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// content is the decoded content of the image's statements.
type content struct {
	provenance statement.ProvenancePredicate
	summary    statement.SummaryPredicate
	tests      statement.TestResultPredicate
	// name and artifact of the image, from the subjects.
	name, artifact string
	// files of the image, from the subjects.
	files map[string]string
	// policy is the name of the policy that judged the image.
	policy string
	// dependencies by name.
	dependencies map[string]statement.Descriptor
	// byproducts by path. documents maps the stem of a statement to the path of
	// its bill of materials.
	byproducts map[string]string
	documents  map[string]string
	// registers are the predicted registers of a TPM, by annotation.
	registers map[string]string
	// decided is the time of the decision, the zero Time if the decision has
	// none.
	decided time.Time
}

// newContent is the content of an image with these subjects, before a predicate is
// read.
func newContent(files map[string]string, name, artifact string) *content {
	return &content{
		name: name, artifact: artifact, files: files, dependencies: map[string]statement.Descriptor{},
		byproducts: map[string]string{}, documents: map[string]string{},
	}
}

// readContent decodes provenance, summary and test result. It checks each of
// their members, and compares the three with each other. The decision itself is
// compared later; see checkDecision.
func readContent(s seal, files map[string]string, name, artifact string) (*content, error) {
	c := newContent(files, name, artifact)
	var errs []error
	for _, one := range []struct {
		stem string
		into any
	}{{"provenance", &c.provenance}, {"vsa", &c.summary}, {"test-result", &c.tests}} {
		if err := statement.DecodeExact(s[one.stem].Predicate, one.into); err != nil {
			errs = append(errs, refuse(CheckContent, s[one.stem].file.Path, "the predicate is malformed: %v", err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if err := c.checkProvenance(s["provenance"].file.Path); err != nil {
		return nil, err
	}
	return c, errors.Join(c.checkSummary(s["vsa"].file.Path), c.checkTestResult(s["test-result"].file.Path))
}

// dependency returns the digest (sha256:HEX) of a resolved dependency, "" if
// the dependency does not exist.
func (c *content) dependency(name string) string { return c.dependencies[name].SHA256() }

// policies are the policy that judged the image and, if it consists of several
// policies, each of these.
func (c *content) policies() []statement.Policy {
	return append([]statement.Policy{c.summary.Policy}, c.summary.Policies...)
}

// policyDigest is the digest of the policy that judged the image.
func (c *content) policyDigest() string {
	return statement.Descriptor{Digest: c.summary.Policy.Digest}.SHA256()
}

// passed reports whether one of these policies is the required policy, or a pack that
// contains it. If a digest is required, the policy must have exactly that digest. ""
// requires nothing.
func (c *content) passed(required, digest string) bool {
	return slices.ContainsFunc(c.policies(), func(one statement.Policy) bool {
		name, ok := statement.PolicyName(one.URI)
		if required != "" && required != name {
			have, want := decision.PackRank(name), decision.PackRank(required)
			ok = ok && want > 0 && have >= want
		}
		return ok && (digest == "" || digest == statement.Descriptor{Digest: one.Digest}.SHA256())
	})
}

// checkSummary compares every member of the summary with the provenance and the
// subjects. Members that only the decision can confirm are copied:
// checkDecision compares them.
func (c *content) checkSummary(path string) error {
	sum, params := &c.summary, &c.provenance.BuildDefinition.ExternalParameters.Parameters
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, refuse(CheckContent, path, format, args...)) }

	if r := sum.VerificationResult; r != statement.Passed && r != statement.Failed {
		bad("verificationResult is %q, and must be %s or %s", r, statement.Passed, statement.Failed)
	}
	name, ok := statement.PolicyName(sum.Policy.URI)
	if !ok {
		bad("policy %q has no name", sum.Policy.URI)
	}
	c.policy = name
	for _, p := range sum.Policies {
		if _, ok := statement.PolicyName(p.URI); !ok || !(statement.Descriptor{Digest: p.Digest}).Exact() {
			bad("part %q of the policy must have a name and exactly one sha256 digest", p.URI)
		}
	}
	if last := sum.WaiversExpire; last != "" {
		if day, err := time.Parse(time.DateOnly, last); err != nil || day.Format(time.DateOnly) != last {
			bad("waiver expiry %q is not a date", last)
		}
		if c.dependency(statement.DependencyWaivers) == "" {
			bad("waivers expire on %q, but the provenance lists no waivers", last)
		}
	}
	policy := c.dependencies[statement.DependencyPolicy]
	judged, _ := statement.PolicyName(policy.URI)
	for _, pair := range []struct{ what, provenance, summary string }{
		{"policy", judged, name},
		{"decision", c.byproducts[statement.DecisionFile], sum.Input(statement.InputDecision)},
		{"waivers", c.dependency(statement.DependencyWaivers), sum.Input(statement.DependencyWaivers)},
		{"lock", c.dependency(statement.DependencyLock), sum.Input(statement.DependencyLock)},
	} {
		if pair.provenance != pair.summary {
			bad("%s is %q in the provenance, but %q in the summary", pair.what, pair.provenance, pair.summary)
		}
	}
	if levels := statement.Levels(sum.VerificationResult, name); !slices.Equal(sum.VerifiedLevels, levels) {
		bad("verifiedLevels are %q, but verdict %[3]s by policy %[4]s gives %[2]q", sum.VerifiedLevels, levels, sum.VerificationResult, name)
	}
	inputs, err := statement.Inputs(c.byproducts[statement.DecisionFile], c.dependency(statement.DependencyWaivers), c.dependency(statement.DependencyLock))
	if err != nil {
		bad("%v", err)
	}
	want := statement.SummaryPredicate{
		Verifier:           c.provenance.RunDetails.Builder,
		TimeVerified:       params.DecidedAt(),
		ResourceURI:        statement.ResourceURI(c.name, c.artifact),
		Policy:             statement.Policy{URI: policy.URI, Digest: policy.Digest},
		InputAttestations:  inputs,
		VerificationResult: sum.VerificationResult,
		VerifiedLevels:     statement.Levels(sum.VerificationResult, name),
		FailOn:             params.FailOn,
		WaiversExpire:      sum.WaiversExpire,
		Policies:           sum.Policies,
	}
	if len(errs) > 0 {
		return errors.Join(errs...) // reported already
	}
	for _, d := range differences("predicate", sum, want) {
		bad("%s", d)
	}
	return errors.Join(errs...)
}

// checkTestResult requires that the test result is for the summary's policy,
// and that its result follows from its tests.
func (c *content) checkTestResult(path string) error {
	want := c.tests
	want.Configuration = statement.Configuration(c.policy, c.summary.Policy)
	want.Result = statement.TestsResult(&c.tests)
	var errs []error
	for _, d := range differences("predicate", c.tests, want) {
		errs = append(errs, refuse(CheckContent, path, "%s", d))
	}
	return errors.Join(errs...)
}
