package report

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"io"
	"strings"

	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// The page is one file that asks nothing of anyone: no font, image or script
// from elsewhere, and a policy that lets the browser run and style nothing but
// what its two hashes name. It reads without the script, which only filters.

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
	Failing, Unknown []pageGroup
	States           []decision.State
}

// pageStat is one counter on top; it filters the list below.
type pageStat struct {
	Class, Label string
	Count        int
	State        decision.State
	Severity     decision.Severity
}

// pageBar is a part of the bar that shows how findings are shared out, in
// thousandths.
type pageBar struct {
	Class    string
	X, Width int
}

type pageGroup struct {
	Name, Image string
	Items       []pageItem
}

type pageItem struct {
	F                *decision.Finding
	Resource         string
	At, Layer        string
	Actual, Expected string
	Fix, Why         string
}

func writeHTML(w io.Writer, d *decision.Decision, o Options) error {
	t, err := template.New("page.html").Funcs(template.FuncMap{
		"clean":   func(s any) string { return clean(toText(s)) },
		"short":   short,
		"percent": percent,
		"words":   func(s decision.State) string { return strings.ReplaceAll(string(s), "-", " ") },
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
		// Both are this program's own bytes.
		Style:   template.HTML("<style>" + string(css) + "</style>"),
		Script:  template.HTML("<script>" + string(js) + "</script>"),
		Failing: pageGroups(d, decision.StateFail),
		Unknown: pageGroups(d, decision.StateUnknown),
		States: []decision.State{
			decision.StateFail, decision.StateUnknown, decision.StateWaived, decision.StatePass, decision.StateNotApplicable,
		},
	}
	if data.Word == "" {
		data.Word, data.Class = "Unknown", "unknown"
	}
	data.count()
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return err
	}
	_, err = w.Write(bytes.ReplaceAll(b.Bytes(), []byte(runnerCommand), []byte("#&#35;[")))
	return err
}

// count fills the counters and the bar.
func (p *pageData) count() {
	s := p.D.Summary
	for _, sev := range []decision.Severity{decision.Critical, decision.High, decision.Medium, decision.Low} {
		p.Stats = append(p.Stats, pageStat{string(sev), string(sev), s.Failing[string(sev)], decision.StateFail, sev})
	}
	p.Stats = append(p.Stats,
		pageStat{"unknown", "unknown", s.Unknown, decision.StateUnknown, ""},
		pageStat{"waived", "waived", s.Waived, decision.StateWaived, ""},
		pageStat{"pass", "pass", s.Pass, decision.StatePass, ""},
		pageStat{"na", "not applicable", s.NotApplicable, decision.StateNotApplicable, ""},
	)
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

func pageGroups(d *decision.Decision, state decision.State) []pageGroup {
	reasons := make(map[string]string, len(d.Rules))
	for _, r := range d.Rules {
		reasons[r.ID] = r.Description
	}
	var out []pageGroup
	for _, g := range groups(d, state) {
		pg := pageGroup{Name: g.name}
		if g.component != nil {
			pg.Image = g.component.Image
		}
		for _, f := range g.findings {
			item := pageItem{F: f, Why: reasons[f.ID], Fix: strings.Join(lines(f.Fix), "\n")}
			item.At, item.Layer = where(d, f)
			if !strings.HasPrefix(f.Resource, "component:") {
				item.Resource = f.Resource
			}
			if f.Actual != nil {
				item.Actual = value(f.Actual)
			}
			if f.Expected != nil {
				item.Expected = value(f.Expected)
			}
			pg.Items = append(pg.Items, item)
		}
		out = append(out, pg)
	}
	return out
}

// hash is a source of a content security policy.
func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// percent rounds down, so that 100 means all.
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
	}
	return ""
}
