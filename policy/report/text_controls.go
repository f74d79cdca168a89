package report

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// fewFindings is the number of findings of a control that the terminal shows. The
// report lists all findings above.
const fewFindings = 5

// framework shows the answers to a catalogue: unsatisfied and waived controls with
// their findings, satisfied controls on a line each, and the names of controls that
// were not assessed.
func (t *textReport) framework(fw *decision.Framework) {
	t.line(t.paint(bold, clean(frameworkTitle(fw))))
	t.line("  ", controlTally(fw))
	var open []string
	for i := range fw.Controls {
		c := &fw.Controls[i]
		if c.State == decision.NotAssessed && !t.o.All {
			open = append(open, clean(c.ID))
			continue
		}
		t.control(c)
	}
	if len(open) > 0 {
		t.field(2, "not assessed", strings.Join(open, ", "))
	}
	t.line()
}

func (t *textReport) control(c *decision.Control) {
	head := "  " + t.paint(bold, clean(c.ID)) + "  " + t.paint(controlColor(c.State), answer(c))
	taken := utf8.RuneCountInString(clean(c.ID)+answer(c)) + 6
	if t.width-taken < minWidth/2 { // the rest of the line is too short
		t.line(head)
		head, taken = "    ", 6
	}
	for _, piece := range wrap(clean(c.Title), t.width-taken) {
		t.line(head, "  ", piece)
		head = strings.Repeat(" ", taken-2)
	}
	if c.State == decision.Satisfied && !t.o.All {
		return
	}
	for _, why := range reasons(c) {
		t.field(6, "why", why)
	}
	var rules []string
	for _, r := range c.Rules {
		rules = append(rules, clean(r.ID)+unsure(r)+onlyIn(r))
	}
	if len(rules) > 0 {
		t.field(6, "rules", strings.Join(rules, "; "))
	}
	list := controlFindings(t.d, c)
	if !t.o.All {
		list = slices.DeleteFunc(list, func(f *decision.Finding) bool { return f.State == decision.StatePass })
	}
	for i, f := range list {
		if i == fewFindings && !t.o.All {
			t.field(6, "", fmt.Sprintf("and %d more", len(list)-i))
			break
		}
		at, _ := where(t.d, f)
		t.field(6, string(f.State), strings.TrimSpace(f.ID+" "+resourceWords(f)+" "+at))
	}
}

func controlColor(s decision.ControlState) string {
	switch s {
	case decision.NotSatisfied:
		return red
	case decision.Satisfied:
		return green
	case decision.ControlWaived:
		return cyan
	}
	return yellow
}

// diff shows the lines that a finding's edits remove and insert. The report shows the
// place already, and other formats show the lines around them.
func (t *textReport) diff(f *decision.Finding) {
	label := "edit"
	for _, l := range diffLines(edit(f, t.o)) {
		code := map[string]string{"add": green, "del": red}[l.Class]
		if code == "" {
			continue
		}
		t.line("      ", t.paint(dim, fmt.Sprintf("%-9s", label)), " ", t.paint(code, l.Text))
		label = ""
	}
}

// parts returns the policies of a combined policy. It returns nil if a single part
// adds no information.
func parts(p decision.Policy) []decision.PolicyPart {
	if len(p.Parts) == 1 && p.Parts[0].Name == p.Name && p.Parts[0].Digest == p.Digest && p.Parts[0].Reference == "" {
		return nil
	}
	return p.Parts
}

// partWords describes one policy of a combined policy.
func partWords(p decision.PolicyPart) string {
	out := fmt.Sprintf("%s %s, %s", p.Name, short(p.Digest), count(p.Rules, "rule", "rules"))
	if p.IncludedBy != "" {
		out += ", included by " + p.IncludedBy
	}
	if p.Reference != "" {
		out += ", from " + p.Reference
	}
	if p.Source == decision.SourceOCI && !p.Pinned {
		out += ", not pinned"
	}
	return out
}
