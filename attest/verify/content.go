package verify

import (
	"errors"
	"slices"
	"time"

	"github.com/seaworthy-os/seaworthy/attest/statement"
)

// content is what the image's statements say, decoded.
type content struct {
	provenance statement.ProvenancePredicate
	summary    statement.SummaryPredicate
	tests      statement.TestResultPredicate
	// name and artifact of the image, as the subjects have them.
	name, artifact string
	// files of the image, as the subjects have them.
	files map[string]string
	// policy is the name of what the image was judged by.
	policy string
	// dependencies by name.
	dependencies map[string]statement.Descriptor
	// byproducts by path; documents are the paths of bills of materials by
	// the stem of their statement.
	byproducts map[string]string
	documents  map[string]string
	// decided is when the decision was made, the zero Time where it does not
	// say.
	decided time.Time
}

// readContent decodes provenance, summary and test result, wants each member of
// them to be what it has to be, and holds them against each other. The
// decision itself comes later; see checkDecision.
func readContent(s seal, files map[string]string, name, artifact string) (*content, error) {
	c := &content{
		name: name, artifact: artifact, files: files, dependencies: map[string]statement.Descriptor{},
		byproducts: map[string]string{}, documents: map[string]string{},
	}
	var errs []error
	for _, one := range []struct {
		stem string
		into any
	}{{"provenance", &c.provenance}, {"vsa", &c.summary}, {"test-result", &c.tests}} {
		if err := statement.DecodeExact(s[one.stem].Predicate, one.into); err != nil {
			errs = append(errs, refuse(CheckContent, s[one.stem].file.Path, "malformed predicate: %v", err))
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

// dependency gives the digest (sha256:HEX) of a resolved dependency, "" where
// there is none.
func (c *content) dependency(name string) string { return c.dependencies[name].SHA256() }

// checkSummary holds every member of the summary against the provenance and the
// subjects. What only the decision knows is copied: checkDecision compares it.
func (c *content) checkSummary(path string) error {
	sum, params := &c.summary, &c.provenance.BuildDefinition.ExternalParameters.Parameters
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, refuse(CheckContent, path, format, args...)) }

	if r := sum.VerificationResult; r != statement.Passed && r != statement.Failed {
		bad("verificationResult %q is neither %s nor %s", r, statement.Passed, statement.Failed)
	}
	name, ok := statement.PolicyName(sum.Policy.URI)
	if !ok {
		bad("policy %q has no name", sum.Policy.URI)
	}
	c.policy = name
	for _, p := range sum.Policies {
		if _, ok := statement.PolicyName(p.URI); !ok || !(statement.Descriptor{Digest: p.Digest}).Exact() {
			bad("part %q of the policy has no name or no digest", p.URI)
		}
	}
	if last := sum.WaiversExpire; last != "" {
		if day, err := time.Parse(time.DateOnly, last); err != nil || day.Format(time.DateOnly) != last {
			bad("waivers expire on %q, which is no date", last)
		}
		if c.dependency(statement.DependencyWaivers) == "" {
			bad("waivers expire on %q, and there are none", last)
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
			bad("%s is %q, but %q in the summary", pair.what, pair.provenance, pair.summary)
		}
	}
	if levels := statement.Levels(sum.VerificationResult, name); !slices.Equal(sum.VerifiedLevels, levels) {
		bad("verifiedLevels are %q, not %q, which verdict %s by policy %s comes to", sum.VerifiedLevels, levels, sum.VerificationResult, name)
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
		return errors.Join(errs...) // already said
	}
	for _, d := range differences("predicate", sum, want) {
		bad("%s", d)
	}
	return errors.Join(errs...)
}

// checkTestResult wants the test result to be of the summary's policy, and its
// result to be that of its tests.
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
