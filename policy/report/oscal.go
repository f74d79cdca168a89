package report

import (
	"cmp"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// OSCAL assessment results, for the tools of compliance officers. A finding of the
// decision becomes an observation unless it is not applicable. A failing or waived
// finding is a risk too. An OSCAL finding is the answer of a rule, or of a control of
// a requested framework. A control that was not assessed is an excluded control, not
// a finding: OSCAL has only two states.
//
// Identifiers are derived from names, so the same rule on the same resource of the
// same system has the same identifier in every report.

const (
	oscalVersion = "1.1.3"
	oscalNS      = informationURI + "/ns/oscal"
)

type oscalReport struct {
	d     *decision.Decision
	o     Options
	space uuid.UUID
	at    string
	tool  []oscalOrigin
	rules map[string]*decision.Rule
	// seen counts derived names, so that a second finding with the same names gets
	// another identifier.
	seen map[string]int
	// subjects holds the defined subjects by resource.
	subjects map[string]oscalSubject
	// observed and risked hold the identifiers of observations and risks by finding.
	observed, risked map[*decision.Finding]string
	result           oscalResult
}

func writeOSCAL(w io.Writer, d *decision.Decision, o Options) error {
	raw, err := JSON(d)
	if err != nil {
		return err
	}
	r := &oscalReport{
		d: d, o: o, at: epoch(o).Format(time.RFC3339), rules: map[string]*decision.Rule{}, seen: map[string]int{},
		subjects: map[string]oscalSubject{}, observed: map[*decision.Finding]string{}, risked: map[*decision.Finding]string{},
		space: uuid.NewSHA1(uuid.NameSpaceURL, []byte(oscalNS+"#"+clean(d.System.Name)+"/"+clean(d.System.Arch))),
	}
	for i := range d.Rules {
		r.rules[d.Rules[i].ID] = &d.Rules[i]
	}
	plan := r.id("plan", d.Policy.Name, d.Policy.Digest)
	out := oscalAssessment{
		UUID: uuid.NewSHA1(r.space, append(raw, r.at+o.Signer...)).String(),
		Metadata: oscalMetadata{
			Title:        markup(fmt.Sprintf("Decision on %s (%s) by policy %s", d.System.Name, d.System.Arch, d.Policy.Name)),
			LastModified: r.at, Version: oscalText(d.Tool.Version), OSCALVersion: oscalVersion,
		},
		ImportAP: oscalHref{Href: "#" + plan, Remarks: "The policy pack is the plan: each rule is assessed on each resource that it covers."},
	}
	out.BackMatter.Resources = append(out.BackMatter.Resources, oscalResource{
		UUID: plan, Title: markup("Policy pack " + d.Policy.Name), Description: count(d.Policy.Rules, "rule", "rules"),
		Props: props("digest", d.Policy.Digest),
	})
	for _, p := range d.Policy.Parts {
		out.BackMatter.Resources = append(out.BackMatter.Resources, oscalResource{
			UUID: r.id("part", p.Name), Title: markup("Policy " + p.Name), Description: count(p.Rules, "rule", "rules"),
			Props: props("digest", p.Digest, "source", p.Source, "reference", p.Reference, "manifest", p.Manifest),
		})
	}
	for _, s := range d.System.Sources {
		out.BackMatter.Resources = append(out.BackMatter.Resources, oscalResource{
			UUID: r.id("source", s.Path), Title: markup(s.Path), Links: []oscalRef{{uri(o.named(s.Path)), hashes(s.Digest)}},
		})
	}
	r.build()
	out.Results = []oscalResult{r.result}
	raw, err = encode(oscalFile{out})
	if err != nil {
		return err
	}
	_, err = w.Write(raw)
	return err
}

func (r *oscalReport) build() {
	d := r.d
	tool := r.id("tool", d.Tool.Name)
	r.tool = []oscalOrigin{{[]oscalActor{{"tool", tool}}}}
	r.result = oscalResult{
		UUID: r.id("result"), Title: markup(verdictWord(d) + ": " + why(d)), Description: markup(tally(d)), Start: r.at, End: r.at,
		Props: props("verdict", string(d.Verdict), "fail-on", d.FailOn, "judged", d.Date, "kernel", d.System.Kernel, "lock", d.System.LockDigest,
			"waivers", d.WaiversDigest, "signer", r.o.Signer),
		Remarks: remarks(d.Notes),
		Local: oscalLocal{Assets: oscalAssets{
			Components: []oscalComponent{{UUID: tool, Type: "software", Title: markup(d.Tool.Name), Description: "Decides what a system would be allowed to do.",
				Props: props("version", d.Tool.Version), Status: oscalState{State: "operational"}}},
			Platforms: []oscalPlatform{{UUID: r.id("platform"), Title: markup(d.Tool.Name), Uses: []oscalUses{{tool}}}},
		}},
	}
	for i := range d.System.Components {
		r.component(&d.System.Components[i])
	}
	for i := range d.Findings {
		if f := &d.Findings[i]; f.State != decision.StateNotApplicable {
			r.observe(f)
		}
	}
	r.packControls()
	for i := range d.Frameworks {
		r.framework(&d.Frameworks[i])
	}
}

func (r *oscalReport) component(c *decision.Component) {
	id := r.id("component", c.ID)
	r.subjects["component:"+c.ID] = oscalSubject{id, "component", markup(c.ID)}
	r.result.Local.Components = append(r.result.Local.Components, oscalComponent{
		UUID: id, Type: "software", Title: markup(c.ID), Description: markup(c.Image), Status: oscalState{State: "operational"},
		Props: props("image", c.Image, "digest", c.Digest, "distribution", c.Distro, "packages", fmt.Sprint(c.Packages),
			"files", fmt.Sprint(c.Files), "files-in-a-package", fmt.Sprint(c.OwnedFiles)),
	})
}

// subject returns the subject of a finding. A resource that is not a component is
// defined on first use.
func (r *oscalReport) subject(f *decision.Finding) oscalSubject {
	s, ok := r.subjects[f.Resource]
	if !ok {
		s = oscalSubject{r.id("resource", f.Resource), "inventory-item", markup(f.Resource)}
		r.subjects[f.Resource] = s
		r.result.Local.Items = append(r.result.Local.Items, oscalItem{s.UUID, markup(f.Resource)})
	}
	return s
}

func (r *oscalReport) observe(f *decision.Finding) {
	o := oscalObservation{
		UUID: r.id("observation", f.ID, f.Resource, f.Key), Title: markup(f.ID + " on " + resourceWords(f)), Description: markups(message(r.d, f)),
		Props: props("state", string(f.State), "severity", string(f.Severity), "rule", f.ID, "resource", f.Resource, "key", f.Key, "path", f.Path,
			"fingerprint", Fingerprint(f)),
		Methods: []string{"TEST"}, Types: []string{"control-objective"}, Origins: r.tool, Subjects: []oscalSubject{r.subject(f)}, Collected: r.at,
	}
	if f.State == decision.StateFail {
		o.Types = []string{"finding"}
	}
	if at, ok := spotOf(r.d, f, r.o); ok {
		e := oscalEvidence{uri(at.file), markup(at.String())}
		if at.line > 0 {
			e.Href += fmt.Sprintf("#L%d", at.line)
		}
		o.Evidence = []oscalEvidence{e}
	}
	r.observed[f] = o.UUID
	r.result.Observations = append(r.result.Observations, o)
	if f.State == decision.StateFail || f.State == decision.StateWaived {
		r.risk(f)
	}
}

func (r *oscalReport) risk(f *decision.Finding) {
	k := oscalRisk{
		UUID: r.id("risk", f.ID, f.Resource, f.Key), Title: markup(f.Title), Description: markup(f.Message), Statement: markup(f.Title), Status: "open",
		Origins: r.tool, Observations: []oscalObserved{{r.observed[f]}},
		Character: []oscalCharacter{{r.tool[0], []oscalFacet{{"severity", oscalNS, oscalText(string(f.Severity))}}}},
	}
	if rule := r.rules[f.ID]; rule != nil && rule.Description != "" {
		k.Statement = markups(rule.Description)
	}
	if w := f.Waiver; w != nil {
		k.Props = props("waiver-owner", w.Owner, "waiver-reason", w.Reason, "waiver-expires", w.Expires, "waiver-place", place(&w.Origin))
		day, err := time.Parse(time.DateOnly, w.Expires)
		if err == nil && f.State == decision.StateWaived && day.Year() < 3000 { // the schema rejects later years
			k.Deadline = day.Add(24*time.Hour - time.Second).Format(time.RFC3339)
		}
	}
	if f.State == decision.StateWaived {
		k.Status = "deviation-approved"
	}
	text := markups(f.Fix)
	if diff := edit(f, r.o); len(diff) > 0 {
		text += "\n\n" + fenced("diff", diff)
	}
	if text != "" {
		k.Remediations = []oscalRemediation{{r.id("remediation", f.ID, f.Resource, f.Key), "recommendation", "The smallest change that passes", text}}
	}
	r.risked[f] = k.UUID
	r.result.Risks = append(r.result.Risks, k)
}

// packControls adds the answer of each rule of the pack, which is its worst finding.
func (r *oscalReport) packControls() {
	sel := oscalSelection{Description: markup("Rules of policy pack " + r.d.Policy.Name), Props: props("digest", r.d.Policy.Digest)}
	by := map[string][]*decision.Finding{}
	var order []string
	for i := range r.d.Findings {
		f := &r.d.Findings[i]
		if r.observed[f] == "" {
			continue
		}
		if by[f.ID] == nil {
			order = append(order, f.ID)
		}
		by[f.ID] = append(by[f.ID], f)
	}
	for i := range r.d.Rules {
		if id := r.d.Rules[i].ID; by[id] == nil {
			sel.Exclude = append(sel.Exclude, oscalControl{token(id)})
		}
	}
	for _, id := range order {
		sel.Include = append(sel.Include, oscalControl{token(id)})
		status := oscalState{State: "satisfied", Reason: "pass"}
		for _, f := range by[id] {
			switch {
			case f.State == decision.StateFail:
				status = oscalState{State: "not-satisfied", Reason: "fail"}
			case f.State == decision.StateUnknown && status.Reason != "fail":
				status = oscalState{State: "not-satisfied", Reason: "unknown"}
			case f.State == decision.StateWaived && status.State == "satisfied":
				status = oscalState{State: "not-satisfied", Reason: "waived"}
			}
		}
		r.finding("rule", id, by[id][0].Title, oscalFinding{Description: count(len(by[id]), "observation", "observations"), Target: oscalTarget{ID: token(id), Status: status}}, by[id])
	}
	r.result.Reviewed.Selections = append(r.result.Reviewed.Selections, sel)
}

func (r *oscalReport) framework(fw *decision.Framework) {
	sel := oscalSelection{Description: markup(frameworkTitle(fw)), Props: props("framework", fw.ID, "digest", fw.Digest)}
	if u, err := url.Parse(fw.URL); err == nil && u.Scheme == "https" && u.Host != "" {
		sel.Links = []oscalLink{{u.String(), "reference"}}
	}
	for i := range fw.Controls {
		c := &fw.Controls[i]
		id := oscalControl{token(fw.ID + "_" + c.ID)}
		if c.State == decision.NotAssessed {
			sel.Exclude = append(sel.Exclude, id)
			continue
		}
		sel.Include = append(sel.Include, id)
		status := oscalState{State: "not-satisfied", Reason: "fail", Remarks: markups(strings.Join(reasons(c), "\n"))}
		switch c.State {
		case decision.Satisfied:
			status.State, status.Reason = "satisfied", "pass"
		case decision.ControlWaived:
			status.Reason = "waived"
		}
		f := oscalFinding{Description: markup(c.Title), Target: oscalTarget{ID: id.ID, Status: status}, Props: props("framework", fw.ID, "control", c.ID, "confidence", c.Confidence)}
		if c.Partial {
			f.Props = append(f.Props, props("partial", "true")...)
		}
		for _, rule := range c.Rules {
			f.Props = append(f.Props, props("rule", rule.ID+" "+cmp.Or(rule.Confidence, "unsure")+onlyIn(rule))...)
		}
		r.finding("control", fw.ID+" "+c.ID, c.Title, f, controlFindings(r.d, c))
	}
	r.result.Reviewed.Selections = append(r.result.Reviewed.Selections, sel)
}

// finding adds an OSCAL finding of a rule or control, with what both have in common.
func (r *oscalReport) finding(kind, id, title string, f oscalFinding, list []*decision.Finding) {
	f.UUID, f.Title, f.Origins = r.id(kind, id), markup(id+" "+title), r.tool
	f.Target.Type, f.Target.Title = "objective-id", markup(title)
	for _, from := range list {
		if id := r.observed[from]; id != "" {
			f.Observations = append(f.Observations, oscalObserved{id})
		}
		if id := r.risked[from]; id != "" {
			f.Risks = append(f.Risks, oscalRisked{id})
		}
	}
	r.result.Findings = append(r.result.Findings, f)
}

// id derives a UUID (version 5) from a kind and names.
func (r *oscalReport) id(kind string, names ...string) string {
	name := kind
	for _, n := range names {
		name += fmt.Sprintf("/%d:%s", len(n), n)
	}
	if r.seen[name]++; r.seen[name] > 1 {
		name += fmt.Sprintf("#%d", r.seen[name])
	}
	return uuid.NewSHA1(r.space, []byte(name)).String()
}

// props returns properties from pairs of name and value. Empty values are left out.
func props(pairs ...string) []oscalProp {
	var out []oscalProp
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			out = append(out, oscalProp{pairs[i], oscalNS, oscalText(pairs[i+1])})
		}
	}
	return out
}

