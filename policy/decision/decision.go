// Package decision holds the outcome of a policy: every rule on every resource
// that it looked at, and the verdict. Its JSON form is decision.json. Types
// only; it imports the standard library alone, and anyone may import it.
package decision

import (
	"fmt"
	"strings"
)

// SchemaVersion counts incompatible changes of decision.json.
const SchemaVersion = 1

// Verdict is the answer of a whole decision.
type Verdict string

const (
	Pass Verdict = "pass"
	Deny Verdict = "deny"
	// Undecided is written "unknown": something could not be evaluated.
	Undecided Verdict = "unknown"
)

// State is the outcome of one rule on one resource.
type State string

// The five states. A missing input is StateUnknown, never StatePass.
const (
	StatePass          State = "pass"
	StateFail          State = "fail"
	StateWaived        State = "waived"
	StateNotApplicable State = "not-applicable"
	StateUnknown       State = "unknown"
)

// Severity of a rule.
type Severity string

const (
	Critical Severity = "critical"
	High     Severity = "high"
	Medium   Severity = "medium"
	Low      Severity = "low"
)

// Rank orders severities: Low is 1, Critical 4, anything else 0.
func (s Severity) Rank() int {
	switch s {
	case Low:
		return 1
	case Medium:
		return 2
	case High:
		return 3
	case Critical:
		return 4
	}
	return 0
}

// Decision is all findings and the verdict. Findings are sorted by resource,
// id and key; waivers as in their file.
type Decision struct {
	SchemaVersion int     `json:"schemaVersion"`
	Verdict       Verdict `json:"verdict"`
	System        System  `json:"system"`
	Tool          Tool    `json:"tool"`
	Policy        Policy  `json:"policy"`
	FailOn        string  `json:"failOn"`
	// Date is the day by which expiry was judged, YYYY-MM-DD, where it was
	// given; "" where it was the clock's.
	Date     string    `json:"date,omitempty"`
	Summary  Summary   `json:"summary"`
	Findings []Finding `json:"findings"`
	// Waivers are those of the waiver file, used or not.
	Waivers []Waiver `json:"waivers"`
	// WaiversDigest is sha256:HEX of the waiver file, "" without one.
	WaiversDigest string `json:"waiversDigest,omitempty"`
	// Rules are those that were evaluated, sorted by id: what each one asks
	// and why, so that a report needs nothing but the decision.
	Rules []Rule `json:"rules"`
	// Frameworks are the catalogues that were asked for.
	Frameworks []Framework `json:"frameworks,omitempty"`
	// Notes are what a reader must know first ("vulnerabilities: not
	// scanned").
	Notes []string `json:"notes,omitempty"`
}

// System is what was decided about.
type System struct {
	Name       string      `json:"name"`
	Arch       string      `json:"arch"`
	Sources    []Source    `json:"sources"`
	Components []Component `json:"components"`
	Kernel     string      `json:"kernel,omitempty"`
	// LockDigest is sha256:HEX of os.lock.json, "" without one.
	LockDigest string `json:"lockDigest,omitempty"`
}

// Source is an os.yml.
type Source struct {
	Path   string `json:"path"`
	Digest string `json:"digest"`
}

// Component is one line of what is in the image.
type Component struct {
	ID       string `json:"id"`
	Image    string `json:"image"`
	Digest   string `json:"digest"`
	Packages int    `json:"packages"`
	// Files and OwnedFiles give the SBOM's coverage.
	Files      int `json:"files"`
	OwnedFiles int `json:"ownedFiles"`
	// Distro is the distribution's own name for itself.
	Distro string `json:"distro,omitempty"`
	// Origin is the place of the image reference in os.yml.
	Origin *Origin `json:"origin,omitempty"`
}

// Tool is the program that decided.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Policy is what was evaluated.
type Policy struct {
	Name string `json:"name"`
	// Digest is sha256:HEX over the rules, their data and the pack.
	Digest string `json:"digest"`
	Rules  int    `json:"rules"`
	// Parts are the policies that were evaluated together, in the order given,
	// and the built-in packs that they include; none for a built-in pack alone,
	// which Name and Digest describe.
	Parts []PolicyPart `json:"parts,omitempty"`
}

// Where a policy comes from.
const (
	SourceBuiltin = "builtin"
	SourceDir     = "dir"
	SourceOCI     = "oci"
)

