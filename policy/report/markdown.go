package report

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/seaworthy-os/seaworthy/internal/lazyre"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// Markdown for a comment or a job summary, in the dialect that GitHub and GitLab
// share. A comment on GitHub is limited to 65,536 characters, so each part has a
// limit and says how much it leaves out.

const (
	markdownLimit   = 65000
	markdownTable   = 22000 // failing findings
	markdownDetails = 20000
	markdownPart    = 4000 // each other part; frameworks use the rest
	markdownCell    = 300  // runes
	markdownName    = 80   // runes, in the heading and titles
	markdownFacts   = 5    // of a finding
)

type markdownReport struct {
	b strings.Builder
	d *decision.Decision
	o Options
}

func writeMarkdown(w io.Writer, d *decision.Decision, o Options) error {
	m := &markdownReport{d: d, o: o}
	m.head()
	for _, part := range []func(){
		func() { m.findings("Failing findings", decision.StateFail) },
		func() { m.findings("Unknown findings", decision.StateUnknown) },
		m.details, m.waivers, m.components, m.frameworks,
	} {
		m.part(part)
	}
	m.line("<sub>", md(d.Tool.Name+" "+d.Tool.Version), ": made from the decision only.</sub>")
	_, err := io.WriteString(w, m.b.String())
	return err
}

func (m *markdownReport) line(parts ...string) {
	for _, p := range parts {
		m.b.WriteString(p)
	}
	m.b.WriteByte('\n')
}

// part writes a part, or leaves it out if it does not fit. This happens where hostile
// texts become much longer by escaping.
func (m *markdownReport) part(write func()) {
	before := m.b.Len()
	write()
	if m.b.Len() > markdownLimit {
		kept := m.b.String()[:before]
		m.b.Reset()
		m.line(kept, "… The rest does not fit in a comment; the html report is complete.")
		m.line()
	}
}

func (m *markdownReport) head() {
	d := m.d
	mark := map[string]string{"PASS": "✅", "DENIED": "❌"}[verdictWord(d)]
	if mark == "" {
		mark = "❔"
	}
	m.line("## ", mark, " ", verdictWord(d), ": ", mdCode(cut(clean(d.System.Name), markdownName)), " (", mdCell(d.System.Arch), ")")
	m.line()
	m.line(md(capital(why(d))), ".")
	m.line()
	m.line("| Critical | High | Medium | Low | Unknown | Waived | Pass | Not applicable |")
	m.line("| --: | --: | --: | --: | --: | --: | --: | --: |")
	s := d.Summary
	m.line(fmt.Sprintf("| %d | %d | %d | %d | %d | %d | %d | %d |", s.Failing["critical"], s.Failing["high"], s.Failing["medium"], s.Failing["low"], s.Unknown, s.Waived, s.Pass, s.NotApplicable))
	m.line()
	judged := ""
	if d.Date != "" {
		judged = ", judged by " + mdCell(d.Date)
	}
	signer := ""
	if m.o.Signer != "" {
		signer = ", signed by " + mdCell(m.o.Signer)
	}
	m.line("Policy ", mdCode(d.Policy.Name), " ", mdCode(short(d.Policy.Digest)), ", ", count(d.Policy.Rules, "rule", "rules"),
		", fail-on ", mdCode(d.FailOn), judged, signer, ".")
	var notes []string
	for _, note := range d.Notes {
		notes = append(notes, "\n> "+mdCell(note))
	}
	m.table(markdownPart, notes)
}

// table writes rows until its share of the comment is used.
func (m *markdownReport) table(share int, rows []string) {
	for i, row := range rows {
		if share -= len(row); share < 0 {
			m.line()
			m.line(fmt.Sprintf("… and %d more; the html report has all of them.", len(rows)-i))
			break
		}
		m.line(row)
	}
	m.line()
}

