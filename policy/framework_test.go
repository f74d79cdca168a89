package policy

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/policy/framework"
	"github.com/seaworthy-os/seaworthy/policy/policytest"
)

// twoRules returns a folder in which CAP-001 has the findings of its parameter, and
// USR-001 is only in hardened.
func twoRules(framework string) fstest.MapFS {
	return policytest.With(policytest.BaseFS(), map[string]string{
		"os/CAP-001.rego": policytest.RuleFile("CAP-001", `
checked contains sprintf("component:%s", [c.id]) if some c in input.components

fail contains {"id": "CAP-001", "resource": r, "key": "k", "message": "bad"} if some r in data.outcome.fail

unknown contains {"resource": r, "reason": "no information"} if some r in data.outcome.unknown

not_applicable contains {"resource": r, "reason": "no such thing"} if some r in data.outcome.not_applicable

not_applicable contains {"resource": r, "reason": "allowed: it has to"} if some r in data.outcome.allowed
`),
		"data/outcome.json": `{"outcome": {"fail": [], "unknown": [], "not_applicable": [], "allowed": []}}`,
		"data/kconfig.json": `{"kconfig": [
			{"option": "CONFIG_A", "rule": "CAP-001", "pack": "baseline", "sources": ["SRC R1"]},
			{"option": "CONFIG_B", "rule": "CAP-001", "pack": "hardened", "sources": ["SRC R1"]},
			{"option": "CONFIG_C", "rule": "CAP-001", "pack": "baseline", "sources": ["SRC R15"]},
			{"option": "CONFIG_D", "rule": "CAP-001", "pack": "baseline", "sources": ["SRC R1"], "arches": ["riscv64"]}]}`,
		"frameworks/fw.yaml": framework,
	})
}

const fw = `fw:
  title: A catalogue
  version: "2"
  url: https://example.org/fw
  cite: FW {id}
  controls:
`

