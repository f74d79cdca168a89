package verify

import (
	"reflect"
	"slices"
	"time"

	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// checkFindings wants each finding to have a severity, and each waived one a
// waiver of the list that covers it and had not expired.
func (c *content) checkFindings(d *decision.Decision, bad func(string, ...any)) {
	digests := map[string][]string{}
	for _, one := range d.System.Components {
		dep := c.dependencies[statement.DependencyComponent+one.ID]
		digests["component:"+one.ID] = []string{one.Digest, dep.SHA256()}
	}
	for i := range d.Findings {
		f := &d.Findings[i]
		name := statement.TestName(f)
		if f.Severity.Rank() == 0 {
			bad("finding %s has severity %q, which there is not", name, f.Severity)
		}
		if f.State != decision.StateWaived || f.Waiver == nil { // the latter is no pass: see statement.Blocking
			continue
		}
		w := f.Waiver
		covers := w.Rule == f.ID && (w.Resource == f.Resource || w.Resource == "" && slices.Contains(digests[f.Resource], w.Digest))
		if !covers || !w.Used || !slices.ContainsFunc(d.Waivers, func(one decision.Waiver) bool { return reflect.DeepEqual(one, *w) }) {
			bad("finding %s is waived by a waiver that is not for it, or is not listed", name)
		}
		if _, err := time.Parse(time.DateOnly, w.Expires); err != nil || w.Expired || d.Date > w.Expires {
			bad("finding %s is waived by a waiver that had expired on %s", name, w.Expires)
		}
	}
	if len(d.Waivers) > 0 && d.WaiversDigest == "" {
		bad("has waivers of no file")
	}
}
