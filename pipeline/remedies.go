package pipeline

import (
	"regexp"

	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/scanner/files"
)

// secretive is a setting whose value is nobody's business, by its name.
var secretive = regexp.MustCompile(`(?i)(token|passw|secret|credential|apikey|[._-]key)[a-z0-9_.-]*["']?\s*[=:]\s*\S`)

// Remedies shows the edits of findings to readers of reports, as Remedy does.
// It is nil where the os.yml files are not at hand or not those that were
// decided about, and "" for a finding whose diff would show a secret of os.yml
// to everybody who has the report: decisions hold none.
func Remedies(d *decision.Decision) func(*decision.Finding) string {
	sources, err := Sources(d, nil)
	if err != nil || len(sources) == 0 {
		return nil
	}
	made := map[*decision.Finding]string{} // several reports ask
	return func(f *decision.Finding) string {
		diff, ok := made[f]
		if ok {
			return diff
		}
		diff, err := Remedy(sources, f)
		if err != nil || files.DetectSecret([]byte(diff)) != "" || secretive.MatchString(diff) {
			diff = ""
		}
		made[f] = diff
		return diff
	}
}
