package remedy

import (
	"cmp"
	"slices"

	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
	"github.com/seaworthy-os/seaworthy/scanner/files"
)

// Confidential reports whether a text of os.yml contains something like a secret, or
// a value whose name suggests a secret. Decisions and reports contain no such text.
func Confidential(text string) bool {
	return files.DetectSecret([]byte(text)) != "" || facts.RevealsSecret(text)
}

// remedyBytes limits the os.yml text that is processed for the edits of one decision.
// Each shown edit is applied and its result is parsed again. This is enough for each
// finding of a system with a few dozen components.
const remedyBytes = 64 << 20

// All returns a function that shows the edits of findings for readers of reports, as
// Diff does. It returns nil if the os.yml files are missing or changed after the
// decision. The function returns "" for a finding whose diff contains a secret,
// because a report has more readers than os.yml. For a huge os.yml, only the worst
// findings have a diff.
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
	made := map[*decision.Finding]string{} // several reports use the diffs
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

// worstEditable returns the worst findings with edits, at most as many as most.
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
