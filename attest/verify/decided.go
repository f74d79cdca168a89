package verify

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// checkComponents requires two bills of materials for each component in the
// provenance. Both must cover the component's image. Other components may have
// none.
func (c *content) checkComponents(s seal) error {
	path, arch := s["provenance"].file.Path, c.provenance.BuildDefinition.ExternalParameters.Arch
	var errs []error
	want := statement.ImageStems()
	for _, id := range c.components() {
		d := c.dependencies[statement.DependencyComponent+id]
		stems := statement.ComponentStems(statement.FileStem(id))
		for _, stem := range slices.Sorted(maps.Keys(stems)) {
			if _, twice := want[stem]; twice {
				errs = append(errs, refuse(CheckContent, path, "two components use the same statement %s", stem))
			}
			want[stem] = stems[stem]
			one := s[stem]
			if one == nil {
				errs = append(errs, refuse(CheckType, statement.BundlePath(stem), "the statement of component %s is missing", id))
				continue
			}
			if len(one.Subject) != 1 || one.Subject[0].SHA256() != d.SHA256() || plain(one.Subject[0]) != nil {
				errs = append(errs, refuse(CheckSubject, one.file.Path, "does not cover image %s of component %s", d.SHA256(), id))
				continue
			}
			if uri := statement.ImageURI(one.Subject[0].Name, index(d), arch); uri != d.URI {
				errs = append(errs, refuse(CheckSubject, one.file.Path, "component %s is %q here, but %q in the provenance", id, uri, d.URI))
			}
		}
	}
	for _, one := range s.sorted() {
		if _, ok := want[one.stem]; !ok {
			errs = append(errs, refuse(CheckType, one.file.Path, "does not cover a component of the image"))
		}
	}
	return errors.Join(errs...)
}

// checkDecision compares decision.json with the statements: both must agree.
// The digest of decision.json is verified before.
func (c *content) checkDecision(s seal, raw []byte) (*decision.Decision, error) {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, refuse(CheckContent, statement.DecisionFile, format, args...))
	}
	var d decision.Decision
	if err := statement.DecodeKnown(raw, &d); err != nil {
		bad("the decision is malformed: %v", err)
		return nil, errors.Join(errs...)
	}
	ext, builder := &c.provenance.BuildDefinition.ExternalParameters, c.provenance.RunDetails.Builder
	for _, pair := range []struct {
		what                 string
		decision, statements any
	}{
		{"the schema version", d.SchemaVersion, decision.SchemaVersion},
		{"verdict", statement.Result(&d), c.summary.VerificationResult},
		{"policy", d.Policy.Name, c.policy},
		{"the policy digest", d.Policy.Digest, statement.Descriptor{Digest: c.summary.Policy.Digest}.SHA256()},
		{"waivers", d.WaiversDigest, c.summary.Input(statement.DependencyWaivers)},
		{"lock", d.System.LockDigest, c.summary.Input(statement.DependencyLock)},
		{"the expiry of the waivers", statement.WaiversExpire(&d), c.summary.WaiversExpire},
		{"fail-on", d.FailOn, c.summary.FailOn},
		{"system", d.System.Name, c.name},
		{"architecture", d.System.Arch, ext.Arch},
		{"program", d.Tool.Name, "seaworthy"},
		{"the program version", d.Tool.Version, builder.Version["seaworthy"]},
		{"date", d.Date, day(ext.Parameters.Now)},
	} {
		if pair.decision != pair.statements {
			bad("%s is %q here, but %q in the statements", pair.what, pair.decision, pair.statements)
		}
	}
	for _, diff := range differences("summary", d.Summary, decision.Count(d.Findings)) {
		bad("%s (the value that its findings give)", diff)
	}
	sources := []decision.Source{}
	for _, one := range ext.Sources {
		sources = append(sources, decision.Source{Path: one.Name, Digest: one.SHA256()})
	}
	for _, diff := range differences("system.sources", d.System.Sources, sources) {
		bad("%s (the value in the provenance)", diff)
	}
	c.comparePolicies(&d, bad)
	c.compareComponents(s, &d, bad)
	c.checkFindings(&d, bad)
	if err := c.checkTests(s, &d); err != nil {
		errs = append(errs, err)
	}
	return &d, errors.Join(errs...)
}

// day is the date of a time in a statement, "" for an empty time.
func day(t string) string {
	return t[:min(len(t), len(time.DateOnly))]
}

// comparePolicies compares the parts of the policy with the statements.
func (c *content) comparePolicies(d *decision.Decision, bad func(string, ...any)) {
	parts, err := statement.PolicyParts(d)
	if err != nil {
		bad("%v", err)
		return
	}
	for _, diff := range differences("the list of policies", parts, c.summary.Policies) {
		bad("%s (the value in the statements)", diff)
	}
	bundles := map[string]string{}
	for _, p := range d.Policy.Parts {
		if p.Source == decision.SourceOCI {
			bundles[statement.DependencyBundle+p.Name] = p.Reference + " " + p.Manifest
		}
	}
	said := map[string]string{}
	for name, dep := range c.dependencies {
		if strings.HasPrefix(name, statement.DependencyBundle) {
			said[name] = dep.URI + " " + dep.SHA256()
		}
	}
	for _, diff := range differences("the list of policies from a registry", bundles, said) {
		bad("%s (the value in the provenance)", diff)
	}
}

// compareComponents compares the list of components with the list in the
// provenance: both have the same components, each once, with the same image.
func (c *content) compareComponents(s seal, d *decision.Decision, bad func(string, ...any)) {
	ids := []string{}
	for _, one := range d.System.Components {
		ids = append(ids, one.ID)
		dep, ok := c.dependencies[statement.DependencyComponent+one.ID]
		if !ok || one.Digest != index(dep) {
			bad("component %s with image %s is not in the provenance", one.ID, one.Digest)
			continue
		}
		for stem := range statement.ComponentStems(statement.FileStem(one.ID)) {
			if name := s[stem].Subject[0].Name; name != one.Image {
				bad("component %s has image %q here, but %q in %s", one.ID, one.Image, name, s[stem].file.Path)
			}
		}
	}
	slices.Sort(ids)
	if all := c.components(); !slices.Equal(ids, all) {
		bad("the components are %q here, but %q in the statements", ids, all)
	}
}

// checkTests requires that the test result lists every finding of the decision.
func (c *content) checkTests(s seal, d *decision.Decision) error {
	want := statement.Tests(d)
	want.Configuration = c.tests.Configuration // compared with the summary
	if diff := differences("tests", c.tests, want); len(diff) > 0 {
		return refuse(CheckContent, s["test-result"].file.Path, "the tests differ from the findings of %s: %s", statement.DecisionFile, diff[0])
	}
	return nil
}