func (m *markdownReport) findings(title string, state decision.State) {
	list := worstFirst(m.d, state)
	if len(list) == 0 {
		return
	}
	m.line(fmt.Sprintf("### %s (%d)", title, len(list)))
	m.line()
	m.line("| Severity | Rule | Where | What |")
	m.line("| --- | --- | --- | --- |")
	share := markdownTable
	if state != decision.StateFail {
		share = markdownPart
	}
	var rows []string
	for _, f := range list {
		at, layer := where(m.d, f)
		place := mdCode(resourceWords(f))
		if at != "" {
			place += "<br>" + mdCode(at)
		}
		if layer != "" {
			place += "<br>" + mdCell(layer)
		}
		what := mdCell(f.Title)
		if f.Message != "" {
			what += "<br>" + mdCell(f.Message)
		}
		for i, fact := range f.Because {
			if i == markdownFacts {
				what += fmt.Sprintf("<br>and %d more", len(f.Because)-i)
				break
			}
			what += "<br>because: " + mdCell(fact)
		}
		if f.Waiver != nil && f.Waiver.Expired {
			what += "<br>**waiver expired " + mdCell(f.Waiver.Expires) + "** " + mdCell(f.Waiver.Owner+": "+f.Waiver.Reason)
		}
		rows = append(rows, fmt.Sprintf("| %s | %s | %s | %s |", md(string(f.Severity)), mdCode(f.ID), place, what))
	}
	m.table(share, rows)
}

// details writes the edits as collapsed blocks.
func (m *markdownReport) details() {
	share, left := markdownDetails, 0
	for _, f := range worstFirst(m.d, decision.StateFail) {
		diff, fix := edit(f, m.o), lines(f.Fix)
		if len(diff) == 0 && f.Fix == "" {
			continue
		}
		var b strings.Builder
		fmt.Fprintf(&b, "<details><summary>Edit for <code>%s</code> on <code>%s</code></summary>\n\n", mdHTML(f.ID), mdHTML(resourceWords(f)))
		if len(diff) > 0 {
			b.WriteString(fenced("diff", diff))
		} else {
			b.WriteString(fenced("yaml", fix))
		}
		b.WriteString("\n</details>\n\n")
		if share -= b.Len(); share < 0 || left > 0 {
			left++
			continue
		}
		m.b.WriteString(b.String())
	}
	if left > 0 {
		m.line(fmt.Sprintf("… and %d more edits; the html report has all of them.", left))
		m.line()
	}
}

func (m *markdownReport) waivers() {
	if len(m.d.Waivers) == 0 {
		return
	}
	m.line(fmt.Sprintf("### Waivers (%d)", len(m.d.Waivers)))
	m.line()
	m.line("| Rule | Covers | Reason | Owner | Until |")
	m.line("| --- | --- | --- | --- | --- |")
	var rows []string
	for i := range m.d.Waivers {
		w := &m.d.Waivers[i]
		until := mdCell(w.Expires)
		if trouble := attention(w); trouble != "" {
			until += "<br>**" + mdCell(trouble) + "**"
		}
		rows = append(rows, fmt.Sprintf("| %s | %s | %s | %s | %s |", mdCode(w.Rule), mdCode(w.Resource+w.Digest), mdCell(w.Reason), mdCell(w.Owner), until))
	}
	m.table(markdownPart, rows)
}

func (m *markdownReport) components() {
	if len(m.d.System.Components) == 0 {
		return
	}
	m.line(fmt.Sprintf("<details><summary>Contents: %s</summary>", count(len(m.d.System.Components), "component", "components")))
	m.line()
	m.line("| Component | Image | Packages | Files | In a package |")
	m.line("| --- | --- | --: | --: | --: |")
	var rows []string
	for i := range m.d.System.Components {
		c := &m.d.System.Components[i]
		coverage := "no files"
		if c.Files > 0 {
			coverage = fmt.Sprintf("%d %%", percent(c.OwnedFiles, c.Files))
		}
		rows = append(rows, fmt.Sprintf("| %s | %s<br>%s | %d | %d | %s |", mdCode(c.ID), mdCode(c.Image), mdCode(short(c.Digest)), c.Packages, c.Files, coverage))
	}
	m.table(markdownPart, rows)
	m.line("</details>")
	m.line()
}

func (m *markdownReport) frameworks() {
	const frame = 1000 // characters of a table without its rows, and of the last line
	room := markdownLimit - m.b.Len() - frame*(len(m.d.Frameworks)+1)
	for i := range m.d.Frameworks {
		fw := &m.d.Frameworks[i]
		m.line("<details><summary>", mdHTML(cut(clean(frameworkTitle(fw)), markdownName)), ": ", controlTally(fw), "</summary>")
		m.line()
		m.line("| Control | State | Rules | Findings |")
		m.line("| --- | --- | --- | --- |")
		var rows []string
		for j := range fw.Controls {
			c := &fw.Controls[j]
			state := mdCell(answer(c))
			for _, why := range reasons(c) {
				state += "<br>" + mdCell(why)
			}
			var rules []string
			for _, r := range c.Rules {
				rules = append(rules, mdCode(r.ID)+unsure(r)+mdCell(onlyIn(r)))
			}
			rows = append(rows, fmt.Sprintf("| %s %s | %s | %s | %s |", mdCode(c.ID), mdCell(c.Title), state, strings.Join(rules, "<br>"), m.controlFindings(c)))
		}
		m.table(room/len(m.d.Frameworks), rows)
		m.line("</details>")
		m.line()
	}
}

