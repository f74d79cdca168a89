package policy

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/policy/policytest"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

func TestDecide(t *testing.T) {
	d := mustRun(t, policytest.BaseFS(), locked(policytest.Facts(), "sha256:lock"), Options{})
	if d.Verdict != decision.Deny || ExitCode(d) != 1 {
		t.Fatalf("verdict %s, exit %d", d.Verdict, ExitCode(d))
	}
	got := one(t, d, "CAP-001", "component:services/web")
	want := decision.Finding{
		ID: "CAP-001", Title: "Title of CAP-001", State: decision.StateFail, Severity: decision.High,
		Resource: "component:services/web", Path: "/process/capabilities/bounding",
		Actual:   []any{"CAP_NET_BIND_SERVICE", "CAP_SYS_ADMIN"},
		Expected: []any{"CAP_NET_BIND_SERVICE"},
		Message:  "more than it may have", Fix: "Edit os.yml.", Key: "bounding",
		Origin:   &decision.Origin{Layer: "os.yml", File: "os.yml", Line: 12, Column: 5},
		Controls: []string{"CIS-D 5.4"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if s := one(t, d, "CAP-001", "component:services/quiet").State; s != decision.StatePass {
		t.Errorf("quiet: %s", s)
	}
	if d.Policy.Name != "baseline" || d.Policy.Rules != 1 || d.Date != "2026-11-20" || d.FailOn != "low" || d.System.LockDigest != "sha256:lock" {
		t.Errorf("decision %+v", d)
	}
	if d.Summary.Fail != 1 || d.Summary.Pass != 1 || d.Summary.Failing["high"] != 1 {
		t.Errorf("summary %+v", d.Summary)
	}
	if len(d.Notes) == 0 || !strings.Contains(d.Notes[0], "not scanned") {
		t.Errorf("notes %q", d.Notes)
	}
}

// Without a given date, no output has a date: equal inputs have equal bytes on every
// day.
func TestDateOnlyIfGiven(t *testing.T) {
	var first string
	for _, now := range []time.Time{testNow, testNow.AddDate(0, 1, 0)} {
		raw, err := json.Marshal(mustRun(t, policytest.BaseFS(), policytest.Facts(), Options{Now: now}))
		if err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = string(raw)
		}
		if string(raw) != first || strings.Contains(string(raw), `"date"`) {
			t.Errorf("on %s: %s", now, raw)
		}
	}
}

// Mistakes in the options are reported together, before facts exist.
func TestPrepare(t *testing.T) {
	_, err := Prepare(context.Background(), Options{Policy: "nowhere", Waivers: "gone.yml", FailOn: "bad"})
	policytest.WantError(t, err, system.ErrInput, "nowhere", "gone.yml", "bad", "waivers cannot be checked without a time")
}

// The order of the facts and the files of the rules do not change the bytes.
func TestDeterministic(t *testing.T) {
	f := policytest.Facts()
	first, err := json.Marshal(mustRun(t, policytest.BaseFS(), f, Options{Policy: "hardened"}).Findings)
	if err != nil {
		t.Fatal(err)
	}
	f.Components[0], f.Components[1] = f.Components[1], f.Components[0]
	for range 5 {
		again, err := json.Marshal(mustRun(t, policytest.BaseFS(), f, Options{Policy: "hardened"}).Findings)
		if err != nil {
			t.Fatal(err)
		}
		if string(first) != string(again) {
			t.Fatalf("findings differ:\n%s\n%s", first, again)
		}
	}
}

func TestPolicyDigest(t *testing.T) {
	digest := func(files map[string]string, policy string) string {
		return mustRun(t, policytest.With(policytest.BaseFS(), files), policytest.Facts(), Options{Policy: policy}).Policy.Digest
	}
	base := digest(nil, "baseline")
	if !digests.Valid(base) {
		t.Fatalf("digest %q", base)
	}
	fs := policytest.BaseFS()
	for name, files := range map[string]map[string]string{
		"a test":          {"os/CAP-001_test.rego": "package seaworthy.rules.CAP_001_test\n"},
		"another rule":    {"os/NNP-001.rego": policytest.RuleFile("NNP-001", "fail contains x if { x := input.nothing }")},
		"an unused lib":   {"lib/other.rego": "package seaworthy.other\n"},
		"a stronger pack": {"packs/hardened.yaml": "hardened: {includes: baseline, rules: []}"},
	} {
		if digest(files, "baseline") != base {
			t.Errorf("%s changes the digest of baseline", name)
		}
	}
	for name, files := range map[string]map[string]string{
		"a rule":  {"os/CAP-001.rego": string(fs["os/CAP-001.rego"].Data) + "\n# more\n"},
		"a lib":   {"lib/lib.rego": string(fs["lib/lib.rego"].Data) + "\n# more\n"},
		"data":    {"data/params.json": `{"params": {"allowed": []}}`},
		"a pack":  {"packs/baseline.yaml": "baseline:\n  rules: [CAP-001, USR-001]\n"},
		"a table": {"data/more.json": `{"more": 1}`},
	} {
		if digest(files, "baseline") == base {
			t.Errorf("%s does not change the digest", name)
		}
	}
	if digest(nil, "hardened") == base {
		t.Error("two packs have one digest")
	}
}

// Rules can read the active packs and the date of the decision.
func TestActivePacks(t *testing.T) {
	fs := policytest.With(policytest.BaseFS(), map[string]string{"os/USR-001.rego": policytest.RuleFile("USR-001", `
fail contains {"id": "USR-001", "resource": "image:demo", "key": data.seaworthy.date, "message": concat(" ", data.seaworthy.active)}
`)})
	d := mustRun(t, fs, policytest.Facts(), Options{Policy: "hardened"})
	f := one(t, d, "USR-001", "image:demo")
	if f.Message != "baseline hardened" || f.Key != "2026-11-20" {
		t.Errorf("rule saw %q on %q", f.Message, f.Key)
	}
}

func TestOptions(t *testing.T) {
	for name, c := range map[string]struct {
		o     Options
		words []string
	}{
		"fail-on":      {Options{FailOn: "severe"}, []string{`"severe"`}},
		"no policy":    {Options{Policy: "nope"}, []string{`"nope"`}},
		"oci":          {Options{Policy: "oci://example.org/p"}, []string{"was not fetched"}},
		"no waivers":   {Options{Waivers: "/does/not/exist"}, []string{"waivers"}},
		"a file":       {Options{Policy: "policy.go"}, []string{"no pack and no folder"}},
		"empty folder": {Options{Policy: t.TempDir()}, []string{"has no rules"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := run(t, policytest.BaseFS(), policytest.Facts(), c.o)
			policytest.WantError(t, err, system.ErrInput, c.words...)
		})
	}
}

// A rule that lists many options of a kernel need not name an origin for each.
func TestOriginOfRule(t *testing.T) {
	fs := policytest.With(policytest.BaseFS(), map[string]string{"os/USR-001.rego": policytest.RuleFile("USR-001", `
fail contains {"id": "USR-001", "resource": "cmdline:debug", "key": "k", "message": "m", "severity": "low", "fix": "cmdline: quiet", "origin": input.cmdline.origin}
`)})
	f := policytest.Facts()
	f.Cmdline.Origin = facts.Origin{Layer: "os.yml", File: "os.yml", Line: 3, Column: 12}
	got := one(t, mustRun(t, fs, f, Options{Policy: "hardened"}), "USR-001", "cmdline:debug")
	if got.Origin == nil || got.Origin.Line != 3 || got.Severity != decision.Low || got.Fix != "cmdline: quiet" {
		t.Errorf("%+v", got)
	}
}

func TestExitCode(t *testing.T) {
	fail := func(s decision.Severity) decision.Finding {
		return decision.Finding{State: decision.StateFail, Severity: s}
	}
	late := func(s decision.Severity) decision.Finding {
		f := fail(s)
		f.Waiver = &decision.Waiver{Expired: true}
		return f
	}
	unknown := decision.Finding{State: decision.StateUnknown, Severity: decision.Low}
	waived := decision.Finding{State: decision.StateWaived, Severity: decision.Critical, Waiver: &decision.Waiver{}}
	pass := decision.Finding{State: decision.StatePass}
	odd := decision.Finding{State: "surprise"}
	for i, c := range []struct {
		failOn   string
		findings []decision.Finding
		code     int
		verdict  decision.Verdict
	}{
		{"low", nil, 0, decision.Pass},
		{"low", []decision.Finding{pass, waived, {State: decision.StateNotApplicable}}, 0, decision.Pass},
		{"low", []decision.Finding{fail("low")}, 1, decision.Deny},
		{"low", []decision.Finding{fail("low"), unknown, late("high")}, 1, decision.Deny},
		{"low", []decision.Finding{unknown, late("critical")}, 3, decision.Undecided},
		{"low", []decision.Finding{late("low"), pass}, 5, decision.Deny},
		{"low", []decision.Finding{odd}, 3, decision.Undecided},
		{"medium", []decision.Finding{fail("low")}, 0, decision.Pass},
		{"medium", []decision.Finding{fail("medium")}, 1, decision.Deny},
		{"high", []decision.Finding{fail("medium"), late("medium")}, 0, decision.Pass},
		{"high", []decision.Finding{fail("medium"), late("high")}, 5, decision.Deny},
		{"high", []decision.Finding{fail("medium"), unknown}, 3, decision.Undecided},
		{"critical", []decision.Finding{fail("high"), fail("critical")}, 1, decision.Deny},
		{"critical", []decision.Finding{fail("nonsense")}, 1, decision.Deny},
		{"none", []decision.Finding{fail("low")}, 0, decision.Deny},
		{"none", []decision.Finding{unknown}, 0, decision.Undecided},
		{"none", []decision.Finding{late("low")}, 0, decision.Deny},
		{"none", []decision.Finding{pass}, 0, decision.Pass},
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			d := &decision.Decision{FailOn: c.failOn, Findings: c.findings}
			if got := ExitCode(d); got != c.code {
				t.Errorf("exit %d, want %d", got, c.code)
			}
			if got := verdict(d); got != c.verdict {
				t.Errorf("verdict %s, want %s", got, c.verdict)
			}
		})
	}
}
