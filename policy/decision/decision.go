// Package decision holds the result of a policy: the findings of all rules, and the
// verdict. Its JSON form is decision.json. The package contains only types and
// imports only the standard library, so every package may import it.
package decision

import (
	"fmt"
	"strings"
)

// SchemaVersion is increased with each incompatible change of decision.json.
const SchemaVersion = 1

// Verdict is the answer of a decision.
type Verdict string

const (
	Pass Verdict = "pass"
	Deny Verdict = "deny"
	// Undecided is written "unknown": an input was missing, so something could not be
	// evaluated.
	Undecided Verdict = "unknown"
)

// State is the result of one rule for one resource.
type State string

// The five states. A missing input gives StateUnknown, never StatePass.
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

// Rank orders severities: Low is 1, Critical is 4, any other text is 0.
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

// Decision holds all findings and the verdict. Findings are sorted by resource, id
// and key. Waivers have the order of their file.
type Decision struct {
	SchemaVersion int     `json:"schemaVersion"`
	Verdict       Verdict `json:"verdict"`
	System        System  `json:"system"`
	Tool          Tool    `json:"tool"`
	Policy        Policy  `json:"policy"`
	FailOn        string  `json:"failOn"`
	// Date is the date by which expiry was judged, YYYY-MM-DD, if one was given. It
	// is "" if the clock gave the date.
	Date     string    `json:"date,omitempty"`
	Summary  Summary   `json:"summary"`
	Findings []Finding `json:"findings"`
	// Waivers are the waivers of the waiver file, used or not.
	Waivers []Waiver `json:"waivers"`
	// WaiversDigest is sha256:HEX of the waiver file, "" without a file.
	WaiversDigest string `json:"waiversDigest,omitempty"`
	// Rules are the evaluated rules, sorted by id, with their descriptions, so that a
	// report needs only the decision.
	Rules []Rule `json:"rules"`
	// Frameworks are the catalogues that the user asked for.
	Frameworks []Framework `json:"frameworks,omitempty"`
	// Notes are limits of the decision that a reader must know first
	// ("vulnerabilities: not scanned").
	Notes []string `json:"notes,omitempty"`
}

// System is the subject of the decision.
type System struct {
	Name       string      `json:"name"`
	Arch       string      `json:"arch"`
	Sources    []Source    `json:"sources"`
	Components []Component `json:"components"`
	Kernel     string      `json:"kernel,omitempty"`
	// LockDigest is sha256:HEX of os.lock.json, "" without a lock.
	LockDigest string `json:"lockDigest,omitempty"`
}

// Source is an os.yml file.
type Source struct {
	Path   string `json:"path"`
	Digest string `json:"digest"`
}

// Component is a component of the system, with the numbers of its inventory.
type Component struct {
	ID       string `json:"id"`
	Image    string `json:"image"`
	Digest   string `json:"digest"`
	Packages int    `json:"packages"`
	// Files counts the regular files of the image, OwnedFiles those that a package
	// owns.
	Files      int `json:"files"`
	OwnedFiles int `json:"ownedFiles"`
	// Distro is the name that the distribution gives itself.
	Distro string `json:"distro,omitempty"`
	// Origin is the place of the image reference in os.yml.
	Origin *Origin `json:"origin,omitempty"`
}

// Tool is the program that made the decision.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Policy is the policy that was evaluated.
type Policy struct {
	Name string `json:"name"`
	// Digest is sha256:HEX of the rules, their data and the pack.
	Digest string `json:"digest"`
	Rules  int    `json:"rules"`
	// Parts are the policies that were evaluated together in the given order, and the
	// built-in packs that they include. Parts is empty for a single built-in pack,
	// which Name and Digest describe.
	Parts []PolicyPart `json:"parts,omitempty"`
}

// The sources of a policy.
const (
	SourceBuiltin = "builtin"
	SourceDir     = "dir"
	SourceOCI     = "oci"
)

