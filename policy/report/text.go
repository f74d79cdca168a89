package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/seaworthy-os/seaworthy/internal/words"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// The text begins with the system and the verdict. Then come each failing finding in
// full by component, unknown findings, waived findings, expired and unused waivers.
// The last line repeats the verdict, because a scrolled terminal shows the end.

const (
	defaultWidth = 100
	minWidth     = 40
	maxShown     = 600 // runes of a value
)

type textReport struct {
	w     *bufio.Writer
	d     *decision.Decision
	o     Options
	width int
}

func writeText(w io.Writer, d *decision.Decision, o Options) error {
	t := &textReport{w: bufio.NewWriter(w), d: d, o: o, width: o.Width}
	if t.width <= 0 {
		t.width = defaultWidth
	}
	t.width = max(t.width, minWidth)
	t.header()
	t.section("Failing", decision.StateFail, t.failing)
	t.section("Unknown", decision.StateUnknown, t.brief)
	t.section("Waived", decision.StateWaived, t.brief)
	if o.All {
		t.section("Passing", decision.StatePass, t.brief)
		t.section("Not applicable", decision.StateNotApplicable, t.brief)
	}
	t.waivers()
	for i := range d.Frameworks {
		t.framework(&d.Frameworks[i])
	}
	for _, piece := range wrap(tally(d), t.width) {
		t.line(piece)
	}
	t.line(t.paint(verdictColor(d), verdictWord(d)), ": ", why(d))
	return t.w.Flush()
}

func (t *textReport) header() {
	d := t.d
	t.line(t.paint(bold, clean(d.System.Name)), " (", clean(d.System.Arch), "): ", t.paint(verdictColor(d), verdictWord(d)))
	t.field(2, "policy", partWords(decision.PolicyPart{Name: d.Policy.Name, Digest: d.Policy.Digest, Rules: d.Policy.Rules}))
	judged := fmt.Sprintf("by %s %s, fail-on %s", d.Tool.Name, d.Tool.Version, d.FailOn)
	if d.Date != "" {
		judged = d.Date + " " + judged
	}
	for _, p := range parts(d.Policy) {
		t.field(2, "", partWords(p))
	}
	t.field(2, "judged", judged)
	if t.o.Signer != "" {
		t.field(2, "signer", t.o.Signer)
	}
	for _, note := range d.Notes {
		t.field(2, "note", note)
	}
	t.line()
}

func (t *textReport) section(title string, state decision.State, show func(*decision.Finding)) {
	list := groups(t.d, state)
	if len(list) == 0 {
		return
	}
	t.line(t.paint(bold, title))
	for _, g := range list {
		head := "  " + t.paint(underline, clean(g.name))
		if g.component != nil {
			head += "  " + t.paint(dim, clean(g.component.Image)+" "+short(g.component.Digest))
		}
		t.line(head)
		for _, f := range g.findings {
			show(f)
		}
	}
	t.line()
}

// failing shows everything that is known about a finding.
func (t *textReport) failing(f *decision.Finding) {
	t.headline(f)
	at, layer := where(t.d, f)
	switch {
	case at != "" && layer != "":
		t.field(6, "at", at+" ("+layer+")")
	case at+layer != "":
		t.field(6, "at", at+layer)
	}
	if f.Path != "" {
		t.field(6, "path", f.Path)
	}
	t.field(6, "what", f.Message)
	t.block(6, "because", cleanAll(f.Because))
	if f.Actual != nil {
		t.field(6, "value", value(f.Actual))
	}
	if f.Expected != nil {
		t.field(6, "expected", value(f.Expected))
	}
	if f.Fix != "" {
		t.block(6, "fix", lines(f.Fix))
	}
	t.diff(f)
	t.waiver(f)
}

// brief shows a finding without its edits.
func (t *textReport) brief(f *decision.Finding) {
	t.headline(f)
	if f.Message != "" {
		t.field(6, "what", f.Message)
	}
	t.waiver(f)
}

