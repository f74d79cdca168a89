package report

import (
	"fmt"
	"strings"

	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// checked is the confidence of a mapping that somebody held against the
// control's text. Any other is shown as unsure, wherever it is shown.
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

// controlTally counts the answers to a framework in words.
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

// unsure marks a mapping that nobody has checked.
func unsure(r decision.ControlRule) string {
	if r.Confidence == checked {
		return ""
	}
	return " (unsure)"
}

// onlyIn says which pack holds a rule that the policy does not.
func onlyIn(r decision.ControlRule) string {
	if r.OnlyIn == "" {
		return ""
	}
	return ", only in " + clean(r.OnlyIn)
}

// answer is a control's state with what has to be known of it: that it is
// about a part, or stands on mappings that nobody has checked.
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

// reasons are why a control has its state, and what no rule looks at.
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

// controlFindings are those that answer a control, the worst first, without
// the ones that had nothing to look at.
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
