package report

import (
	"fmt"
	"io"
	"net/url"
	"path"
	"path/filepath"
	"strings"

	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// SARIF 2.1.0, the part that a decision needs:
// https://docs.oasis-open.org/sarif/sarif/v2.1.0/. Every finding except a passing one
// is a result. A waived finding is a suppressed result: it stays visible without an
// alert.

const (
	sarifVersion   = "2.1.0"
	sarifSchema    = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
	informationURI = "https://github.com/seaworthy-os/seaworthy"
	// fingerprintKey contains a version, because the derivation of the value must
	// never change under one name.
	fingerprintKey = "seaworthyFinding/v1"
	// lineHashKey is the key by which GitHub distinguishes alerts. GitHub's own hash
	// of the line would merge two findings of a rule on one line, and reopen an alert
	// when the line is reformatted.
	lineHashKey = "primaryLocationLineHash"
	// GitHub's limits for a rule: it rejects a log with a rule of more tags and cuts
	// longer descriptions.
	maxTags        = 20
	maxDescription = 1023 // runes, including the mark of a cut
	// sourceRoot means the top of the repository, to which names are relative. It has
	// no entry in originalUriBaseIds: an entry needs an address, which differs
	// between machines, and viewers show "undefined" before the names if the address
	// is missing.
	sourceRoot = "%SRCROOT%"
)

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool              sarifTool         `json:"tool"`
	AutomationDetails sarifAutomation   `json:"automationDetails"`
	Invocations       []sarifInvocation `json:"invocations"`
	ColumnKind        string            `json:"columnKind"`
	Results           []sarifResult     `json:"results"`
	Properties        map[string]any    `json:"properties"`
}

