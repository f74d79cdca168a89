package verify

import (
	"bytes"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// content is what the image's statements say, decoded.
type content struct {
	provenance statement.ProvenancePredicate
	summary    statement.SummaryPredicate
	policy     string
	// byproducts by path; documents are the paths of bills of materials by
	// the stem of their statement.
	byproducts map[string]string
	documents  map[string]string
}

// readContent decodes provenance and summary, and holds them against each
// other and against the policy.
func (v *Verifier) readContent(s seal) (*content, error) {
	c := &content{byproducts: map[string]string{}, documents: map[string]string{}}
	provenance, summary := s["provenance"], s["vsa"]
	if err := statement.Decode(provenance.Predicate, &c.provenance); err != nil {
		return nil, refuse(CheckContent, provenance.file.Path, "malformed predicate: %v", err)
	}
	if err := statement.Decode(summary.Predicate, &c.summary); err != nil {
		return nil, refuse(CheckContent, summary.file.Path, "malformed predicate: %v", err)
	}
	if t := c.provenance.BuildDefinition.BuildType; t != statement.BuildType {
		return nil, refuse(CheckContent, provenance.file.Path, "build type %q is not %s", t, statement.BuildType)
	}
	for _, d := range c.provenance.RunDetails.Byproducts {
		if _, twice := c.byproducts[d.Name]; d.Name == "" || d.SHA256() == "" || twice {
			return nil, refuse(CheckContent, provenance.file.Path, "byproduct %q is there twice or has no digest", d.Name)
		}
		c.byproducts[d.Name] = d.SHA256()
		stem := d.Annotations[statement.AnnotationStatement]
		if stem == "" {
			continue
		}
		if old, twice := c.documents[stem]; twice {
			return nil, refuse(CheckContent, provenance.file.Path, "statement %s has two documents, %s and %s", stem, old, d.Name)
		}
		c.documents[stem] = d.Name
	}
	name, ok := statement.PolicyName(c.summary.Policy.URI)
	if !ok {
		return nil, refuse(CheckContent, summary.file.Path, "policy %q has no name", c.summary.Policy.URI)
	}
	c.policy = name
	return c, errors.Join(c.agree(s), v.passed(s, c))
}

// dependency gives the digest of a resolved dependency, "" where there is none.
func (c *content) dependency(name string) string {
	for _, d := range c.provenance.BuildDefinition.ResolvedDependencies {
		if d.Name == name {
			return d.SHA256()
		}
	}
	return ""
}

// agree holds the digests of provenance and summary against each other.
func (c *content) agree(s seal) error {
	path := s["vsa"].file.Path
	var errs []error
	for _, pair := range []struct{ what, summary, provenance string }{
		{"policy", statement.Descriptor{Digest: c.summary.Policy.Digest}.SHA256(), c.dependency(statement.DependencyPolicy)},
		{"lock", c.summary.Input(statement.DependencyLock), c.dependency(statement.DependencyLock)},
		{"waivers", c.summary.Input(statement.DependencyWaivers), c.dependency(statement.DependencyWaivers)},
		{"decision", c.summary.Input(statement.InputDecision), c.byproducts[statement.DecisionFile]},
	} {
		if pair.summary != pair.provenance {
			errs = append(errs, refuse(CheckContent, path, "%s is %q, but %q in the provenance", pair.what, pair.summary, pair.provenance))
		}
	}
	if c.byproducts[statement.DecisionFile] == "" {
		errs = append(errs, refuse(CheckContent, s["provenance"].file.Path, "names no %s", statement.DecisionFile))
	}
	return errors.Join(errs...)
}

// passed holds the summary against what is required.
func (v *Verifier) passed(s seal, c *content) error {
	path := s["vsa"].file.Path
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
		switch {
		case err != nil:
			errs = append(errs, refuse(CheckContent, path, "waivers expire on %q, which is no date", last))
		case !v.policy.Now.Before(day.AddDate(0, 0, 1)):
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

// checkComponents wants the two bills of materials of each component that the
// provenance names, about that very image, and no others.
func (c *content) checkComponents(s seal) error {
	var errs []error
	want := statement.ImageStems()
	for _, id := range c.components() {
		digest := c.dependency(statement.DependencyComponent + id)
		if digest == "" {
			errs = append(errs, refuse(CheckContent, s["provenance"].file.Path, "component %s has no digest", id))
		}
		stems := statement.ComponentStems(statement.FileStem(id))
		maps.Copy(want, stems)
		for _, stem := range slices.Sorted(maps.Keys(stems)) {
			one := s[stem]
			if one == nil {
				errs = append(errs, refuse(CheckType, statement.BundlePath(stem), "statement of component %s is missing", id))
				continue
			}
			if len(one.Subject) != 1 || one.Subject[0].SHA256() != digest {
				errs = append(errs, refuse(CheckSubject, one.file.Path, "is not about image %s of component %s", digest, id))
			}
		}
	}
	for _, one := range s.sorted() {
		if _, ok := want[one.stem]; !ok {
			errs = append(errs, refuse(CheckType, one.file.Path, "is about no component of the image"))
		}
	}
	return errors.Join(errs...)
}

// components are the IDs that the provenance names, sorted.
func (c *content) components() []string {
	ids := map[string]bool{}
	for _, d := range c.provenance.BuildDefinition.ResolvedDependencies {
		if id, ok := strings.CutPrefix(d.Name, statement.DependencyComponent); ok {
			ids[id] = true
		}
	}
	return slices.Sorted(maps.Keys(ids))
}

// checkDecision holds decision.json, whose bytes match their digest, against
// the summary and the test result.
func (v *Verifier) checkDecision(s seal, c *content, name string, raw []byte) (*decision.Decision, error) {
	differs := func(what string, has, says any) error {
		return refuse(CheckContent, statement.DecisionFile, "%s is %q, but %q in the statements", what, has, says)
	}
	var d decision.Decision
	if err := statement.Decode(raw, &d); err != nil {
		return nil, refuse(CheckContent, statement.DecisionFile, "malformed: %v", err)
	}
	var errs []error
	for _, pair := range []struct{ what, decision, statements string }{
		{"verdict", statement.Result(&d), c.summary.VerificationResult},
		{"policy", d.Policy.Name, c.policy},
		{"policy digest", d.Policy.Digest, statement.Descriptor{Digest: c.summary.Policy.Digest}.SHA256()},
		{"waivers", d.WaiversDigest, c.summary.Input(statement.DependencyWaivers)},
		{"lock", d.System.LockDigest, c.summary.Input(statement.DependencyLock)},
		{"waivers' expiry", statement.WaiversExpire(&d), c.summary.WaiversExpire},
		{"fail-on", d.FailOn, c.summary.FailOn},
		{"system", d.System.Name, name},
		{"system of the provenance", c.provenance.BuildDefinition.ExternalParameters.Name, name},
	} {
		if pair.decision != pair.statements {
			errs = append(errs, differs(pair.what, pair.decision, pair.statements))
		}
	}
	parts, err := statement.PolicyParts(&d)
	if err != nil || !reflect.DeepEqual(parts, c.summary.Policies) {
		errs = append(errs, refuse(CheckContent, statement.DecisionFile, "its policies are not those of the statements"))
	}
	if err := c.checkTests(s, &d); err != nil {
		errs = append(errs, err)
	}
	ids := []string{}
	for _, one := range d.System.Components {
		ids = append(ids, one.ID)
		if !c.isComponent(one) {
			errs = append(errs, refuse(CheckContent, statement.DecisionFile, "component %s with image %s is not in the provenance", one.ID, one.Digest))
		}
	}
	slices.Sort(ids)
	if all := c.components(); !slices.Equal(ids, all) {
		errs = append(errs, differs("list of components", ids, all))
	}
	return &d, errors.Join(errs...)
}

// isComponent says whether the provenance names a component by the digest that
// the decision has: that of its manifest, or of the index.
func (c *content) isComponent(one decision.Component) bool {
	return slices.ContainsFunc(c.provenance.BuildDefinition.ResolvedDependencies, func(d statement.Descriptor) bool {
		return d.Name == statement.DependencyComponent+one.ID &&
			(d.SHA256() == one.Digest || d.Annotations[statement.AnnotationIndex] == one.Digest)
	})
}

// checkTests wants the test result to be every finding of the decision.
func (c *content) checkTests(s seal, d *decision.Decision) error {
	one := s["test-result"]
	var tests statement.TestResultPredicate
	if err := statement.Decode(one.Predicate, &tests); err != nil {
		return refuse(CheckContent, one.file.Path, "malformed predicate: %v", err)
	}
	want := statement.Tests(d)
	want.Configuration, tests.Configuration = nil, nil
	a, errA := statement.Marshal(want)
	b, errB := statement.Marshal(tests)
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		return refuse(CheckContent, one.file.Path, "tests are not the findings of %s", statement.DecisionFile)
	}
	return nil
}
