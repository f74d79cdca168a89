package report

import (
	"fmt"
	"strings"

	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// checked is the confidence of a mapping that a person compared with the text of the
// control. Any other confidence is always shown as unsure.
const checked = "checked"

func controlStates() []decision.ControlState {
	return []decision.ControlState{decision.NotSatisfied, decision.NotAssessed, decision.ControlWaived, decision.Satisfied}
}

func controlWords(s decision.ControlState) string {
	return strings.ReplaceAll(clean(string(s)), "-", " ")
}

func controlCount(fw *decision.Framework, s decision.ControlState) int {
	n := 0
	for i := range fw.Controls {
		if fw.Controls[i].State == s {
			n++
		}
	}
	return n
}

// controlTally returns the counts of control states as text.
func controlTally(fw *decision.Framework) string {
	var parts []string
	for _, s := range controlStates() {
		parts = append(parts, fmt.Sprintf("%d %s", controlCount(fw, s), controlWords(s)))
	}
	return strings.Join(parts, ", ")
}

func frameworkTitle(fw *decision.Framework) string {
	title := fw.Title
	if title == "" {
		title = fw.ID
	}
	if fw.Version != "" {
		title += " " + fw.Version
	}
	return title
}

// unsure returns the mark of a mapping that no person has checked.
func unsure(r decision.ControlRule) string {
	if r.Confidence == checked {
		return ""
	}
	return " (unsure)"
}

// onlyIn names the pack that holds a rule which the policy does not have.
func onlyIn(r decision.ControlRule) string {
	if r.OnlyIn == "" {
		return ""
	}
	return ", only in " + clean(r.OnlyIn)
}

// answer returns a control's state with its restrictions: whether only a part is
// covered, and whether it depends on unchecked mappings.
func answer(c *decision.Control) string {
	out := controlWords(c.State)
	if c.Partial {
		out += ", in part"
	}
	if c.Confidence != "" && c.Confidence != checked {
		out += " (unsure)"
	}
	return out
}

// reasons explain a control's state and name what no rule checks.
func reasons(c *decision.Control) []string {
	var out []string
	if c.Reason != "" {
		out = append(out, clean(c.Reason))
	}
	if c.Gap != "" {
		out = append(out, "not assessed: "+clean(c.Gap))
	}
	return out
}

// controlFindings returns the findings that decide a control, worst first. Findings
// that are not applicable are left out.
func controlFindings(d *decision.Decision, c *decision.Control) []*decision.Finding {
	var out []*decision.Finding
	for _, i := range c.Findings {
		if i >= 0 && i < len(d.Findings) && d.Findings[i].State != decision.StateNotApplicable {
			out = append(out, &d.Findings[i])
		}
	}
	sortByState(out, decision.StateFail, decision.StateUnknown, decision.StateWaived, decision.StatePass)
	return out
}
