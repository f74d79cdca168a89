package report

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// need holds the required properties of the SARIF 2.1.0 schema by JSON path, and the
// values that its enumerations allow.
var need = map[string]struct {
	required []string
	enums    map[string][]string
}{
	"":                            {[]string{"version", "runs"}, map[string][]string{"version": {"2.1.0"}}},
	"runs":                        {[]string{"tool"}, map[string][]string{"columnKind": {"utf16CodeUnits", "unicodeCodePoints"}}},
	"runs.tool":                   {[]string{"driver"}, nil},
	"runs.tool.driver":            {[]string{"name"}, nil},
	"runs.tool.driver.rules":      {[]string{"id"}, nil},
	"runs.tool.driver.rules.help": {[]string{"text"}, nil},
	"runs.tool.driver.rules.shortDescription":     {[]string{"text"}, nil},
	"runs.tool.driver.rules.fullDescription":      {[]string{"text"}, nil},
	"runs.tool.driver.rules.defaultConfiguration": {nil, map[string][]string{"level": {"none", "note", "warning", "error"}}},
	"runs.invocations":                            {[]string{"executionSuccessful"}, nil},
	"runs.invocations.toolExecutionNotifications": {[]string{"message"}, map[string][]string{"level": {"none", "note", "warning", "error"}}},
	"runs.results": {[]string{"message"}, map[string][]string{
		"level": {"none", "note", "warning", "error"}, "kind": {"notApplicable", "pass", "fail", "review", "open", "informational"},
	}},
	"runs.results.message":                            {[]string{"text"}, nil},
	"runs.results.fixes":                              {[]string{"artifactChanges"}, nil},
	"runs.results.fixes.artifactChanges":              {[]string{"artifactLocation", "replacements"}, nil},
	"runs.results.fixes.artifactChanges.replacements": {[]string{"deletedRegion"}, nil},
	"runs.results.suppressions":                       {[]string{"kind"}, map[string][]string{"kind": {"inSource", "external"}, "status": {"accepted", "underReview", "rejected"}}},
}

func checkSARIF(t *testing.T, path string, v any) {
	t.Helper()
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			checkSARIF(t, path, item)
		}
	case map[string]any:
		rule := need[path]
		for _, key := range rule.required {
			if v[key] == nil {
				t.Errorf("%s: %q is missing", path, key)
			}
		}
		for key, allowed := range rule.enums {
			if s, ok := v[key].(string); v[key] != nil && (!ok || !slices.Contains(allowed, s)) {
				t.Errorf("%s.%s: %v is not allowed", path, key, v[key])
			}
		}
		for key, sub := range v {
			checkSARIF(t, strings.TrimPrefix(path+"."+key, "."), sub)
		}
	}
}

func parseSARIF(t *testing.T, d *decision.Decision) (sarifLog, string) {
	t.Helper()
	out := render(t, "sarif", d, Options{Signer: "k", Diff: diffOf})
	var any any
	if err := json.Unmarshal([]byte(out), &any); err != nil {
		t.Fatal(err)
	}
	checkSARIF(t, "", any)
	var log sarifLog
	if err := json.Unmarshal([]byte(out), &log); err != nil {
		t.Fatal(err)
	}
	return log, out
}

