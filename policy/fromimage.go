package policy

import (
	"slices"

	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/policy/engine"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// unsaid replaces the findings of rules that read something that the image does not
// contain: each such rule is unknown. Edits are removed, because there is no os.yml.
func (p *policies) unsaid(f *facts.Facts, findings []decision.Finding) []decision.Finding {
	reasons := map[string]string{}
	for _, n := range f.FromImage.Unknown {
		reasons[n.Input] = n.Reason
	}
	var out []decision.Finding
	unsaid := map[string]bool{}
	for _, r := range p.infos {
		i := slices.IndexFunc(r.Inputs, func(in string) bool { return reasons[in] != "" })
		if i < 0 {
			continue
		}
		unsaid[r.ID] = true
		out = append(out, decision.Finding{ID: r.ID, Title: r.Title, Controls: r.Controls, State: decision.StateUnknown, Severity: r.Severity, Resource: "image:" + f.Name, Message: reasons[r.Inputs[i]]})
	}
	for _, finding := range findings {
		if !unsaid[finding.ID] {
			finding.Edits = nil
			out = append(out, finding)
		}
	}
	slices.SortStableFunc(out, engine.ByResource)
	return out
}

// imageNotes say that an image was read.
func imageNotes(s *facts.FromImage) []string {
	out := []string{"only image files were read: what they do not contain is unknown"}
	for _, n := range s.Unknown {
		out = append(out, "unknown: "+n.Input+": "+n.Reason)
	}
	return out
}