// PolicyPart is one policy of several, or one that is not built in.
type PolicyPart struct {
	// Name is a pack's, "dir:" or "oci:" and the name of a folder's pack.
	Name string `json:"name"`
	// Source is SourceBuiltin, SourceDir or SourceOCI.
	Source string `json:"source"`
	// Digest is what the policy's own Digest is when it is evaluated alone.
	Digest string `json:"digest"`
	Rules  int    `json:"rules"`
	// IncludedBy names the part whose pack includes this one, as it is built
	// in; "" for a policy that was asked for.
	IncludedBy string `json:"includedBy,omitempty"`
	// Adjusted are the keys of built-in data that a part changes for the
	// built-in rules that it includes. Such rules are no part of their own.
	Adjusted []string `json:"adjusted,omitempty"`
	// Reference and Manifest (sha256:HEX) are where a bundle came from; Pinned:
	// the reference or a lock named that digest; Signed: a trusted key signed
	// it.
	Reference string `json:"reference,omitempty"`
	Manifest  string `json:"manifest,omitempty"`
	Pinned    bool   `json:"pinned,omitempty"`
	Signed    bool   `json:"signed,omitempty"`
}

// Rule is what a rule says about itself.
type Rule struct {
	ID          string   `json:"id"`
	Title       string   `json:"title"`
	Description string   `json:"description,omitempty"`
	Severity    Severity `json:"severity"`
	// Remediation is the general advice; a finding's Fix is for its place.
	Remediation string   `json:"remediation,omitempty"`
	Controls    []string `json:"controls,omitempty"`
}

// Summary counts findings by state, and failing ones by severity.
type Summary struct {
	Pass          int            `json:"pass"`
	Fail          int            `json:"fail"`
	Waived        int            `json:"waived"`
	NotApplicable int            `json:"notApplicable"`
	Unknown       int            `json:"unknown"`
	Failing       map[string]int `json:"failing"`
}

// Text counts the findings by state, those that fail by severity too.
func (s Summary) Text() string {
	fail := fmt.Sprintf("%d fail", s.Fail)
	var parts []string
	for _, sev := range []Severity{Critical, High, Medium, Low} {
		if n := s.Failing[string(sev)]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, sev))
		}
	}
	if len(parts) > 0 {
		fail += " (" + strings.Join(parts, ", ") + ")"
	}
	return fmt.Sprintf("%s, %d unknown, %d waived, %d pass, %d not applicable", fail, s.Unknown, s.Waived, s.Pass, s.NotApplicable)
}

// Finding is one rule on one resource.
type Finding struct {
	ID       string   `json:"id"`
	Title    string   `json:"title"`
	State    State    `json:"state"`
	Severity Severity `json:"severity"`
	// Resource is component:SECTION/NAME, kernel:CONFIG_X, cmdline:NAME,
	// sysctl:NAME, file:PATH or image:NAME.
	Resource string `json:"resource"`
	// Path is a JSON pointer into the component's effective spec.
	Path string `json:"path,omitempty"`
	// Actual and Expected are JSON values.
	Actual   any `json:"actual,omitempty"`
	Expected any `json:"expected,omitempty"`
	// Message says what is so; Fix is the smallest edit that passes.
	Message string `json:"message"`
	Fix     string `json:"fix,omitempty"`
	// Because are the facts of this very kernel that make it matter here, in
	// words, each with where it is from.
	Because []string `json:"because,omitempty"`
	// Key is stable between runs: waivers and fingerprints hang on it.
	Key    string  `json:"key"`
	Origin *Origin `json:"origin,omitempty"`
	// Edits are the smallest change of os.yml that makes the finding pass, in
	// the order in which they apply; none where no edit can (a kernel has to
	// be rebuilt, an image replaced).
	Edits []Edit `json:"edits,omitempty"`
	// Controls that the rule speaks to.
	Controls []string `json:"controls,omitempty"`
	// Waiver is the one that covers this finding, expired or not.
	Waiver *Waiver `json:"waiver,omitempty"`
}