// PolicyPart is a policy that was evaluated with others, or one that is not built in.
type PolicyPart struct {
	// Name is the name of a built-in pack, or "dir:" or "oci:" and the pack's name.
	Name string `json:"name"`
	// Source is SourceBuiltin, SourceDir or SourceOCI.
	Source string `json:"source"`
	// Digest is the digest that the policy has when it is evaluated alone, with the
	// built-in files that it uses.
	Digest string `json:"digest"`
	// Content is the digest of the policy's own files. Unlike Digest, it is the same
	// for every version of the program. It is "" for a built-in pack.
	Content string `json:"content,omitempty"`
	Rules   int    `json:"rules"`
	// IncludedBy is the name of the part that includes this built-in pack. It is ""
	// for a policy that the user asked for.
	IncludedBy string `json:"includedBy,omitempty"`
	// Adjusted are the keys of built-in data that a part changes for the built-in
	// rules that it includes. Rules with changed data are not listed as a part.
	Adjusted []string `json:"adjusted,omitempty"`
	// Reference and Manifest (sha256:HEX) are the source of a bundle. Pinned: the
	// reference or a lock named this digest. Signed: a trusted key signed the bundle.
	Reference string `json:"reference,omitempty"`
	Manifest  string `json:"manifest,omitempty"`
	Pinned    bool   `json:"pinned,omitempty"`
	Signed    bool   `json:"signed,omitempty"`
}

// Rule is the description of a rule.
type Rule struct {
	ID          string   `json:"id"`
	Title       string   `json:"title"`
	Description string   `json:"description,omitempty"`
	Severity    Severity `json:"severity"`
	// Remediation is general advice. A finding's Fix is for its resource.
	Remediation string   `json:"remediation,omitempty"`
	Controls    []string `json:"controls,omitempty"`
}

// Summary counts findings by state, and failing findings by severity.
type Summary struct {
	Pass          int            `json:"pass"`
	Fail          int            `json:"fail"`
	Waived        int            `json:"waived"`
	NotApplicable int            `json:"notApplicable"`
	Unknown       int            `json:"unknown"`
	Failing       map[string]int `json:"failing"`
}

// Text returns the counts of findings by state, and of failing findings by severity.
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

// Finding is the result of one rule for one resource.
type Finding struct {
	ID       string   `json:"id"`
	Title    string   `json:"title"`
	State    State    `json:"state"`
	Severity Severity `json:"severity"`
	// Resource is component:SECTION/NAME, kernel:CONFIG_X, cmdline:NAME, sysctl:NAME,
	// file:PATH or image:NAME.
	Resource string `json:"resource"`
	// Path is a JSON pointer into the component's effective spec.
	Path string `json:"path,omitempty"`
	// Actual and Expected are JSON values.
	Actual   any `json:"actual,omitempty"`
	Expected any `json:"expected,omitempty"`
	// Message says what is wrong. Fix is the smallest edit that passes.
	Message string `json:"message"`
	Fix     string `json:"fix,omitempty"`
	// Because lists facts of this kernel that make the finding relevant here, each
	// with its origin.
	Because []string `json:"because,omitempty"`
	// Key is stable between runs, because waivers and fingerprints refer to it.
	Key    string  `json:"key"`
	Origin *Origin `json:"origin,omitempty"`
	// Edits are the smallest change of os.yml that makes the finding pass, in the
	// order in which they apply. Edits is empty if no edit of os.yml can (a kernel
	// must be rebuilt, an image replaced).
	Edits []Edit `json:"edits,omitempty"`
	// Controls are the controls that the rule covers.
	Controls []string `json:"controls,omitempty"`
	// Waiver is the waiver that covers this finding, expired or not.
	Waiver *Waiver `json:"waiver,omitempty"`
}

// Edit is one change of an os.yml file.
type Edit struct {
	// Op is set (replace the value, or add the key with it), remove (delete the key,
	// the list's element that equals Value, or the words of Value in a text) or
	// append (add Value to the list, or its words to a text; in a command line before
	// "--").
	Op string `json:"op"`
	// Component is the id of the component in whose entry Path starts
	// ("services/web"), "files/PATH" for a file, "" for the root of os.yml.
	Component string `json:"component,omitempty"`
	// Path is a JSON pointer of os.yml keys: "/readonly", "/kernel/cmdline"; "" is
	// the whole entry.
	Path string `json:"path"`
	// Value is a JSON value. It is null if Op needs none.
	Value any `json:"value,omitempty"`
}