func TestSARIF(t *testing.T) {
	log, _ := parseSARIF(t, sample())
	run := log.Runs[0]
	if len(run.Results) != 5 {
		t.Fatalf("%d results: passing and not applicable findings must not become results", len(run.Results))
	}
	byRule := map[string]sarifResult{}
	seen := map[string]bool{}
	for _, r := range run.Results {
		byRule[r.RuleID] = r
		if run.Tool.Driver.Rules[*r.RuleIndex].ID != r.RuleID {
			t.Errorf("%s has the rule index of %s", r.RuleID, run.Tool.Driver.Rules[*r.RuleIndex].ID)
		}
		if p := r.Fingerprints[fingerprintKey]; len(p) != 32 || seen[p] {
			t.Errorf("%s: fingerprint %q", r.RuleID, p)
		} else {
			seen[p] = true
		}
		if (r.Kind == "fail") == (r.Level == "none") {
			t.Errorf("%s: kind %s with level %s", r.RuleID, r.Kind, r.Level)
		}
	}
	place := func(id string) (string, int) {
		p := byRule[id].Locations[0].Physical
		return p.Artifact.URI, p.Region.StartLine
	}
	for id, line := range map[string]int{"CAP-001": 14, "MNT-001": 12, "KCF-008": 2, "SUP-008": 12} {
		if file, got := place(id); file != "examples/insecure.yml" || got != line {
			t.Errorf("%s is at %s:%d, want line %d", id, file, got, line)
		}
	}
	if s := byRule["CAP-010"].Suppressions; len(s) != 1 || s[0].Status != "accepted" || !strings.Contains(s[0].Justification, "network team until 2026-12-01") {
		t.Errorf("waived: %+v", s)
	}
	if r := byRule["KCF-008"]; len(r.Suppressions) != 0 || r.Properties["expiredWaiver"] == nil || r.Level != "error" {
		t.Errorf("expired: %+v", r)
	}
	if byRule["SUP-008"].Kind != "open" || byRule["CAP-001"].Level != "error" || byRule["MNT-001"].Level != "warning" {
		t.Error("not every expected kind and level occurs")
	}
	if help := run.Tool.Driver.Rules[0].Help.Text; !strings.Contains(help, "root without isolation") || !strings.Contains(help, "What to do: List the capabilities") {
		t.Errorf("help %q", help)
	}
}

// A fingerprint depends only on rule, resource and key.
func TestFingerprint(t *testing.T) {
	f := decision.Finding{ID: "A-1", Resource: "image:x", Key: "k"}
	was := Fingerprint(&f)
	f.Message, f.Origin, f.Severity, f.Title = "other", &decision.Origin{Line: 9}, "low", "t"
	if Fingerprint(&f) != was {
		t.Error("a fingerprint changes with the text or the place")
	}
	for _, other := range []decision.Finding{
		{ID: "A-2", Resource: "image:x", Key: "k"}, {ID: "A-1", Resource: "image:y", Key: "k"}, {ID: "A-1", Resource: "image:x", Key: "l"},
		{ID: "A-1", Resource: "image:xk"}, {ID: "A-1i", Resource: "mage:x", Key: "k"},
	} {
		if Fingerprint(&other) == was {
			t.Errorf("%+v has the same fingerprint", other)
		}
	}
}

func TestSARIFHostile(t *testing.T) {
	d := hostile()
	d.Rules = d.Rules[1:] // a finding whose rule is not described
	log, out := parseSARIF(t, d)
	for _, r := range out {
		if r != '\n' && hostileRune(r) {
			t.Fatalf("the log contains %U", r)
		}
	}
	for _, r := range log.Runs[0].Results {
		uri := r.Locations[0].Physical.Artifact.URI
		if strings.ContainsAny(uri, " <>\"\\`\n") {
			t.Errorf("uri %q", uri)
		}
		if r.RuleID == "CAP-001" && r.RuleIndex != nil { // GitHub rejects -1
			t.Errorf("index %d of a rule that does not exist", *r.RuleIndex)
		}
	}
	if help := log.Runs[0].Tool.Driver.Rules[0].Help.Markdown; strings.Contains(strings.ReplaceAll(help, `\<`, ""), "<script") {
		t.Errorf("markdown %q", help)
	}
}