// Edit is one change of an os.yml file.
type Edit struct {
	// Op is set (make the value Value, adding the key where it is missing),
	// remove (take the key, or the list's element that equals Value, or the
	// words of Value out of a text) or append (add Value to the list, or the
	// words of Value to a text; in a command line before "--").
	Op string `json:"op"`
	// Component is the id of the component whose entry Path starts in
	// ("services/web"), "files/PATH" for a file, "" for the file's root.
	Component string `json:"component,omitempty"`
	// Path is a JSON pointer of os.yml keys: "/readonly", "/kernel/cmdline";
	// "" is the whole entry.
	Path string `json:"path"`
	// Value is a JSON value, null where Op needs none.
	Value any `json:"value,omitempty"`
}

// Framework is a catalogue of controls as this decision answers it.
type Framework struct {
	// ID is the name that --framework takes: "cis-docker".
	ID      string `json:"id"`
	Title   string `json:"title"`
	Version string `json:"version,omitempty"`
	URL     string `json:"url,omitempty"`
	// Digest is sha256:HEX of the file that maps controls to rules. The
	// policy's digest does not cover it: a view changes no verdict.
	Digest string `json:"digest"`
	// Controls in the catalogue's order, also those that no rule speaks to.
	Controls []Control `json:"controls"`
}

// ControlState is the answer to one control.
type ControlState string

// The four answers. Not assessed: no rule of the policy decides it, each one
// that does is not applicable here, or something is unknown.
const (
	Satisfied     ControlState = "satisfied"
	NotSatisfied  ControlState = "not-satisfied"
	ControlWaived ControlState = "waived"
	NotAssessed   ControlState = "not-assessed"
)

// Control is one requirement, and the facts that answer it.
type Control struct {
	// ID as the catalogue writes it: "5.4".
	ID    string       `json:"id"`
	Title string       `json:"title"`
	State ControlState `json:"state"`
	// Confidence of the answer: "checked" where a checked mapping leads to one
	// of the findings that make it, "unsure" where only unsure ones do, ""
	// where there is no answer.
	Confidence string `json:"confidence,omitempty"`
	// Partial: the answer is about a part of the control. Rules that speak to
	// it are not in the policy, no rule looks at what Gap says, or the policy
	// allows a component what the control forbids.
	Partial bool   `json:"partial,omitempty"`
	Gap     string `json:"gap,omitempty"`
	// Reason says why a control was not assessed, or is not satisfied, and in
	// any state which of its rules the policy does not evaluate.
	Reason string `json:"reason,omitempty"`
	// Rules that speak to it, sorted, and how sure that is.
	Rules []ControlRule `json:"rules,omitempty"`
	// Findings are indexes into the decision's findings.
	Findings []int `json:"findings,omitempty"`
}

// ControlRule is a mapping: it states a relation, not compliance.
type ControlRule struct {
	ID string `json:"id"`
	// Confidence is "checked" where somebody held the rule against the
	// control's text, else "unsure".
	Confidence string `json:"confidence"`
	// Aside: what the rule finds speaks against the control, and that it finds
	// nothing does not satisfy it: it is about what the control presupposes, or a
	// small part of it.
	Aside bool `json:"aside,omitempty"`
	// OnlyIn is the weakest pack that holds the rule, where the policy does not
	// hold it.
	OnlyIn string `json:"onlyIn,omitempty"`
}

// Origin is who set the value; the same fields as facts.Origin. What an image
// set, or the kernel's own default, may have the place of the image reference.
// For a kernel that was checked alone, layers are config, cmdline and sysctl.
type Origin struct {
	Layer  string `json:"layer"`
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

// Waiver is a dated, owned exception.
type Waiver struct {
	Rule string `json:"rule"`
	// Resource or Digest (of a component) says what it covers.
	Resource string `json:"resource,omitempty"`
	Digest   string `json:"digest,omitempty"`
	Reason   string `json:"reason"`
	Owner    string `json:"owner"`
	// Expires is YYYY-MM-DD; it is valid to the end of that day, UTC.
	Expires string `json:"expires"`
	Expired bool   `json:"expired"`
	// Used: it covered at least one finding.
	Used bool `json:"used"`
	// Soon: it expires within 14 days. That hangs on the day, so no output
	// holds it: two builds of the same inputs are the same.
	Soon bool `json:"-"`
	// Warning is "expired DATE", "matches nothing", or both; else "".
	Warning string `json:"warning,omitempty"`
	Origin  Origin `json:"origin"`
}