func TestControlStates(t *testing.T) {
	web, quiet := "component:services/web", "component:services/quiet"
	outcome := func(fail, unknown, na string) string {
		return `{"outcome": {"fail": [` + fail + `], "unknown": [` + unknown + `], "not_applicable": [` + na + `]}}`
	}
	quoted := func(s ...string) string { return `"` + strings.Join(s, `", "`) + `"` }
	waiver := func(expires string) string {
		return "waivers:\n  - {rule: CAP-001, resource: " + web + ", reason: we know, owner: ops, expires: " + expires + "}\n"
	}
	const checked, unsure = `{id: "1", title: t, checked: [CAP-001]}`, `{id: "1", title: t, unsure: [CAP-001]}`
	for name, c := range map[string]struct {
		control, outcome, waivers, policy string
		want                              decision.Control
	}{
		"passes": {control: checked, want: decision.Control{State: decision.Satisfied, Confidence: framework.Checked}},
		"fails": {control: checked, outcome: outcome(quoted(web), quoted(quiet), ""),
			want: decision.Control{State: decision.NotSatisfied, Confidence: framework.Checked, Reason: "fails: CAP-001 on " + web}},
		"fails twice": {control: checked, outcome: outcome(quoted(web, quiet), "", ""),
			want: decision.Control{State: decision.NotSatisfied, Confidence: framework.Checked, Reason: "fails: CAP-001 on 2 resources"}},
		"unknown": {control: checked, outcome: outcome("", quoted(quiet), ""),
			want: decision.Control{State: decision.NotAssessed, Reason: "unknown: no information"}},
		"waived": {control: checked, outcome: outcome(quoted(web), "", ""), waivers: waiver("2026-12-31"),
			want: decision.Control{State: decision.ControlWaived, Confidence: framework.Checked, Reason: "waived: CAP-001 on " + web}},
		"waived and unknown": {control: checked, outcome: outcome(quoted(web), quoted(quiet), ""), waivers: waiver("2026-12-31"),
			want: decision.Control{State: decision.NotAssessed, Reason: "unknown: no information"}},
		"expired": {control: checked, outcome: outcome(quoted(web), "", ""), waivers: waiver("2026-01-31"),
			want: decision.Control{State: decision.NotSatisfied, Confidence: framework.Checked, Reason: "fails: CAP-001 on " + web + "; a waiver expired 2026-01-31"}},
		"partly not applicable": {control: checked, outcome: outcome("", "", quoted(web)), want: decision.Control{State: decision.Satisfied, Confidence: framework.Checked}},
		"not applicable": {control: checked, outcome: outcome("", "", quoted(web, quiet)),
			want: decision.Control{State: decision.NotAssessed, Reason: "not applicable: no such thing"}},
		"no rule": {control: `{id: "1", title: t}`, want: decision.Control{State: decision.NotAssessed, Reason: "no rule covers it"}},
		"unsure":  {control: unsure, want: decision.Control{State: decision.Satisfied, Confidence: framework.Unsure}},
		"the checked one of two": {control: `{id: "1", title: t, unsure: [CAP-001], checked: [CAP-001@` + quiet + `]}`,
			want: decision.Control{State: decision.Satisfied, Confidence: framework.Checked}},
		"a checked pass, an unsure fail": {control: `{id: "1", title: t, unsure: [CAP-001], checked: [CAP-001@` + quiet + `]}`, outcome: outcome(quoted(web), "", ""),
			want: decision.Control{State: decision.NotSatisfied, Confidence: framework.Unsure, Reason: "fails: CAP-001 on " + web}},
		"one resource": {control: `{id: "1", title: t, checked: [CAP-001@` + quiet + `]}`, outcome: outcome(quoted(web), "", ""),
			want: decision.Control{State: decision.Satisfied, Confidence: framework.Checked}},
		"a missing resource": {control: `{id: "1", title: t, checked: [CAP-001@kernel:CONFIG_X]}`,
			want: decision.Control{State: decision.NotAssessed, Reason: "no check that covers it applies to this system"}},
		"stronger pack": {control: `{id: "1", title: t, checked: [USR-001]}`,
			want: decision.Control{State: decision.NotAssessed, Partial: true, Reason: "baseline has no check that covers it; not evaluated: USR-001 (in hardened only)"}},
		"partly in a stronger pack": {control: `{id: "1", title: t, checked: [USR-001, CAP-001]}`,
			want: decision.Control{State: decision.Satisfied, Confidence: framework.Checked, Partial: true, Reason: "not evaluated: USR-001 (in hardened only)"}},
		"in that pack": {control: `{id: "1", title: t, checked: [USR-001]}`, policy: "hardened",
			want: decision.Control{State: decision.NotAssessed, Reason: "not applicable: no users here"}},
		"passes, and decides nothing": {control: `{id: "1", title: t, checked: [CAP-001], decides: []}`,
			want: decision.Control{State: decision.NotAssessed, Reason: "rules can find violations of it, but no rule can show that it is met"}},
		"fails, and decides nothing": {control: `{id: "1", title: t, unsure: [CAP-001], decides: []}`, outcome: outcome(quoted(web), "", ""),
			want: decision.Control{State: decision.NotSatisfied, Confidence: framework.Unsure, Reason: "fails: CAP-001 on " + web}},
		"what decides it is in a stronger pack": {control: `{id: "1", title: t, checked: [CAP-001, USR-001], decides: [USR-001]}`,
			want: decision.Control{State: decision.NotAssessed, Partial: true, Reason: "baseline has no check that decides it; not evaluated: USR-001 (in hardened only)"}},
		"what decides it is not applicable": {control: `{id: "1", title: t, checked: [CAP-001, USR-001], decides: [USR-001]}`, policy: "hardened",
			want: decision.Control{State: decision.NotAssessed, Reason: "not applicable: no users here"}},
		"what decides it is not here": {control: `{id: "1", title: t, checked: [CAP-001, CAP-001@kernel:CONFIG_X], decides: [CAP-001@kernel:CONFIG_X]}`,
			want: decision.Control{State: decision.NotAssessed, Reason: "no check that decides it applies to this system"}},
		"an allowance": {control: checked, outcome: `{"outcome": {"fail": [], "unknown": [], "not_applicable": [], "allowed": ["` + web + `"]}}`,
			want: decision.Control{State: decision.Satisfied, Confidence: framework.Checked, Partial: true, Reason: "CAP-001 on " + web + " is allowed: it has to"}},
		"only a part of what decides it": {control: `{id: "1", title: t, checked: [CAP-001, USR-001], decides: [CAP-001, USR-001]}`,
			want: decision.Control{State: decision.NotAssessed, Partial: true, Reason: "baseline has only some of the checks that decide it; not evaluated: USR-001 (in hardened only)"}},
		"only some rows that decide it": {control: `{id: "1", title: t, checked: [CAP-001, "rows:SRC R1"], decides: ["rows:SRC R1"]}`,
			want: decision.Control{State: decision.NotAssessed, Partial: true, Reason: "baseline has no check that decides it; not evaluated: kernel:CONFIG_B (in hardened only)"}},
		"what decides it passes": {control: `{id: "1", title: t, unsure: [CAP-001], checked: [CAP-001@` + quiet + `], decides: [CAP-001@` + quiet + `]}`,
			want: decision.Control{State: decision.Satisfied, Confidence: framework.Checked}},
		"of another architecture": {control: `{id: "1", title: t, arches: [arm64, riscv64], checked: [CAP-001]}`, outcome: outcome(quoted(web), "", ""),
			want: decision.Control{State: decision.NotAssessed, Reason: "the control is for arm64, riscv64, but the system is amd64"}},
		"of this architecture": {control: `{id: "1", title: t, arches: [amd64], checked: [CAP-001]}`, want: decision.Control{State: decision.Satisfied, Confidence: framework.Checked}},
		"gap": {control: `{id: "1", title: t, gap: half of it, checked: [CAP-001]}`,
			want: decision.Control{State: decision.Satisfied, Confidence: framework.Checked, Partial: true, Gap: "half of it"}},
		"rows": {control: `{id: "1", title: t, checked: ["rows:SRC R1"]}`, outcome: outcome(quoted("kernel:CONFIG_A", "kernel:CONFIG_C"), "", ""),
			want: decision.Control{State: decision.NotSatisfied, Confidence: framework.Checked, Partial: true, Reason: "fails: CAP-001 on kernel:CONFIG_A; not evaluated: kernel:CONFIG_B (in hardened only)"}},
		"rows of the other control": {control: `{id: "1", title: t, checked: ["rows:SRC R1"]}`, outcome: outcome(quoted("kernel:CONFIG_C"), "", ""), policy: "hardened",
			want: decision.Control{State: decision.NotAssessed, Reason: "no check that covers it applies to this system"}},
		"rows of a stronger pack": {control: `{id: "1", title: t, checked: ["rows:SRC R1"]}`, outcome: outcome(quoted("kernel:CONFIG_B"), "", ""), policy: "hardened",
			want: decision.Control{State: decision.NotSatisfied, Confidence: framework.Checked, Reason: "fails: CAP-001 on kernel:CONFIG_B"}},
		"one row": {control: `{id: "1", title: t, checked: ["rows:SRC@kernel:CONFIG_C"]}`, outcome: outcome(quoted("kernel:CONFIG_A", "kernel:CONFIG_C"), "", ""),
			want: decision.Control{State: decision.NotSatisfied, Confidence: framework.Checked, Reason: "fails: CAP-001 on kernel:CONFIG_C"}},
		"rows of no kernel": {control: `{id: "1", title: t, checked: ["rows:SRC R15"]}`, outcome: outcome("", quoted(web), ""),
			want: decision.Control{State: decision.NotAssessed, Reason: "unknown: no information"}},
		"rows of another architecture": {control: `{id: "1", title: t, checked: ["rows:SRC@kernel:CONFIG_D"]}`, outcome: outcome(quoted("kernel:CONFIG_D"), "", ""),
			want: decision.Control{State: decision.NotAssessed, Reason: "no check that covers it applies to this system"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fs := twoRules(fw + "    - " + c.control + "\n")
			if c.outcome != "" {
				fs = policytest.With(fs, map[string]string{"data/outcome.json": c.outcome})
			}
			o := Options{Policy: c.policy, Frameworks: []string{"fw"}}
			if c.waivers != "" {
				o.Waivers = policytest.WriteFile(t, t.TempDir(), "w.yml", c.waivers)
			}
			d := mustRun(t, fs, policytest.Facts(), o)
			if len(d.Frameworks) != 1 || len(d.Frameworks[0].Controls) != 1 {
				t.Fatalf("frameworks %+v", d.Frameworks)
			}
			got := d.Frameworks[0].Controls[0]
			for _, i := range got.Findings {
				if id := d.Findings[i].ID; id != "CAP-001" && id != "USR-001" {
					t.Errorf("finding %d is of %s", i, id)
				}
			}
			decided := got.State != decision.NotAssessed
			if decided && len(got.Findings) == 0 {
				t.Error("an answer without facts")
			}
			c.want.ID, c.want.Title = "1", "t"
			got.Rules, got.Findings = nil, nil
			if a, b := asJSON(t, got), asJSON(t, c.want); a != b {
				t.Errorf("got  %s\nwant %s", a, b)
			}
		})
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// A framework view has the rules with their confidence. It changes neither the
// findings nor the policy's digest nor the verdict.
func TestFrameworkView(t *testing.T) {
	fs := twoRules(fw + "    - {id: \"1\", title: t, unsure: [USR-001], checked: [CAP-001, \"rows:SRC R1\"], decides: [CAP-001]}\n")
	plain := mustRun(t, fs, policytest.Facts(), Options{})
	d := mustRun(t, fs, policytest.Facts(), Options{Frameworks: []string{"fw", "fw"}})
	if len(plain.Frameworks) != 0 || len(d.Frameworks) != 1 {
		t.Fatalf("%d views unasked, %d asked for", len(plain.Frameworks), len(d.Frameworks))
	}
	view := d.Frameworks[0]
	rules := `[{"id":"CAP-001","confidence":"checked"},{"id":"USR-001","confidence":"unsure","aside":true,"onlyIn":"hardened"}]`
	if got := asJSON(t, view.Controls[0].Rules); got != rules {
		t.Errorf("rules %s", got)
	}
	if view.Title != "A catalogue" || view.Version != "2" || view.URL != "https://example.org/fw" || view.Digest != digests.Of(fs["frameworks/fw.yaml"].Data) {
		t.Errorf("view %+v", view)
	}
	d.Frameworks = nil
	if a, b := asJSON(t, plain), asJSON(t, d); a != b {
		t.Errorf("a view changes the decision:\n%s\n%s", a, b)
	}
}

func TestFrameworkErrors(t *testing.T) {
	for name, c := range map[string]struct {
		file  string
		words []string
	}{
		"unknown name":       {"", []string{`"fw"`, "does not exist"}},
		"not its name":       {"other: {title: t}", []string{"its own name", "fw.yaml"}},
		"two keys":           {"fw: {title: t}\nx: 1", []string{"one key"}},
		"list":               {"[fw]", []string{"one key"}},
		"no YAML":            {"fw: [", []string{"fw.yaml:1"}},
		"alias":              {"fw: &a {title: *a}", []string{"aliases"}},
		"no title":           {"fw: {controls: [{id: a, title: b}]}", []string{"no title"}},
		"no controls":        {"fw: {title: t}", []string{"no controls"}},
		"unknown key":        {"fw: {title: t, name: x}", []string{`"name"`, "fw.yaml:1:16"}},
		"address":            {"fw: {title: t, url: 'javascript:alert(1)', controls: [{id: a, title: b}]}", []string{"javascript"}},
		"cite":               {"fw: {title: t, cite: FW, controls: [{id: a, title: b}]}", []string{`cite "FW"`}},
		"control's key":      {"fw: {title: t, controls: [{id: a, title: b, rules: [CAP-001]}]}", []string{`"rules"`}},
		"control's id":       {"fw: {title: t, controls: [{title: b}]}", []string{"an id and a title"}},
		"duplicate control":  {"fw: {title: t, controls: [{id: a, title: b}, {id: a, title: b}]}", []string{`duplicate control "a"`}},
		"text":               {"fw: {title: [t], controls: [{id: a, title: b}]}", []string{"fw.yaml:1:13"}},
		"long text":          {"fw: {title: " + strings.Repeat("x", 501) + ", controls: [{id: a, title: b}]}", []string{"500"}},
		"term":               {"fw: {title: t, controls: [{id: a, title: b, checked: [cap]}]}", []string{`"cap" selects no findings`}},
		"resource":           {"fw: {title: t, controls: [{id: a, title: b, checked: [CAP-001@x]}]}", []string{`"CAP-001@x"`}},
		"source":             {"fw: {title: t, controls: [{id: a, title: b, checked: ['rows:']}]}", []string{`"rows:"`}},
		"term twice":         {"fw: {title: t, controls: [{id: a, title: b, checked: [CAP-001], unsure: [CAP-001]}]}", []string{"duplicate term"}},
		"decides":            {"fw: {title: t, controls: [{id: a, title: b, checked: [CAP-001], decides: [CAP-002]}]}", []string{`"CAP-002" is not a term`}},
		"architecture":       {"fw: {title: t, controls: [{id: a, title: b, arches: [{}]}]}", []string{"arches: must be text, not a mapping"}},
		"rule not there":     {"fw: {title: t, controls: [{id: a, title: b, checked: [CAP-999]}]}", []string{`"CAP-999"`, "does not exist"}},
		"too many controls":  {"fw:\n  title: t\n  controls:\n" + strings.Repeat("    - {}\n", 2001), []string{"at most 2000"}},
		"too many documents": {"fw: {title: t}\n---\nx: 1", []string{"more than one"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fs := twoRules(c.file)
			fs = policytest.With(fs, map[string]string{"frameworks/other.yaml": "other: {title: t, controls: [{id: a, title: b}]}"})
			_, err := run(t, fs, policytest.Facts(), Options{Frameworks: []string{"fw"}})
			policytest.WantError(t, err, system.ErrInput, c.words...)
		})
	}
}

// A folder can have its own catalogues, and its rules join built-in catalogues by
// their annotations.
func TestFrameworkOfFolder(t *testing.T) {
	base := twoRules(fw + "    - {id: \"1\", title: t, checked: [CAP-001]}\n    - {id: \"2\", title: t}\n")
	own := strings.Replace(policytest.RuleFile("OWN-001", `
fail contains {"id": "OWN-001", "resource": "image:demo", "key": "k", "message": "m"}
`), "CIS-D 5.4", `FW 2, "FW 1?"`, 1)
	folder := func(t *testing.T, files map[string]string) string {
		dir := t.TempDir()
		policytest.WriteFile(t, dir, "OWN-001.rego", own)
		for name, content := range files {
			policytest.WriteFile(t, dir, name, content)
		}
		return dir
	}
	const ours = "ours: {title: Ours, controls: [{id: A, title: a, checked: [OWN-001, CAP-001]}]}"
	t.Run("beside", func(t *testing.T) {
		dir := folder(t, map[string]string{"packs/p.yaml": "mine: {includes: baseline, rules: [OWN-001]}", "frameworks/ours.yaml": ours})
		d := mustRun(t, base, policytest.Facts(), Options{Policy: dir, Frameworks: []string{"ours", "fw"}})
		a, one, two := d.Frameworks[0].Controls[0], d.Frameworks[1].Controls[0], d.Frameworks[1].Controls[1]
		if a.State != decision.NotSatisfied || len(a.Findings) != 3 || a.Partial {
			t.Errorf("own catalogue: %+v", a)
		}
		if two.State != decision.NotSatisfied || two.Confidence != framework.Checked || asJSON(t, two.Rules) != `[{"id":"OWN-001","confidence":"checked"}]` {
			t.Errorf("joined control: %+v", two)
		}
		if one.State != decision.NotSatisfied || one.Confidence != framework.Unsure || len(one.Rules) != 2 {
			t.Errorf("joined unsurely: %+v", one)
		}
	})
	t.Run("instead", func(t *testing.T) {
		d := mustRun(t, base, policytest.Facts(), Options{Policy: folder(t, map[string]string{"frameworks/ours.yaml": ours}), Frameworks: []string{"ours"}})
		c := d.Frameworks[0].Controls[0]
		if !c.Partial || !strings.Contains(c.Reason, "not evaluated: CAP-001 (in baseline only)") || len(c.Findings) != 1 {
			t.Errorf("%+v", c)
		}
	})
	for name, c := range map[string]struct{ file, content, word string }{
		"hostile":      {"frameworks/x.yaml", "x: &a [*a, *a]", "aliases"},
		"deep":         {"frameworks/x.yaml", "x: " + strings.Repeat("[", 5000), "x.yaml"},
		"built in":     {"frameworks/fw.yaml", "fw: {title: t, controls: [{id: a, title: b}]}", "built in"},
		"missing rule": {"frameworks/x.yaml", "x: {title: t, controls: [{id: a, title: b, checked: [OWN-002]}]}", "OWN-002"},
		"broken":       {"frameworks/x.yaml", "x: {title: t, controls: {}}", "a list"},
	} {
		t.Run(name, func(t *testing.T) {
			// It is refused even if the catalogue is not requested.
			_, err := run(t, base, policytest.Facts(), Options{Policy: folder(t, map[string]string{c.file: c.content})})
			policytest.WantError(t, err, system.ErrInput, c.word)
		})
	}
	t.Run("two policies", func(t *testing.T) {
		other := t.TempDir()
		policytest.WriteFile(t, other, "OWN-002.rego", strings.NewReplacer("OWN-001", "OWN-002", "OWN_001", "OWN_002").Replace(own))
		policytest.WriteFile(t, other, "frameworks/ours.yaml", strings.ReplaceAll(ours, "OWN-001", "OWN-002"))
		_, err := run(t, base, policytest.Facts(), Options{Policies: []Source{{Name: folder(t, map[string]string{"frameworks/ours.yaml": ours})}, {Name: other}}})
		policytest.WantError(t, err, system.ErrInput, `"ours" is in two policies`)
	})
}

// Every built-in catalogue can be answered with reproducible bytes. Every answer
// except "not assessed" refers to findings.
func TestBuiltinFrameworks(t *testing.T) {
	library, err := linked()
	if err != nil {
		t.Fatal(err)
	}
	names := library.FrameworkNames()
	f := policytest.Facts()
	f.Components[0].Spec = json.RawMessage(`{"process":{"capabilities":{"bounding":["CAP_SYS_ADMIN"]}},"linux":{}}`)
	f.Kernel.Config.Options = map[string]string{"CONFIG_MODULES": "y", "CONFIG_BUG": "y"}
	var first []byte
	for range 2 {
		d, err := Decide(context.Background(), f, Options{Policy: "strict", Now: testNow, Frameworks: names})
		if err != nil {
			t.Fatal(err)
		}
		for _, fw := range d.Frameworks {
			for _, c := range fw.Controls {
				if (c.State == decision.NotAssessed) != (c.Confidence == "") || c.State != decision.NotAssessed && len(c.Findings) == 0 {
					t.Errorf("%s %s: %+v", fw.ID, c.ID, c)
				}
			}
		}
		raw := []byte(asJSON(t, d))
		if first == nil {
			first = raw
		}
		if !bytes.Equal(first, raw) {
			t.Error("two decisions differ")
		}
	}
}
