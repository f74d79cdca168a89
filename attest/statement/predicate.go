package statement

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// Identifiers in predicates.
const (
	// BuilderID is the builder of provenance and the verifier of a summary.
	BuilderID = "https://github.com/seaworthy-os/seaworthy"
	// BuildType of the provenance: externalParameters holds sources and
	// parameters, resolvedDependencies the names below.
	BuildType = "https://github.com/seaworthy-os/seaworthy/build/v1"
)

// Names of resolved dependencies, and of a summary's inputs.
const (
	// DependencyComponent begins the name of a component: component:services/nginx.
	DependencyComponent = "component:"
	// DependencyFile begins the name of a file that was read from the build
	// machine: file:etc/motd.
	DependencyFile   = "file:"
	DependencyLock   = "lock"
	DependencyPolicy = "policy"
	// DependencyBundle begins the name of a policy that came from a registry:
	// policy:oci:ours.
	DependencyBundle = "policy:"
	// DependencyTool begins the name of a program or file of the build machine
	// that made the image: tool:mksquashfs.
	DependencyTool = "tool:"
	// DependencyCertificate is the certificate (DER) whose key signed the UKIs of
	// the image for Secure Boot.
	DependencyCertificate = "secure-boot:certificate"
	// DependencyEnrolled begins the name of a variable of Secure Boot in the firmware
	// (PK, KEK, db, dbx), from which PCR 7 was predicted: secure-boot:enrolled:db.
	DependencyEnrolled = "secure-boot:enrolled:"
	DependencyWaivers  = "waivers"
	// InputDecision is the decision's name among a summary's inputs. The other
	// names are DependencyLock and DependencyWaivers.
	InputDecision = DecisionFile
	// AnnotationIndex is the digest of the image index to which a component's
	// reference resolved, if it differs from the manifest's digest.
	AnnotationIndex = "index"
	// AnnotationStatement, on a byproduct, is the stem of the statement whose
	// predicate is the document in that file.
	AnnotationStatement = "statement"
	// MeasurementsFile is the byproduct with the registers (PCR) that a TPM will have.
	// Its annotations are those of Registers, each with the value in hexadecimal
	// digits.
	MeasurementsFile = "measurements.json"
)

// Registers are the annotations of MeasurementsFile, by the number of the register. A
// register that cannot be predicted is missing.
var Registers = map[int]string{4: "pcr4", 7: "pcr7", 9: "pcr9", 11: "pcr11"}

// Results of a summary and of tests.
const (
	Passed = "PASSED"
	Warned = "WARNED"
	Failed = "FAILED"
)

// ProvenancePredicate is SLSA provenance v1.
type ProvenancePredicate struct {
	BuildDefinition BuildDefinition `json:"buildDefinition"`
	RunDetails      RunDetails      `json:"runDetails"`
}

// BuildDefinition says what the user asked for, and the inputs of the build.
type BuildDefinition struct {
	BuildType            string             `json:"buildType"`
	ExternalParameters   ExternalParameters `json:"externalParameters"`
	ResolvedDependencies []Descriptor       `json:"resolvedDependencies"`
}

// ExternalParameters are what the user gave: the os.yml files, in merge
// order, and flags.
type ExternalParameters struct {
	Name       string       `json:"name"`
	Arch       string       `json:"arch"`
	Sources    []Descriptor `json:"sources"`
	Parameters Parameters   `json:"parameters"`
}

// Parameters are the flags and the environment that influenced a build.
type Parameters struct {
	Format []string `json:"format"`
	FailOn string   `json:"failOn"`
	// Locked: each input was taken at its digest in the lock.
	Locked bool `json:"locked"`
	// NoSBOM: the SBOM and the index of files are not inside the image.
	NoSBOM bool `json:"noSBOM,omitempty"`
	// SourceDateEpoch is the clock of the outputs in seconds, 0 if not given.
	SourceDateEpoch int64 `json:"sourceDateEpoch,omitempty"`
	// Now is the time of --now, at which expiry was checked; "" if the clock
	// was used.
	Now string `json:"now,omitempty"`
}

// RunDetails says which program built the image, and lists the other output
// files.
type RunDetails struct {
	Builder    Builder      `json:"builder"`
	Byproducts []Descriptor `json:"byproducts"`
}

// Builder is a program: its identifier and version.
type Builder struct {
	ID      string            `json:"id"`
	Version map[string]string `json:"version,omitempty"`
}

// SummaryPredicate is SLSA's verification summary v1. The members that begin
// with seaworthy_ are extensions, in the form that SLSA requires.
type SummaryPredicate struct {
	Verifier Builder `json:"verifier"`
	// TimeVerified is the time of the decision; see Parameters.DecidedAt.
	TimeVerified       string  `json:"timeVerified,omitempty"`
	ResourceURI        string  `json:"resourceUri"`
	Policy             Policy  `json:"policy"`
	InputAttestations  []Input `json:"inputAttestations"`
	VerificationResult string  `json:"verificationResult"`
	// VerifiedLevels has one level; see Levels.
	VerifiedLevels []string `json:"verifiedLevels"`
	// FailOn is the lowest severity at which a failing finding denied the
	// image.
	FailOn string `json:"seaworthy_failOn"`
	// WaiversExpire is the last day (YYYY-MM-DD, UTC) on which all used waivers
	// are valid; "" if no waiver was used.
	WaiversExpire string `json:"seaworthy_waiversExpire,omitempty"`
	// Policies are the policies that Policy combines, and the built-in packs
	// that they include unchanged. An image that passed Policy passed each of
	// them.
	Policies []Policy `json:"seaworthy_policies,omitempty"`
}