type sarifAutomation struct {
	ID string `json:"id"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name           string      `json:"name"`
	Version        string      `json:"version,omitempty"`
	InformationURI string      `json:"informationUri"`
	Rules          []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID                   string         `json:"id"`
	Name                 string         `json:"name"`
	ShortDescription     sarifText      `json:"shortDescription"`
	FullDescription      sarifText      `json:"fullDescription"`
	Help                 sarifHelp      `json:"help"`
	DefaultConfiguration sarifConfig    `json:"defaultConfiguration"`
	Properties           map[string]any `json:"properties"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifHelp struct {
	Text     string `json:"text"`
	Markdown string `json:"markdown"`
}

type sarifConfig struct {
	Level string `json:"level"`
}

type sarifInvocation struct {
	ExecutionSuccessful bool                `json:"executionSuccessful"`
	ExitCode            int                 `json:"exitCode"`
	ExitDescription     string              `json:"exitCodeDescription"`
	Notifications       []sarifNotification `json:"toolExecutionNotifications,omitempty"`
}

type sarifNotification struct {
	Level   string    `json:"level"`
	Message sarifText `json:"message"`
}

type sarifResult struct {
	RuleID       string             `json:"ruleId"`
	RuleIndex    *int               `json:"ruleIndex,omitempty"`
	Kind         string             `json:"kind"`
	Level        string             `json:"level"`
	Message      sarifText          `json:"message"`
	Locations    []sarifLocation    `json:"locations"`
	Fingerprints map[string]string  `json:"partialFingerprints"`
	Suppressions []sarifSuppression `json:"suppressions,omitempty"`
	Fixes        []sarifFix         `json:"fixes,omitempty"`
	Properties   map[string]any     `json:"properties"`
}

type sarifLocation struct {
	Physical *sarifPhysical `json:"physicalLocation,omitempty"`
	Logical  []sarifLogical `json:"logicalLocations"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   *sarifRegion  `json:"region,omitempty"`
}

type sarifArtifact struct {
	URI  string `json:"uri"`
	Base string `json:"uriBaseId,omitempty"`
}

type sarifRegion struct {
	StartLine   int `json:"startLine"`
	StartColumn int `json:"startColumn,omitempty"`
	EndLine     int `json:"endLine,omitempty"`
	EndColumn   int `json:"endColumn,omitempty"`
}

type sarifLogical struct {
	FullyQualifiedName string `json:"fullyQualifiedName"`
	Kind               string `json:"kind"`
}

type sarifSuppression struct {
	Kind          string `json:"kind"`
	Status        string `json:"status"`
	Justification string `json:"justification"`
}

func writeSARIF(w io.Writer, d *decision.Decision, o Options) error {
	run := sarifRun{
		Tool: sarifTool{Driver: sarifDriver{
			Name: d.Tool.Name, Version: d.Tool.Version, InformationURI: informationURI, Rules: []sarifRule{},
		}},
		AutomationDetails: sarifAutomation{ID: path.Join("seaworthy", clean(d.System.Name), clean(d.System.Arch)) + "/"},
		ColumnKind:        "unicodeCodePoints",
		Results:           []sarifResult{},
		Invocations:       []sarifInvocation{{ExecutionSuccessful: true, ExitCode: o.Exit, ExitDescription: clean(verdictWord(d) + ": " + why(d))}},
		Properties: map[string]any{
			"verdict": d.Verdict, "policy": d.Policy.Name, "policyDigest": d.Policy.Digest, "failOn": d.FailOn,
		},
	}
	if d.Date != "" {
		run.Properties["date"] = d.Date
	}
	if o.Signer != "" {
		run.Properties["signer"] = clean(o.Signer)
	}
	index := map[string]int{}
	for _, r := range d.Rules {
		index[r.ID] = len(run.Tool.Driver.Rules)
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, ruleSARIF(r))
	}
	for _, note := range d.Notes {
		run.Invocations[0].Notifications = append(run.Invocations[0].Notifications, sarifNotification{"note", sarifText{clean(note)}})
	}
	for i := range d.Waivers {
		if wv := &d.Waivers[i]; wv.Warning != "" {
			run.Invocations[0].Notifications = append(run.Invocations[0].Notifications, sarifNotification{"warning",
				sarifText{clean(fmt.Sprintf("waiver of %s for %s%s: %s", wv.Rule, wv.Resource, wv.Digest, wv.Warning))}})
		}
	}
	for i := range d.Findings {
		f := &d.Findings[i]
		if f.State == decision.StatePass || f.State == decision.StateNotApplicable {
			continue
		}
		r := resultSARIF(d, f, o)
		if at, ok := index[f.ID]; ok {
			r.RuleIndex = &at
		}
		run.Results = append(run.Results, r)
	}
	raw, err := encode(sarifLog{Schema: sarifSchema, Version: sarifVersion, Runs: []sarifRun{run}})
	if err != nil {
		return err
	}
	_, err = w.Write(raw)
	return err
}

func ruleSARIF(r decision.Rule) sarifRule {
	title, full := clean(r.Title), strings.Join(lines(r.Description), "\n")
	if full == "" {
		full = title
	}
	help := full
	if r.Remediation != "" {
		help += "\n\nWhat to do: " + strings.Join(lines(r.Remediation), "\n")
	}
	tags := []string{"security"}
	for _, c := range r.Controls {
		tags = append(tags, clean(c))
	}
	if len(tags) > 1 {
		help += "\n\nControls: " + strings.Join(tags[1:], "; ")
	}
	tags = tags[:min(len(tags), maxTags)]
	return sarifRule{
		ID: r.ID, Name: strings.ReplaceAll(r.ID, "-", ""),
		ShortDescription: sarifText{cut(title, maxDescription)}, FullDescription: sarifText{cut(full, maxDescription)},
		Help:                 sarifHelp{Text: help, Markdown: helpMarkdown(help)},
		DefaultConfiguration: sarifConfig{level(r.Severity)},
		Properties: map[string]any{
			"security-severity": score(r.Severity), "severity": r.Severity,
			"precision": "very-high", "tags": tags,
		},
	}
}

func resultSARIF(d *decision.Decision, f *decision.Finding, o Options) sarifResult {
	r := sarifResult{
		RuleID: clean(f.ID), Kind: "fail", Level: level(f.Severity),
		Message:      sarifText{message(d, f)},
		Fingerprints: map[string]string{fingerprintKey: Fingerprint(f), lineHashKey: Fingerprint(f)},
		Properties:   map[string]any{"severity": f.Severity, "state": f.State, "resource": clean(f.Resource), "key": clean(f.Key)},
		Fixes:        fixesSARIF(f, o),
	}
	if f.State == decision.StateUnknown {
		// "open" means that too little was known to decide. SARIF allows a level only
		// for a failed result.
		r.Kind, r.Level = "open", "none"
	}
	if f.Path != "" {
		r.Properties["path"] = clean(f.Path)
	}
	loc := sarifLocation{Logical: []sarifLogical{{FullyQualifiedName: clean(f.Resource), Kind: "resource"}}}
	loc.Physical = physical(d, f, o)
	r.Locations = []sarifLocation{loc}
	if w := f.Waiver; w != nil {
		text := waiverWords(w)
		if w.Expired {
			// Not a suppression: some viewers hide suppressed results of any status.
			r.Properties["expiredWaiver"] = text
		} else {
			r.Suppressions = []sarifSuppression{{Kind: "external", Status: "accepted", Justification: text}}
		}
	}
	return r
}

func physical(d *decision.Decision, f *decision.Finding, o Options) *sarifPhysical {
	at, ok := spotOf(d, f, o)
	if !ok {
		return nil
	}
	p := &sarifPhysical{Artifact: artifactSARIF(at.file)}
	if at.line > 0 {
		p.Region = &sarifRegion{StartLine: at.line, StartColumn: at.column}
	}
	return p
}

// artifactSARIF names a file of the repository, or a file outside of it.
func artifactSARIF(file string) sarifArtifact {
	if filepath.IsAbs(file) {
		return sarifArtifact{URI: (&url.URL{Scheme: "file", Path: clean(filepath.ToSlash(file))}).String()}
	}
	return sarifArtifact{uri(file), sourceRoot}
}

func level(s decision.Severity) string {
	switch s {
	case decision.Critical, decision.High:
		return "error"
	case decision.Medium:
		return "warning"
	}
	return "note"
}

// score returns the middle of a severity's CVSS band. GitHub sorts by it.
func score(s decision.Severity) string {
	switch s {
	case decision.Critical:
		return "9.5"
	case decision.High:
		return "8.0"
	case decision.Medium:
		return "5.5"
	}
	return "2.0"
}

func uri(file string) string {
	return (&url.URL{Path: clean(file)}).String()
}

// helpMarkdown escapes a plain text for Markdown and keeps its lines.
func helpMarkdown(s string) string {
	text := lines(s)
	for i := range text {
		text[i] = md(text[i])
	}
	return strings.Join(text, "\n")
}
