package verify

import (
	"reflect"
	"slices"
	"time"

	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// checkFindings requires that each finding has a severity. Each waived finding
// must have a waiver from the list that covers it and had not expired.
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
			bad("finding %s has the unknown severity %q", name, f.Severity)
		}
		if f.State != decision.StateWaived || f.Waiver == nil { // a waived finding without a waiver blocks: see statement.Blocking
			continue
		}
		w := f.Waiver
		covers := w.Rule == f.ID && (w.Resource == f.Resource || w.Resource == "" && slices.Contains(digests[f.Resource], w.Digest))
		if !covers || !w.Used || !slices.ContainsFunc(d.Waivers, func(one decision.Waiver) bool { return reflect.DeepEqual(one, *w) }) {
			bad("the waiver of finding %s does not cover this finding, or is not listed", name)
		}
		if _, err := time.Parse(time.DateOnly, w.Expires); err != nil || w.Expired || d.Date > w.Expires {
			bad("the waiver of finding %s expired on %s", name, w.Expires)
		}
	}
	if len(d.Waivers) > 0 && d.WaiversDigest == "" {
		bad("the decision has waivers, but no digest of a waiver file")
	}
}
