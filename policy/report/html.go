package report

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/internal/safetext"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// The page is one file without requests: no font, image or script from elsewhere. Its
// content security policy allows only the script and the style whose hashes it names.
// The page is complete without the script, which only filters.

//go:embed page
var pageFiles embed.FS

type pageData struct {
	D                *decision.Decision
	CSP              string
	Style, Script    template.HTML
	Word, Class, Why string
	Tally, Signer    string
	Stats            []pageStat
	Bars             []pageBar
	Groups           []pageGroup
	States           []pageStat
	Severities       []decision.Severity
	Components       []pageComponent
	Frameworks       []pageFramework
	Many             bool // so many findings that a browser needs long for the whole layout
	ids              map[*decision.Finding]string
}

// pageStat is a counter. A click on it filters the list of findings.
type pageStat struct {
	Class, Label string
	Count        int
	State        decision.State
	Severity     decision.Severity
}

// pageBar is a segment of the bar that shows the shares of the states, in
// thousandths.
type pageBar struct {
	Class    string
	X, Width int
}

type pageGroup struct {
	Name, Image, Tally string
	Items              []pageItem
	worst              int // the highest severity of a failing finding, 0 without one
}

type pageItem struct {
	F                *decision.Finding
	ID               string
	Resource, Key    string // Key is set where the rule has several findings on the resource
	At, Layer        string
	Actual, Expected string
	Fix, Why         string
	Diff             []diffLine
}

type pageComponent struct {
	*decision.Component
	Fail int
}

type pageFramework struct {
	*decision.Framework
	Heading  string
	Stats    []pageStat
	Controls []pageControl
}

type pageControl struct {
	*decision.Control
	Reasons  []string
	Unsure   bool
	Findings []pageRef
}

// pageRef is a link to a finding.
type pageRef struct {
	F             *decision.Finding
	ID, On, Place string
}

// From this number of findings on, the browser lays out only the visible part of the
// page. The layout of 20,000 findings takes half a minute.
const manyFindings = 2000

func writeHTML(w io.Writer, d *decision.Decision, o Options) error {
	t, err := template.New("page.html").Funcs(template.FuncMap{
		"clean":   func(s any) string { return clean(toText(s)) },
		"short":   short,
		"percent": percent,
		"count":   count,
		"parts":   parts,
		"words":   func(s decision.State) string { return strings.ReplaceAll(string(s), "-", " ") },
		"state":   controlWords,
		"unsure":  func(r decision.ControlRule) bool { return unsure(r) != "" },
	}).ParseFS(pageFiles, "page/page.html")
	if err != nil {
		return err
	}
	css, err := pageFiles.ReadFile("page/page.css")
	if err != nil {
		return err
	}
	js, err := pageFiles.ReadFile("page/page.js")
	if err != nil {
		return err
	}
	data := pageData{
		D: d, Word: map[string]string{"PASS": "Passed", "DENIED": "Denied"}[verdictWord(d)],
		Class: string(d.Verdict), Why: capital(why(d)), Tally: tally(d), Signer: o.Signer,
		CSP: "default-src 'none'; style-src '" + hash(css) + "'; script-src '" + hash(js) + "'; base-uri 'none'; form-action 'none'",
		// Both are embedded in this program, not input.
		Style:      template.HTML("<style>" + string(css) + "</style>"),
		Script:     template.HTML("<script>" + string(js) + "</script>"),
		Severities: severities(),
		Many:       len(d.Findings) > manyFindings,
		ids:        map[*decision.Finding]string{},
	}
	if data.Word == "" {
		data.Word, data.Class = "Unknown", "unknown"
	}
	data.count()
	data.group(o)
	data.components()
	data.frameworks()
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return err
	}
	_, err = w.Write(safetext.XML(b.Bytes()))
	return err
}

func severities() []decision.Severity {
	return []decision.Severity{decision.Critical, decision.High, decision.Medium, decision.Low}
}

// count sets the counters and the bar.
func (p *pageData) count() {
	s := p.D.Summary
	for _, sev := range severities() {
		p.Stats = append(p.Stats, pageStat{string(sev), string(sev), s.Failing[string(sev)], decision.StateFail, sev})
	}
	rest := []pageStat{
		{"unknown", "unknown", s.Unknown, decision.StateUnknown, ""},
		{"waived", "waived", s.Waived, decision.StateWaived, ""},
		{"pass", "pass", s.Pass, decision.StatePass, ""},
		{"na", "not applicable", s.NotApplicable, decision.StateNotApplicable, ""},
	}
	p.Stats = append(p.Stats, rest...)
	p.States = append([]pageStat{{"fail", "fail", s.Fail, decision.StateFail, ""}}, rest...)
	total, before := 0, 0
	for _, st := range p.Stats {
		total += st.Count
	}
	for _, st := range p.Stats {
		if st.Count == 0 {
			continue
		}
		from, to := before*1000/total, (before+st.Count)*1000/total
		p.Bars = append(p.Bars, pageBar{st.Class, from, to - from})
		before += st.Count
	}
}