// Policy is the evaluated policy.
type Policy struct {
	URI    string            `json:"uri"`
	Digest map[string]string `json:"digest"`
}

// Input is an input document of a summary.
type Input struct {
	URI    string            `json:"uri"`
	Digest map[string]string `json:"digest"`
}

// Input returns the digest (sha256:HEX) of the input with that URI, "" if there
// is none.
func (p *SummaryPredicate) Input(uri string) string {
	for _, in := range p.InputAttestations {
		if in.URI == uri {
			return Descriptor{Digest: in.Digest}.SHA256()
		}
	}
	return ""
}

const policyScheme = "seaworthy:policy/"

// PolicyURI is the URI of a policy: seaworthy:policy/hardened.
func PolicyURI(name string) string { return policyScheme + url.PathEscape(name) }

// PolicyName is the name in a PolicyURI; false if uri is not one.
func PolicyName(uri string) (string, bool) {
	rest, ok := strings.CutPrefix(uri, policyScheme)
	if !ok || rest == "" {
		return "", false
	}
	name, err := url.PathUnescape(rest)
	return name, err == nil
}

// PolicyParts are the policies that a decision's policy combines; none if the
// policy is a single built-in pack.
func PolicyParts(d *decision.Decision) ([]Policy, error) {
	var out []Policy
	for _, p := range d.Policy.Parts {
		set, err := DigestSet(p.Digest)
		if err != nil || p.Name == "" {
			return nil, fmt.Errorf("part %q of the policy: %w", p.Name, err)
		}
		out = append(out, Policy{URI: PolicyURI(p.Name), Digest: set})
	}
	return out, nil
}

// TestResultPredicate is in-toto's test result v0.1: one test per finding. The
// last two lists are extensions. An unknown finding is also among the failed
// tests, because it is never a pass.
type TestResultPredicate struct {
	Result        string       `json:"result"`
	Configuration []Descriptor `json:"configuration"`
	PassedTests   []string     `json:"passedTests"`
	WarnedTests   []string     `json:"warnedTests"`
	FailedTests   []string     `json:"failedTests"`
	UnknownTests  []string     `json:"seaworthy_unknownTests"`
	NotApplicable []string     `json:"seaworthy_notApplicableTests"`
}

// Tests sorts the findings of a decision into the lists of a test result, in
// the decision's order. A waived finding is a warned test.
func Tests(d *decision.Decision) TestResultPredicate {
	p := TestResultPredicate{
		PassedTests: []string{}, WarnedTests: []string{}, FailedTests: []string{},
		UnknownTests: []string{}, NotApplicable: []string{},
	}
	for i := range d.Findings {
		name := TestName(&d.Findings[i])
		switch d.Findings[i].State {
		case decision.StatePass:
			p.PassedTests = append(p.PassedTests, name)
		case decision.StateWaived:
			p.WarnedTests = append(p.WarnedTests, name)
		case decision.StateNotApplicable:
			p.NotApplicable = append(p.NotApplicable, name)
		case decision.StateUnknown:
			p.UnknownTests = append(p.UnknownTests, name)
			p.FailedTests = append(p.FailedTests, name)
		default:
			p.FailedTests = append(p.FailedTests, name)
		}
	}
	p.Result = TestsResult(&p)
	return p
}

// TestsResult is the result that follows from the lists of a test result.
func TestsResult(p *TestResultPredicate) string {
	switch {
	case len(p.FailedTests) > 0:
		return Failed
	case len(p.WarnedTests) > 0:
		return Warned
	}
	return Passed
}

// TestName is the test name of a finding: its rule, resource and key.
func TestName(f *decision.Finding) string {
	name := f.ID + " " + f.Resource
	if f.Key != "" {
		name += " " + f.Key
	}
	return name
}

// Result is the result of a decision in its summary. It does not rely on the
// verdict alone: a failing finding at or above failOn, or any unknown finding,
// is FAILED. failOn "none" counts as "low", because an image that is not denied
// has not passed.
func Result(d *decision.Decision) string {
	if d.Verdict != decision.Pass || Blocking(d, d.FailOn) != nil {
		return Failed
	}
	return Passed
}

// Blocking is the first finding that prevents a decision from passing at the
// threshold failOn, nil if there is none. The thresholds "", "none" and unknown
// severities count as "low".
func Blocking(d *decision.Decision, failOn string) *decision.Finding {
	rank := max(decision.Severity(failOn).Rank(), decision.Low.Rank())
	for i := range d.Findings {
		f := &d.Findings[i]
		switch f.State {
		case decision.StatePass, decision.StateNotApplicable:
		case decision.StateWaived:
			if f.Waiver == nil { // without a waiver, the finding is not waived
				return f
			}
		case decision.StateFail:
			// An unknown severity has rank 0, and blocks.
			if r := f.Severity.Rank(); r == 0 || r >= rank {
				return f
			}
		default:
			return f
		}
	}
	return nil
}

// WaiversExpire is the earliest expiry of the waivers that a decision used, ""
// if it used none.
func WaiversExpire(d *decision.Decision) string {
	first := ""
	for i := range d.Findings {
		f := &d.Findings[i]
		if f.State != decision.StateWaived || f.Waiver == nil {
			continue
		}
		if first == "" || f.Waiver.Expires < first {
			first = f.Waiver.Expires
		}
	}
	return first
}
