package remedy

import (
	"cmp"
	"slices"

	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
	"github.com/seaworthy-os/seaworthy/scanner/files"
)

// Confidential: a text of os.yml holds what looks like a secret, or a value
// behind a name that sounds like one. Decisions and reports hold none.
func Confidential(text string) bool {
	return files.DetectSecret([]byte(text)) != "" || facts.TellsSecret(text)
}

// remedyBytes bounds the os.yml that is read for the edits of one decision: each
// edit that is shown was made, and what came out read again. A system of a few
// dozen components has an edit for each finding, however many those are.
const remedyBytes = 64 << 20

// All shows the edits of findings to readers of reports, as Diff does.
// It is nil where the os.yml files are not at hand or not those that were
// decided about, and "" for a finding whose diff would show a secret of os.yml
// to everybody who has the report: decisions hold none. Of a huge os.yml only
// the worst findings have a diff.
func All(d *decision.Decision) func(*decision.Finding) string {
	sources, err := Sources(d, nil)
	if err != nil || len(sources) == 0 {
		return nil
	}
	size := 1
	for i := range sources {
		sources[i], size = sources[i].Read(), size+len(sources[i].Data)
	}
	worst := worstEditable(d, remedyBytes/size)
	made := map[*decision.Finding]string{} // several reports ask
	return func(f *decision.Finding) string {
		diff, ok := made[f]
		if ok || !worst[f] {
			return diff
		}
		diff, err := Diff(sources, f)
		if err != nil || Confidential(diff) {
			diff = ""
		}
		made[f] = diff
		return diff
	}
}

// worstEditable are the findings that have edits, at most so many of them.
func worstEditable(d *decision.Decision, most int) map[*decision.Finding]bool {
	var list []*decision.Finding
	for i := range d.Findings {
		if f := &d.Findings[i]; len(f.Edits) > 0 {
			list = append(list, f)
		}
	}
	slices.SortStableFunc(list, func(a, b *decision.Finding) int { return cmp.Compare(b.Severity.Rank(), a.Severity.Rank()) })
	out := map[*decision.Finding]bool{}
	for _, f := range list[:min(len(list), most)] {
		out[f] = true
	}
	return out
}