// group lists all findings by component. The component with the worst failing finding
// comes first; in each, failing findings come first.
func (p *pageData) group(o Options) {
	reasons := make(map[string]string, len(p.D.Rules))
	for _, r := range p.D.Rules {
		reasons[r.ID] = strings.Join(lines(r.Description), " ")
	}
	states := make([]decision.State, len(p.States))
	for i, s := range p.States {
		states[i] = s.State
	}
	seen := map[string]int{}
	for _, g := range groups(p.D, states...) {
		pg := pageGroup{Name: g.name}
		if g.component != nil {
			pg.Image = g.component.Image
		}
		pg.Tally = groupTally(g.findings, states)
		sortByState(g.findings, states...)
		same := map[[2]string]int{}
		for _, f := range g.findings {
			same[[2]string{f.ID, f.Resource}]++
		}
		for _, f := range g.findings {
			item := p.item(f, o)
			if same[[2]string{f.ID, f.Resource}] > 1 {
				item.Key = f.Key
			}
			item.Why = reasons[f.ID]
			if seen[item.ID]++; seen[item.ID] > 1 {
				item.ID += fmt.Sprintf("-%d", seen[item.ID])
			}
			p.ids[f] = item.ID
			if f.State == decision.StateFail {
				pg.worst = max(pg.worst, f.Severity.Rank())
			}
			pg.Items = append(pg.Items, item)
		}
		p.Groups = append(p.Groups, pg)
	}
	slices.SortStableFunc(p.Groups, func(a, b pageGroup) int { return cmp.Compare(b.worst, a.worst) })
}

// groupTally returns the counts of the states that occur in list.
func groupTally(list []*decision.Finding, states []decision.State) string {
	var parts []string
	for _, s := range states {
		n := 0
		for _, f := range list {
			if f.State == s {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, strings.ReplaceAll(string(s), "-", " ")))
		}
	}
	return strings.Join(parts, " · ")
}

func (p *pageData) item(f *decision.Finding, o Options) pageItem {
	item := pageItem{F: f, ID: "f-" + Fingerprint(f), Fix: strings.Join(lines(f.Fix), "\n")}
	item.At, item.Layer = where(p.D, f)
	if !strings.HasPrefix(f.Resource, "component:") {
		item.Resource = f.Resource
	}
	if f.Actual != nil {
		item.Actual = value(f.Actual)
	}
	if f.Expected != nil {
		item.Expected = value(f.Expected)
	}
	item.Diff = diffLines(edit(f, o))
	return item
}

func (p *pageData) components() {
	fails := map[string]int{}
	for i := range p.D.Findings {
		if f := &p.D.Findings[i]; f.State == decision.StateFail {
			fails[resourceWords(f)]++
		}
	}
	for i := range p.D.System.Components {
		c := &p.D.System.Components[i]
		p.Components = append(p.Components, pageComponent{c, fails[c.ID]})
	}
}

func (p *pageData) frameworks() {
	for i := range p.D.Frameworks {
		fw := &p.D.Frameworks[i]
		pf := pageFramework{Framework: fw, Heading: frameworkTitle(fw)}
		for _, s := range controlStates() {
			pf.Stats = append(pf.Stats, pageStat{Class: clean(string(s)), Label: controlWords(s), Count: controlCount(fw, s)})
		}
		for j := range fw.Controls {
			c := &fw.Controls[j]
			pc := pageControl{Control: c, Reasons: reasons(c), Unsure: c.Confidence != "" && c.Confidence != checked}
			for _, f := range controlFindings(p.D, c) {
				at, _ := where(p.D, f)
				pc.Findings = append(pc.Findings, pageRef{f, p.ids[f], resourceWords(f), at})
			}
			pf.Controls = append(pf.Controls, pc)
		}
		p.Frameworks = append(p.Frameworks, pf)
	}
}

// hash returns a hash source of a content security policy.
func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// percent rounds down, so that only the whole is 100.
func percent(part, whole int) int {
	if whole <= 0 {
		return 0
	}
	return max(0, min(100, part*100/whole))
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func toText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case decision.State:
		return string(v)
	case decision.Severity:
		return string(v)
	case decision.ControlState:
		return string(v)
	}
	return ""
}