// GitHub cuts or rejects longer texts, and a rule of a user's policy can have them.
func TestSARIFLimits(t *testing.T) {
	t.Parallel()
	d := sample()
	d.Rules[0].Title, d.Rules[0].Description = strings.Repeat("é", 5000), strings.Repeat("é", 5000)
	for range 50 {
		d.Rules[0].Controls = append(d.Rules[0].Controls, "C")
	}
	log, _ := parseSARIF(t, d)
	r := log.Runs[0].Tool.Driver.Rules[0]
	for _, s := range []string{r.ShortDescription.Text, r.FullDescription.Text} {
		if n := utf8.RuneCountInString(s); n > 1024 {
			t.Errorf("a description of %d characters", n)
		}
	}
	if !strings.Contains(r.Help.Text, d.Rules[0].Description) || len(r.Properties["tags"].([]any)) > 20 {
		t.Error("the help is cut, or there are too many tags")
	}
}

// Files are named relative to the top of the repository, in whichever folder of it
// the program runs. A file outside the repository has its full name.
func TestSARIFPlaces(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ root, dir, file, uri, base string }{
		{"", "", "examples/a b.yml", "examples/a%20b.yml", sourceRoot},
		{"/repo", "/repo", "./os.yml", "os.yml", sourceRoot},
		{"/repo", "/repo/systems/web", "os.yml", "systems/web/os.yml", sourceRoot},
		{"/repo", "/repo/systems/web", "../db/os.yml", "systems/db/os.yml", sourceRoot},
		{"/repo", "/repo/systems", "/repo/os.yml", "os.yml", sourceRoot},
		{"/repo", "/repo", "../os.yml", "../os.yml", sourceRoot},
		{"/repo", "/repo", "/tmp/o s.yml", "file:///tmp/o%20s.yml", ""},
	} {
		d := sample()
		d.Findings = d.Findings[1:2]
		d.Findings[0].Origin.File = c.file
		var log sarifLog
		out := render(t, "sarif", d, Options{Root: c.root, Dir: c.dir})
		if parse(t, out, &log); strings.Contains(out, "originalUriBaseIds") {
			t.Error("a base without an address is declared")
		}
		if got := log.Runs[0].Results[0].Locations[0].Physical.Artifact; got != (sarifArtifact{c.uri, c.base}) {
			t.Errorf("%s in %s of %s is %+v", c.file, c.dir, c.root, got)
		}
	}
}

// Lines of a file are not mistaken for lines of the diff format.
func TestSARIFFix(t *testing.T) {
	t.Parallel()
	diff := "--- a/x/os.yml\n+++ b/x/os.yml\n@@ -3,5 +3,4 @@\n a\n--- b\n-@@ -1 +1 @@\n+++ b/c\n ---\n d\n" +
		"@@ -20 +19,2 @@\n-é\n\\ No newline at end of file\n+é\n+f\n\\ No newline at end of file\n" +
		"--- a/y.yml\n+++ b/y.yml\n@@ -0,0 +1 @@\n+g\n"
	f := sample().Findings[1]
	got := fixesSARIF(&f, Options{Root: "/r", Dir: "/r/in", Diff: func(*decision.Finding) string { return diff }})
	want := []sarifChange{
		{sarifArtifact{"in/x/os.yml", sourceRoot}, []sarifReplacement{
			{sarifRegion{4, 1, 6, 1}, &sarifText{"++ b/c\n"}},
			{sarifRegion{20, 1, 20, 2}, &sarifText{"é\nf"}},
		}},
		{sarifArtifact{"in/y.yml", sourceRoot}, []sarifReplacement{{sarifRegion{1, 1, 1, 1}, &sarifText{"g\n"}}}},
	}
	if len(got) != 1 || !reflect.DeepEqual(got[0].Changes, want) {
		t.Errorf("fixes %+v", got)
	}
	for _, broken := range []string{"", "+++ b/x", "@@ -1 +1 @@\n-a\n", "+++ b/x\n@@ -a +b @@\n-x\n", "+++ b/x\n@@ - + @@", "+++ b/x\n@@ -1,9 +1,9 @@\n-a\n"} {
		fixesSARIF(&f, Options{Diff: func(*decision.Finding) string { return broken }})
	}
}
