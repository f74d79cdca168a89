package policy

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// A file that is not listed can be a file that a rule looks for. So no rule that
// reads a list of files passes a component with truncated lists, unless it would pass
// for every list.
func TestCutOffListIsNoPass(t *testing.T) {
	t.Parallel()
	list, err := Rules(context.Background(), Options{Policy: "strict"})
	if err != nil {
		t.Fatal(err)
	}
	reads := map[string]bool{}
	for _, r := range list {
		reads[r.ID] = slices.Contains(r.Inputs, "files")
		if strings.Contains(r.Source, "c.files.") && !reads[r.ID] {
			t.Errorf("%s reads files, but its inputs do not list them", r.ID)
		}
	}
	f := smallSystem()
	for i := range f.Components {
		f.Components[i].Files.Truncated = true
	}
	d, err := Decide(context.Background(), f, Options{Policy: "strict", Now: testNow})
	if err != nil {
		t.Fatal(err)
	}
	unknown := map[string]bool{}
	for _, finding := range d.Findings {
		if !reads[finding.ID] {
			continue
		}
		switch finding.State {
		case decision.StateUnknown:
			unknown[finding.ID] = true
		case decision.StatePass:
			// With noNewPrivileges, a file grants no more than its caller has. A
			// component that may have no capabilities loses none (RUN-004).
			if !slices.Contains([]string{"NNP-002", "JNT-014", "RUN-004"}, finding.ID) {
				t.Errorf("%s passes %s", finding.ID, finding.Resource)
			}
		}
	}
	for id, yes := range reads {
		// In this system, no component runs as another user without noNewPrivileges,
		// or with capabilities that a file could grant.
		if yes && !unknown[id] && id != "JNT-014" && id != "RUN-004" {
			t.Errorf("%s reads files and is never unknown", id)
		}
	}
}