func (t *textReport) headline(f *decision.Finding) {
	head := fmt.Sprintf("    %s  %s  %s", t.paint(bold, clean(f.ID)), t.paint(severityColor(f.Severity), fmt.Sprintf("%-8s", f.Severity)), clean(f.Title))
	if !strings.HasPrefix(f.Resource, "component:") {
		head += "  " + t.paint(dim, clean(f.Resource))
	}
	t.line(head)
}

func (t *textReport) waiver(f *decision.Finding) {
	w := f.Waiver
	if w == nil {
		return
	}
	verb := "expires"
	if w.Expired {
		verb = "EXPIRED"
	}
	t.field(6, "waiver", fmt.Sprintf("%s %s, %s: %s (%s)", verb, w.Expires, w.Owner, w.Reason, place(&w.Origin)))
}

// waivers lists the waivers that need attention.
func (t *textReport) waivers() {
	var any bool
	others := 0
	for i := range t.d.Waivers {
		w := &t.d.Waivers[i]
		warning := attention(w)
		if warning == "" {
			continue
		}
		if ofOthers(t.d, w) {
			others++
			continue
		}
		if !any {
			t.line(t.paint(bold, "Waivers that need attention"))
			any = true
		}
		t.field(2, clean(w.Rule), fmt.Sprintf("%s%s: %s (%s, %s)", w.Resource, short(w.Digest), warning, w.Owner, place(&w.Origin)))
	}
	if others > 0 {
		t.line(fmt.Sprintf("%s for components that this system does not have", words.Count(others, "waiver is", "waivers are")))
	}
	if any || others > 0 {
		t.line()
	}
}

// ofOthers: the waiver is only unused, and names a component that the system does not have.
// Several systems can share a file of waivers.
func ofOthers(d *decision.Decision, w *decision.Waiver) bool {
	id, ok := strings.CutPrefix(w.Resource, "component:")
	return ok && !w.Expired && !w.Soon && !w.Used &&
		!slices.ContainsFunc(d.System.Components, func(c decision.Component) bool { return c.ID == id })
}

// field writes a label and a text.
func (t *textReport) field(indent int, label, value string) {
	t.block(indent, label, []string{clean(strings.TrimSpace(value))})
}

// block writes a label and clean lines. Wrapped lines are aligned below the first
// one.
func (t *textReport) block(indent int, label string, text []string) {
	const labelWidth = 10
	pad := strings.Repeat(" ", indent)
	first := pad + t.paint(dim, fmt.Sprintf("%-*s", labelWidth-1, label)) + " "
	rest := pad + strings.Repeat(" ", labelWidth)
	room := t.width - indent - labelWidth
	for _, line := range text {
		for _, piece := range wrap(line, room) {
			t.line(first, piece)
			first = rest
		}
	}
}

func (t *textReport) line(parts ...string) {
	_, _ = t.w.WriteString(inert(strings.Join(parts, "")) + "\n") // bufio keeps the error for Flush
}

// wrap breaks a text at spaces into lines of at most width runes. A longer word stays
// whole, so that paths and digests can be copied. Leading spaces are kept, because
// they have meaning in YAML.
func wrap(s string, width int) []string {
	lead := s[:len(s)-len(strings.TrimLeft(s, " "))]
	if utf8.RuneCountInString(s) <= width {
		return []string{s}
	}
	var out []string
	line := lead
	for word := range strings.FieldsSeq(s) {
		switch {
		case line == lead:
			line += word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width:
			line += " " + word
		default:
			out = append(out, line)
			line = lead + word
		}
	}
	return append(out, line)
}

// short returns the first 12 digits of a digest, which a person can compare.
func short(digest string) string {
	algo, hex, ok := strings.Cut(digest, ":")
	if !ok || len(hex) <= 12 {
		return clean(digest)
	}
	return clean(algo + ":" + hex[:12])
}
