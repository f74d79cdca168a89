package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/policy/policytest"
)

const goodWaiver = `waivers:
  - rule: CAP-001
    resource: component:services/web
    reason: it mounts volumes
    owner: ops@example.org
    expires: 2026-12-31
`

func decideWith(t *testing.T, waivers string, now time.Time) *decision.Decision {
	t.Helper()
	return mustRun(t, policytest.BaseFS(), policytest.Facts(), Options{Waivers: policytest.WriteFile(t, t.TempDir(), "w.yml", waivers), Now: now})
}

func TestWaivers(t *testing.T) {
	digest := func(c string) string {
		return strings.Replace(goodWaiver, "resource: component:services/web", "digest: sha256:"+strings.Repeat(c, 64), 1)
	}
	day := func(s string) string { return strings.Replace(goodWaiver, "2026-12-31", s, 1) }
	late := time.Date(2026, 11, 20, 23, 59, 59, 0, time.UTC)
	for name, c := range map[string]struct {
		file    string
		now     time.Time
		state   decision.State
		exit    int
		warning string
	}{
		"by resource":     {goodWaiver, testNow, decision.StateWaived, 0, ""},
		"by index digest": {digest("a"), testNow, decision.StateWaived, 0, ""},
		"by manifest":     {digest("b"), testNow, decision.StateWaived, 0, ""},
		"other digest":    {digest("d"), testNow, decision.StateFail, 1, "matches nothing"},
		"other rule":      {strings.Replace(goodWaiver, "CAP-001", "CAP-002", 1), testNow, decision.StateFail, 1, "matches nothing"},
		"other resource":  {strings.Replace(goodWaiver, "services/web", "services/we", 1), testNow, decision.StateFail, 1, "matches nothing"},
		"no glob":         {strings.Replace(goodWaiver, "services/web", "services/*", 1), testNow, decision.StateFail, 1, "matches nothing"},
		"last second":     {day("2026-11-20"), late, decision.StateWaived, 0, "expires 2026-11-20"},
		"a second later":  {day("2026-11-20"), late.Add(time.Second), decision.StateFail, 5, "expired 2026-11-20"},
		"zone is UTC":     {day("2026-11-20"), late.Add(time.Second).In(time.FixedZone("west", -8*3600)), decision.StateFail, 5, "expired 2026-11-20"},
		"soon":            {day("2026-12-03"), testNow, decision.StateWaived, 0, "expires 2026-12-03"},
		"not so soon":     {day("2026-12-05"), testNow, decision.StateWaived, 0, ""},
		"expired, unused": {strings.Replace(day("2026-11-01"), "services/web", "services/x", 1), testNow, decision.StateFail, 1, "expired 2026-11-01; matches nothing"},
		"quoted date":     {day(`"2026-12-31"`), testNow, decision.StateWaived, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := decideWith(t, c.file, c.now)
			f := one(t, d, "CAP-001", "component:services/web")
			warning := d.Waivers[0].Warning
			if d.Waivers[0].Soon {
				warning = "expires " + d.Waivers[0].Expires + warning
			}
			if f.State != c.state || ExitCode(d) != c.exit || warning != c.warning {
				t.Errorf("state %s, exit %d, warning %q", f.State, ExitCode(d), warning)
			}
			if (c.state == decision.StateWaived || c.exit == 5) != (f.Waiver != nil) {
				t.Errorf("the finding's waiver is %+v", f.Waiver)
			}
			if f.Waiver != nil && (f.Waiver.Expired != (c.exit == 5) || !f.Waiver.Used || f.Waiver.Origin.Line != 2 || f.Waiver.Owner != "ops@example.org") {
				t.Errorf("waiver %+v", f.Waiver)
			}
			if !strings.HasPrefix(d.WaiversDigest, "sha256:") {
				t.Errorf("digest %q", d.WaiversDigest)
			}
		})
	}
}

// A valid waiver outweighs an expired one, in any order.
func TestWaiversTwo(t *testing.T) {
	d := decideWith(t, strings.Replace(goodWaiver, "2026-12-31", "2026-01-01", 1)+`  - rule: CAP-001
    digest: sha256:`+strings.Repeat("a", 64)+`
    reason: r
    owner: o
    expires: 2027-01-01
`, testNow)
	if f := one(t, d, "CAP-001", "component:services/web"); f.State != decision.StateWaived || f.Waiver.Digest == "" {
		t.Errorf("%+v", f)
	}
	if d.Waivers[0].Used || !d.Waivers[1].Used {
		t.Errorf("waivers %+v", d.Waivers)
	}
}

// An unknown finding cannot be waived.
func TestWaiversUnknown(t *testing.T) {
	f := policytest.Facts()
	f.Components[0].Spec = nil
	d := mustRun(t, policytest.BaseFS(), f, Options{Waivers: policytest.WriteFile(t, t.TempDir(), "w.yml", goodWaiver)})
	if got := one(t, d, "CAP-001", "component:services/web"); got.State != decision.StateUnknown || ExitCode(d) != 3 {
		t.Errorf("%+v, exit %d", got, ExitCode(d))
	}
}