// controlFindings returns the first findings that decide a control.
func (m *markdownReport) controlFindings(c *decision.Control) string {
	const few = 3
	var out []string
	list := controlFindings(m.d, c)
	for i, f := range list {
		if i == few {
			out = append(out, fmt.Sprintf("and %d more", len(list)-few))
			break
		}
		at, _ := where(m.d, f)
		out = append(out, md(string(f.State))+" "+mdCode(f.ID+" "+resourceWords(f))+" "+mdCell(at))
	}
	return strings.Join(out, "<br>")
}

// resourceWords returns a resource as people write it: a component is written as its
// id.
func resourceWords(f *decision.Finding) string {
	return strings.TrimPrefix(f.Resource, "component:")
}

// edit returns the clean lines of a finding's diff. Tabs stay; a carriage return at
// the end of a line is removed.
func edit(f *decision.Finding, o Options) []string {
	if o.Diff == nil {
		return nil
	}
	diff := strings.TrimRight(o.Diff(f), "\n")
	if diff == "" {
		return nil
	}
	var out []string
	for l := range strings.SplitSeq(diff, "\n") {
		out = append(out, strings.Join(cleanAll(strings.Split(strings.TrimSuffix(l, "\r"), "\t")), "\t"))
	}
	return out
}

// diffLine is a line of a diff: Class is add, del, meta or "".
type diffLine struct{ Class, Text string }

func diffLines(diff []string) []diffLine {
	var out []diffLine
	header := func(i int) bool { // a file header: two lines before a hunk
		return i+2 < len(diff) && strings.HasPrefix(diff[i], "--- ") && strings.HasPrefix(diff[i+1], "+++ ") && strings.HasPrefix(diff[i+2], "@@ ")
	}
	for i, text := range diff {
		line := diffLine{"", text}
		switch {
		case header(i), i > 0 && header(i-1), strings.HasPrefix(text, "@@ "), strings.HasPrefix(text, `\ `):
			line.Class = "meta"
		case strings.HasPrefix(text, "+"):
			line.Class = "add"
		case strings.HasPrefix(text, "-"):
			line.Class = "del"
		}
		out = append(out, line)
	}
	return out
}

// fenced returns a code block. Its fence is longer than any fence in the text, so no
// line can end the block.
func fenced(language string, text []string) string {
	longest := 2
	for _, l := range text {
		for _, run := range regexp.MustCompile("`+").FindAllString(l, -1) {
			longest = max(longest, len(run))
		}
	}
	for i, l := range text {
		text[i] = inert(l)
	}
	fence := strings.Repeat("`", longest+1)
	return fence + language + "\n" + strings.Join(text, "\n") + "\n" + fence + "\n"
}

// loud matches what forges turn into links, mentions and references after they parse
// the Markdown. quiet breaks these up with an empty comment.
var loud = lazyre.New(`@|#\d|://|(?i:www\.)|(?i:gh-)\d`)

// md escapes a text for Markdown: nothing in it becomes markup, a mention or a link.
func md(s string) string { return quiet(s, escapeMarkdown) }

func escapeMarkdown(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '&':
			b.WriteString("&amp;")
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case strings.ContainsRune("\\`*_{}[]()#+!|~$", r):
			b.WriteString(`\` + string(r))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// mdHTML escapes a text for HTML inside Markdown, where Markdown is not parsed.
func mdHTML(s string) string {
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "[", "&#91;")
	return quiet(cut(clean(s), markdownCell), escape.Replace)
}

func quiet(s string, escape func(string) string) string {
	s = clean(s)
	var b strings.Builder
	for {
		at := loud.FindStringIndex(s)
		if at == nil {
			return b.String() + escape(s)
		}
		b.WriteString(escape(s[:at[0]+1]) + "<!-- -->")
		s = s[at[0]+1:]
	}
}

// mdCell escapes a text and shortens it for a table cell.
func mdCell(s string) string { return md(cut(clean(s), markdownCell)) }

// mdCode returns a name as an HTML code element. A backtick in the name could end a
// Markdown code span.
func mdCode(s string) string {
	if s == "" {
		return ""
	}
	return "<code>" + mdCell(s) + "</code>"
}
