package framework

import "github.com/seaworthy-os/seaworthy/policy/decision"

// Info is a framework with the rules that answer its controls.
type Info struct {
	*Framework
	// Rules holds the rules of the control with the same index.
	Rules [][]decision.ControlRule
}

// Coverage counts the controls of a framework.
type Coverage struct {
	// Controls counts all controls, Covered those with a rule, and Checked those with
	// a checked mapping to a rule.
	Controls, Covered, Checked int
	// Mappings counts the pairs of a control and a rule, and Sure the checked ones.
	Mappings, Sure int
}

// Coverage counts the framework's controls.
func (fw *Info) Coverage() Coverage {
	n := Coverage{Controls: len(fw.Controls)}
	for _, rules := range fw.Rules {
		sure := 0
		for _, r := range rules {
			if r.Confidence == Checked {
				sure++
			}
		}
		n.Mappings, n.Sure = n.Mappings+len(rules), n.Sure+sure
		if len(rules) > 0 {
			n.Covered++
		}
		if sure > 0 {
			n.Checked++
		}
	}
	return n
}

// Mapping is a control that a rule covers.
type Mapping struct {
	Framework, Control, Title string
	// Confidence is Checked or Unsure.
	Confidence string
}

// Mappings returns the controls that the rule covers, in the order of frameworks and
// controls.
func Mappings(all []Info, rule string) []Mapping {
	var out []Mapping
	for _, fw := range all {
		for i, rules := range fw.Rules {
			for _, r := range rules {
				if r.ID == rule {
					out = append(out, Mapping{Framework: fw.ID, Control: fw.Controls[i].ID, Title: fw.Controls[i].Title, Confidence: r.Confidence})
				}
			}
		}
	}
	return out
}
