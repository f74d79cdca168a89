package policy

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/decision"
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
	return mustRun(t, baseFS(), testFacts(), Options{Waivers: writeFile(t, t.TempDir(), "w.yml", waivers), Now: now})
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

// A waiver that holds outweighs one that has expired, wherever they stand.
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

// Nothing waives what could not be evaluated.
func TestWaiversUnknown(t *testing.T) {
	f := testFacts()
	f.Components[0].Spec = nil
	d := mustRun(t, baseFS(), f, Options{Waivers: writeFile(t, t.TempDir(), "w.yml", goodWaiver)})
	if got := one(t, d, "CAP-001", "component:services/web"); got.State != decision.StateUnknown || ExitCode(d) != 3 {
		t.Errorf("%+v, exit %d", got, ExitCode(d))
	}
}

func TestWaiverErrors(t *testing.T) {
	without := func(key string) string {
		var out []string
		for l := range strings.Lines(goodWaiver) {
			if !strings.Contains(l, key+":") {
				out = append(out, l)
			} else if strings.Contains(l, "- ") {
				out = append(out, "  - reason: it mounts volumes\n")
			}
		}
		return strings.Join(out, "")
	}
	for name, c := range map[string]struct {
		file  string
		words []string
	}{
		"empty":            {"", []string{"w.yml:1:1", "key waivers"}},
		"a list":           {"- rule: CAP-001\n", []string{"w.yml:1:1"}},
		"no waivers":       {"waiver: []\n", []string{`"waiver"`, "w.yml:1:1"}},
		"not a list":       {"waivers: {}\n", []string{"w.yml:1:10", "must be a list, not a mapping"}},
		"not a map":        {"waivers:\n  - CAP-001\n", []string{"w.yml:2:5"}},
		"no resource":      {without("resource"), []string{"w.yml:2:5: resource or digest is missing"}},
		"no owner":         {without("owner"), []string{"w.yml:2:5: owner is missing"}},
		"no expires":       {without("expires"), []string{"expires is missing"}},
		"blank reason":     {strings.Replace(goodWaiver, "it mounts volumes", `"  "`, 1), []string{"w.yml:4:13: reason is empty"}},
		"null owner":       {strings.Replace(goodWaiver, "ops@example.org", "", 1), []string{"w.yml:5:", "owner", "not nothing"}},
		"unknown key":      {goodWaiver + "    until: 2027-01-01\n", []string{`w.yml:7:5: a waiver: unknown key "until"`}},
		"both":             {goodWaiver + "    digest: sha256:" + strings.Repeat("a", 64) + "\n", []string{"w.yml:7:13: resource and digest"}},
		"bad digest":       {strings.Replace(goodWaiver, "resource: component:services/web", "digest: sha256:abc", 1), []string{`"sha256:abc"`}},
		"rule glob":        {strings.Replace(goodWaiver, "CAP-001", "CAP-*", 1), []string{`w.yml:2:11: rule "CAP-*"`}},
		"odd resource":     {strings.Replace(goodWaiver, "component:services/web", "web", 1), []string{`w.yml:3:15: resource "web"`}},
		"no such day":      {strings.Replace(goodWaiver, "2026-12-31", "2026-02-30", 1), []string{`w.yml:6:14: expires "2026-02-30"`}},
		"a time":           {strings.Replace(goodWaiver, "2026-12-31", "2026-12-31T00:00:00Z", 1), []string{"YYYY-MM-DD"}},
		"a number":         {strings.Replace(goodWaiver, "2026-12-31", "20261231", 1), []string{"YYYY-MM-DD"}},
		"duplicate key":    {goodWaiver + "    owner: someone else\n", []string{`w.yml:7:5: duplicate key "owner", first on line 5`}},
		"duplicate waiver": {goodWaiver + strings.TrimPrefix(goodWaiver, "waivers:\n"), []string{"w.yml:7:5: the waiver on line 2"}},
		"alias":            {"waivers: &a\n  - *a\n", []string{"anchors are not allowed", "aliases are not allowed"}},
		"two documents":    {goodWaiver + "---\nwaivers: []\n", []string{"more than one YAML document"}},
		"no YAML":          {"waivers: [", []string{"not valid YAML"}},
		"two mistakes":     {strings.Replace(strings.Replace(goodWaiver, "CAP-001", "cap", 1), "2026-12-31", "never", 1), []string{`"cap"`, `"never"`}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseWaivers("w.yml", []byte(c.file))
			wantError(t, err, system.ErrInput, c.words...)
		})
	}
	if _, err := ParseWaivers("w.yml", []byte("waivers: []\n")); err != nil {
		t.Errorf("an empty list: %v", err)
	}
	big := writeFile(t, t.TempDir(), "big.yml", strings.Repeat("# x\n", MaxWaiverBytes/4+1))
	if _, err := readWaivers(big); !errors.Is(err, system.ErrInput) {
		t.Errorf("a file of 1 MiB: %v", err)
	}
}

func FuzzWaivers(f *testing.F) {
	f.Add([]byte(goodWaiver))
	f.Add([]byte("waivers: [{rule: A-1, digest: 1, expires: ~}]"))
	f.Add([]byte("waivers: &a [*a]"))
	f.Add([]byte("? [a]\n: b\n"))
	f.Add([]byte("a: !!binary x\n<<: {b: c}\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		list, err := ParseWaivers("w.yml", content)
		if err != nil {
			if !errors.Is(err, system.ErrInput) {
				t.Fatalf("error of another kind: %v", err)
			}
			return
		}
		for _, w := range list {
			_, dayErr := time.Parse(time.DateOnly, w.Expires)
			if w.Rule == "" || w.Reason == "" || w.Owner == "" || dayErr != nil || (w.Resource == "") == (w.Digest == "") {
				t.Fatalf("incomplete waiver %+v", w)
			}
		}
	})
}

// Outputs name the file without saying where on this machine it lies.
func TestShownPath(t *testing.T) {
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{
		"w.yml": "w.yml", "./a/w.yml": "a/w.yml", wd + "/a/w.yml": "a/w.yml", "/elsewhere/w.yml": "w.yml", "../w.yml": "w.yml",
	} {
		if got := shownPath(in); got != want {
			t.Errorf("shownPath(%q) = %q, want %q", in, got, want)
		}
	}
}
