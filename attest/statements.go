package attest

import (
	"errors"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/attest/layout"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// named is a statement and the stem of its bundle's file name.
type named struct {
	stem          string
	predicateType string
	subject       []statement.Descriptor
	predicate     any
}

// payload is the statement as it is signed.
func (n named) payload() ([]byte, error) {
	predicate, err := statement.Marshal(n.predicate)
	if err != nil {
		return nil, err
	}
	return statement.Marshal(statement.Statement{
		Type: statement.Type, Subject: n.subject, PredicateType: n.predicateType, Predicate: predicate,
	})
}

// statements returns all statements of the image, in the order of their stems:
// the statements of the image and of each component.
func (in *Input) statements(f *folder, manifest string) ([]named, error) {
	if in.System == nil || in.Decision == nil {
		return nil, system.Unusable("a signed seal requires the system and its decision")
	}
	decisionFile, err := in.checkDecision(f)
	if err != nil {
		return nil, err
	}
	subject := in.subjects(f, manifest)
	// documented maps the path of a byproduct to the statement whose document
	// it is.
	documented := map[string]string{}
	var all []named
	add := func(stem, predicateType, path string, subject []statement.Descriptor) error {
		file, raw, err := f.document(path)
		if err != nil {
			return err
		}
		if err := statement.CheckDocument(predicateType, raw); err != nil {
			return system.Unusable("bill of materials %s cannot be read", path).Because(err)
		}
		if old, ok := documented[file.Path]; ok {
			return system.Unusable("document %q is used for two statements, %s and %s", file.Path, old, stem)
		}
		documented[file.Path] = stem
		all = append(all, named{stem: stem, predicateType: predicateType, subject: subject, predicate: raw})
		return nil
	}
	errs := []error{
		add("spdx", statement.SPDX, in.SPDXPath, subject),
		add("cyclonedx", statement.CycloneDX, in.CycloneDXPath, subject),
	}
	for _, c := range in.System.Components {
		if empty(c) {
			continue
		}
		if c.Image == nil {
			errs = append(errs, system.Unusable("component %s has no image", c.ID()))
			continue
		}
		doc, err := in.documentOf(c)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		digest, err := statement.DigestSet(c.Image.Manifest)
		if err != nil {
			errs = append(errs, system.Unusable("%s", c.ID()).Because(err))
			continue
		}
		s := []statement.Descriptor{{Name: c.Image.Name, Digest: digest}}
		stem := statement.ComponentPrefix + c.FileStem()
		errs = append(errs,
			add(stem+".spdx", statement.SPDX, doc.SPDXPath, s),
			add(stem+".cyclonedx", statement.CycloneDX, doc.CycloneDXPath, s))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	provenance, err := in.provenance(f, documented)
	if err != nil {
		return nil, err
	}
	summary, err := in.summary(decisionFile, manifest)
	if err != nil {
		return nil, err
	}
	tests := statement.Tests(in.Decision)
	tests.Configuration = statement.Configuration(in.Decision.Policy.Name, summary.Policy)
	all = append(all,
		named{stem: "provenance", predicateType: statement.Provenance, subject: subject, predicate: provenance},
		named{stem: "vsa", predicateType: statement.Summary, subject: subject, predicate: summary},
		named{stem: "test-result", predicateType: statement.TestResult, subject: subject, predicate: tests})
	slices.SortFunc(all, func(a, b named) int { return strings.Compare(a.stem, b.stem) })
	for i := 1; i < len(all); i++ {
		if all[i].stem == all[i-1].stem {
			return nil, system.Unusable("two statements have the same name %s", all[i].stem)
		}
	}
	return all, nil
}

// empty reports whether the component is a volume without an image. Such a
// volume brings no files, so no statement covers it. The os.yml, which requests
// the volume, is in the provenance.
func empty(c *system.Component) bool {
	return c.Section == system.SectionVolumes && c.Image == nil
}

// subjects are the image's files and its OCI manifest.
func (in *Input) subjects(f *folder, manifest string) []statement.Descriptor {
	out := []statement.Descriptor{}
	for _, file := range f.files {
		out = append(out, fileDescriptor(file))
	}
	return append(out, statement.Descriptor{
		Name:   layout.Dir + "/" + in.Name,
		Digest: map[string]string{"sha256": digests.Hex(manifest)},
	})
}

func fileDescriptor(f layout.File) statement.Descriptor {
	return statement.Descriptor{
		Name:   f.Path,
		Digest: map[string]string{"sha256": digests.Hex(f.Digest)},
	}
}

// documentOf finds a component's bills of materials. Every component has them.
func (in *Input) documentOf(c *system.Component) (*Document, error) {
	for i := range in.Documents {
		d := &in.Documents[i]
		if d.ID != c.ID() {
			continue
		}
		if d.Digest != c.Image.Manifest && d.Digest != c.Image.Digest {
			return nil, system.Unusable("bill of materials of %s is for image %s, not %s", d.ID, d.Digest, c.Image.Manifest)
		}
		return d, nil
	}
	return nil, system.Unusable("component %s has no bill of materials", c.ID())
}

// provenance lists all inputs of the build, and every output file that is not a
// file of the image.
func (in *Input) provenance(f *folder, documented map[string]string) (*statement.ProvenancePredicate, error) {
	p := &statement.ProvenancePredicate{
		BuildDefinition: statement.BuildDefinition{
			BuildType: statement.BuildType,
			ExternalParameters: statement.ExternalParameters{
				Name: in.Name, Arch: in.Arch, Sources: []statement.Descriptor{}, Parameters: in.Parameters,
			},
			ResolvedDependencies: []statement.Descriptor{},
		},
		RunDetails: statement.RunDetails{Builder: statement.BuilderOf(in.BuilderVersion), Byproducts: []statement.Descriptor{}},
	}
	def := &p.BuildDefinition
	var errs []error
	digest := func(what, d string) map[string]string {
		set, err := statement.DigestSet(d)
		if err != nil {
			errs = append(errs, system.Unusable("%s", what).Because(err))
		}
		return set
	}
	for _, s := range in.System.Sources {
		def.ExternalParameters.Sources = append(def.ExternalParameters.Sources,
			statement.Descriptor{Name: s.Path, Digest: digest(s.Path, s.Digest)})
	}
	depend := func(d statement.Descriptor) {
		def.ResolvedDependencies = append(def.ResolvedDependencies, d)
	}
	for _, c := range in.System.Components {
		if empty(c) {
			continue
		}
		d := statement.Descriptor{
			Name: statement.DependencyComponent + c.ID(), URI: statement.ImageURI(c.Image.Name, c.Image.Digest, in.Arch),
			Digest: digest(c.ID(), c.Image.Manifest), MediaType: c.Image.MediaType,
		}
		if c.Image.Digest != c.Image.Manifest {
			d.Annotations = map[string]string{statement.AnnotationIndex: c.Image.Digest}
		}
		depend(d)
	}
	for i := range in.System.Files {
		// Contents in os.yml are covered by the digest of os.yml.
		if file := &in.System.Files[i]; file.Type == system.TypeFile && file.Source != "" {
			depend(statement.Descriptor{Name: statement.DependencyFile + file.Path, Digest: digest(file.Path, file.Digest)})
		}
	}
	depend(statement.Descriptor{
		Name: statement.DependencyPolicy, URI: statement.PolicyURI(in.Decision.Policy.Name),
		Digest: digest("policy", in.Decision.Policy.Digest),
	})
	for _, p := range in.Decision.Policy.Parts {
		if p.Source == decision.SourceOCI {
			depend(statement.Descriptor{Name: statement.DependencyBundle + p.Name, URI: p.Reference, Digest: digest(p.Name, p.Manifest)})
		}
	}
	for _, t := range in.Tools {
		depend(statement.Descriptor{Name: statement.DependencyTool + t.Name, URI: t.URI, Digest: digest(t.Name, t.Digest)})
	}
	if in.Certificate != "" {
		depend(statement.Descriptor{Name: statement.DependencyCertificate, Digest: digest("certificate", in.Certificate)})
	}
	for _, v := range in.Enrolled {
		depend(statement.Descriptor{Name: statement.DependencyEnrolled + v.Name, Digest: digest(v.Name, v.Digest)})
	}
	if in.LockDigest != "" {
		depend(statement.Descriptor{Name: statement.DependencyLock, Digest: digest("lock", in.LockDigest)})
	}
	if d := in.Decision.WaiversDigest; d != "" {
		depend(statement.Descriptor{Name: statement.DependencyWaivers, Digest: digest("waivers", d)})
	}
	for _, file := range f.others {
		d := fileDescriptor(file)
		if stem, ok := documented[file.Path]; ok {
			d.Annotations = map[string]string{statement.AnnotationStatement: stem}
		}
		if file.Path == statement.MeasurementsFile {
			d.Annotations = in.Registers
		}
		p.RunDetails.Byproducts = append(p.RunDetails.Byproducts, d)
	}
	return p, errors.Join(errs...)
}

// summary is the result of the decision, with the digests of its inputs.
func (in *Input) summary(decisionFile layout.File, manifest string) (*statement.SummaryPredicate, error) {
	d := in.Decision
	policy, err := statement.Judged(d)
	if err != nil {
		return nil, system.Unusable("the decision by policy %q cannot be summarized", d.Policy.Name).Because(err)
	}
	parts, err := statement.PolicyParts(d)
	if err != nil {
		return nil, system.Unusable("decision").Because(err)
	}
	inputs, err := statement.Inputs(decisionFile.Digest, d.WaiversDigest, in.LockDigest)
	if err != nil {
		return nil, system.Unusable("summary").Because(err)
	}
	result := statement.Result(d)
	return &statement.SummaryPredicate{
		Policies:           parts,
		Verifier:           statement.BuilderOf(in.BuilderVersion),
		TimeVerified:       in.Parameters.DecidedAt(),
		ResourceURI:        statement.ResourceURI(in.Name, manifest),
		Policy:             policy,
		InputAttestations:  inputs,
		VerificationResult: result,
		VerifiedLevels:     statement.Levels(result, d.Policy.Name),
		FailOn:             d.FailOn,
		WaiversExpire:      statement.WaiversExpire(d),
	}, nil
}
