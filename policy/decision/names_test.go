package decision

import "testing"

func TestNames(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{"component:services/web": true, "kernel:CONFIG_X": true, "component:": false, "web": false, "": false, "other:x": false} {
		if IsResource(s) != want {
			t.Errorf("%q is a resource: %v", s, !want)
		}
	}
	for s, want := range map[string]bool{"CAP-001": true, "OWN2-123456": true, "cap-001": false, "CAP001": false, "C-1": false, "CAP-": false, "CAP-001 ": false, "CAP-1234567": false} {
		if IsRuleID(s) != want {
			t.Errorf("%q is a rule's id: %v", s, !want)
		}
	}
}