// oscalText returns a text as OSCAL's strings require: one line, not empty, no space
// at its ends.
func oscalText(s string) string {
	return cmp.Or(strings.TrimSpace(cut(clean(s), maxMessage)), "none")
}

// markup escapes a plain text for an OSCAL field that is one line of Markdown;
// markups, for a field of several lines.
func markup(s string) string { return escapeMarkdown(oscalText(s)) }

func markups(s string) string {
	return strings.TrimSpace(escapeMarkdown(cut(strings.Join(lines(s), "\n"), maxMessage)))
}

// remarks returns the notes, one paragraph each. No note is left out, and a newline
// in a note does not start another paragraph.
func remarks(notes []string) string {
	var out []string
	for _, n := range notes {
		out = append(out, markup(n))
	}
	return strings.Join(out, "\n\n")
}

// token returns an identifier as OSCAL requires: a letter, then letters, digits,
// dots, dashes and underscores. Any other character becomes an underscore.
func token(s string) string {
	var b strings.Builder
	for i, r := range s {
		letter := unicode.IsLetter(r) || r == '_'
		if i == 0 && !letter {
			b.WriteByte('_')
		}
		if letter || unicode.IsNumber(r) || r == '.' || r == '-' {
			b.WriteRune(r)
		} else {
			b.WriteByte('_')
		}
	}
	const most = 200
	if r := []rune(b.String()); len(r) > most {
		return string(r[:most])
	}
	return cmp.Or(b.String(), "_")
}

func hashes(digest string) []oscalHash {
	if digests.Valid(digest) {
		return []oscalHash{{"SHA-256", digests.Hex(digest)}}
	}
	return nil
}