// Framework is a catalogue of controls with the answers of this decision.
type Framework struct {
	// ID is the value of --framework: "cis-docker".
	ID      string `json:"id"`
	Title   string `json:"title"`
	Version string `json:"version,omitempty"`
	URL     string `json:"url,omitempty"`
	// Digest is sha256:HEX of the file that maps controls to rules. The policy's
	// digest does not cover this file, because a framework changes no verdict.
	Digest string `json:"digest"`
	// Controls has the catalogue's order and includes controls that no rule covers.
	Controls []Control `json:"controls"`
}

// ControlState is the answer to one control.
type ControlState string

// The four answers. "Not assessed" means that no rule of the policy decides the
// control, that none of these rules is applicable, or that something is unknown.
const (
	Satisfied     ControlState = "satisfied"
	NotSatisfied  ControlState = "not-satisfied"
	ControlWaived ControlState = "waived"
	NotAssessed   ControlState = "not-assessed"
)

// Control is one requirement and its answer.
type Control struct {
	// ID is written as in the catalogue: "5.4".
	ID    string       `json:"id"`
	Title string       `json:"title"`
	State ControlState `json:"state"`
	// Confidence is "checked" if a checked mapping leads to a finding that decides
	// the answer, "unsure" if only unsure mappings do, and "" without an answer.
	Confidence string `json:"confidence,omitempty"`
	// Partial means that the answer is about a part of the control: the policy does
	// not have all rules that cover it, or no rule checks what Gap says, or the
	// policy allows a component what the control forbids.
	Partial bool   `json:"partial,omitempty"`
	Gap     string `json:"gap,omitempty"`
	// Reason says why a control was not assessed or not satisfied. In every state it
	// names the rules of the control that the policy does not evaluate.
	Reason string `json:"reason,omitempty"`
	// Rules are the rules that cover the control, sorted, with their confidence.
	Rules []ControlRule `json:"rules,omitempty"`
	// Findings are indexes into Decision.Findings.
	Findings []int `json:"findings,omitempty"`
}

// ControlRule maps a control to a rule. It does not say that the control is met.
type ControlRule struct {
	ID string `json:"id"`
	// Confidence is "checked" if a person compared the rule with the text of the
	// control, else "unsure".
	Confidence string `json:"confidence"`
	// Aside means that a finding of the rule violates the control, but that no
	// finding does not satisfy it. The rule checks a precondition or a small part of
	// the control.
	Aside bool `json:"aside,omitempty"`
	// OnlyIn is the weakest pack with the rule, if the policy does not have it.
	OnlyIn string `json:"onlyIn,omitempty"`
}

// Origin says who set a value. It has the fields of facts.Origin. Values of an image
// and defaults of the kernel can have the place of the image reference. For a kernel
// that is checked without a system, the layers are config, cmdline and sysctl.
type Origin struct {
	Layer  string `json:"layer"`
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

// Waiver is an exception with an expiry date and an owner.
type Waiver struct {
	Rule string `json:"rule"`
	// Resource or Digest (of a component) selects the findings.
	Resource string `json:"resource,omitempty"`
	Digest   string `json:"digest,omitempty"`
	Reason   string `json:"reason"`
	Owner    string `json:"owner"`
	// Expires is YYYY-MM-DD. The waiver is valid until the end of that day, UTC.
	Expires string `json:"expires"`
	Expired bool   `json:"expired"`
	// Used means that the waiver covered at least one finding.
	Used bool `json:"used"`
	// Soon means that the waiver expires within 14 days. It depends on the date, so
	// outputs do not contain it: two builds of the same inputs are the same.
	Soon bool `json:"-"`
	// Warning is "expired DATE", "matches nothing", or both; else "".
	Warning string `json:"warning,omitempty"`
	Origin  Origin `json:"origin"`
}
