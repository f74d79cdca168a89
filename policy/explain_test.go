package policy

import (
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/policy/policytest"
	"github.com/seaworthy-os/seaworthy/policy/waiver"
)

func TestExplain(t *testing.T) {
	d := mustRun(t, policytest.BaseFS(), policytest.Facts(), Options{})
	for name, want := range map[string]int{
		"CAP-001": 2, "component:services/web": 1, "services/web": 1, "CAP-001@component:services/web": 1,
		"CAP-001@component:services/web@bounding": 1, "CAP-001@component:services/we": 0, "CAP-002": 0, "": 0, "@": 0,
	} {
		if got := Explain(d, name); len(got) != want {
			t.Errorf("Explain(%q) has %d findings, want %d", name, len(got), want)
		}
	}
	e := Explain(d, "services/web")[0]
	if e.Rule.Description != "Why CAP-001 matters." || !strings.Contains(e.Waiver, "expires: 2027-02-18\n") {
		t.Errorf("%+v", e)
	}
	// A stub without owner and reason is not accepted as a waiver. After completion,
	// it covers the finding.
	if _, err := waiver.Parse("w.yml", []byte("waivers:\n"+e.Waiver)); err == nil {
		t.Error("a waiver without owner and reason is accepted")
	}
	done := strings.NewReplacer("# why this is acceptable", "because", "# who is responsible", "me").Replace(e.Waiver)
	if d := decideWith(t, "waivers:\n"+done, testNow); ExitCode(d) != 0 {
		t.Errorf("the stub does not cover its finding: %+v", d.Waivers)
	}
	if e := Explain(d, "services/quiet"); len(e) != 1 || e[0].Waiver != "" {
		t.Errorf("a passing finding has a waiver stub: %+v", e)
	}
}

func TestQuote(t *testing.T) {
	for in, want := range map[string]string{
		"component:services/web": "component:services/web", "file:/etc/a b": `"file:/etc/a b"`,
		"file:/x: y": `"file:/x: y"`, "file:/x\n- rule": `"file:/x\n- rule"`, "file:x:": `"file:x:"`,
	} {
		if got := quote(in); got != want {
			t.Errorf("quote(%q) = %s, want %s", in, got, want)
		}
	}
}
