package report

import (
	"encoding/xml"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// junitSchema holds the requirements of Ant's schema for JUnit XML: the attributes of
// an element, the required ones, and the children in order.
var junitSchema = map[string]struct{ attrs, required, children []string }{
	"testsuites": {nil, nil, []string{"testsuite"}},
	"testsuite": {[]string{"name", "package", "id", "timestamp", "hostname", "tests", "failures", "errors", "skipped", "time"},
		[]string{"name", "package", "id", "timestamp", "hostname", "tests", "failures", "errors", "time"},
		[]string{"properties", "testcase", "system-out", "system-err"}},
	"properties": {nil, nil, []string{"property"}},
	"property":   {[]string{"name", "value"}, []string{"name", "value"}, nil},
	"testcase":   {[]string{"name", "classname", "time"}, []string{"name", "classname", "time"}, []string{"skipped", "error", "failure"}},
	"failure":    {[]string{"message", "type"}, []string{"type"}, nil},
	"error":      {[]string{"message", "type"}, []string{"type"}, nil},
	"skipped":    {[]string{"message"}, nil, nil},
	"system-out": {}, "system-err": {},
}

// parseJUnit parses XML strictly and checks it against the schema.
func parseJUnit(t *testing.T, s string) junitSuites {
	t.Helper()
	type frame struct {
		name string
		last int
		once int
	}
	stack := []frame{{name: ""}}
	dec := xml.NewDecoder(strings.NewReader(s))
	for {
		tok, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			name, parent := tok.Name.Local, &stack[len(stack)-1]
			rule, known := junitSchema[name]
			if !known {
				t.Fatalf("element %s", name)
			}
			if parent.name != "" {
				at := slices.Index(junitSchema[parent.name].children, name)
				if at < parent.last {
					t.Errorf("%s is not allowed here in %s", name, parent.name)
				}
				if parent.once++; parent.name == "testcase" && parent.once > 1 {
					t.Error("a case with two results")
				}
				parent.last = at
			}
			var attrs []string
			for _, a := range tok.Attr {
				attrs = append(attrs, a.Name.Local)
				if !slices.Contains(rule.attrs, a.Name.Local) {
					t.Errorf("%s has an attribute %s", name, a.Name.Local)
				}
				if a.Name.Local == "timestamp" && !regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$`).MatchString(a.Value) {
					t.Errorf("timestamp %q", a.Value)
				}
			}
			for _, a := range rule.required {
				if !slices.Contains(attrs, a) {
					t.Errorf("%s has no %s", name, a)
				}
			}
			stack = append(stack, frame{name: name})
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		}
	}
	var out junitSuites
	if err := xml.Unmarshal([]byte(s), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestJUnit(t *testing.T) {
	t.Parallel()
	d := sample()
	d.Findings[6].Origin = &decision.Origin{Layer: "config", File: "kernel/config"}
	suites := parseJUnit(t, render(t, "junit", d, Options{Diff: diffOf})).Suites
	names := map[string]bool{}
	cases := map[string]junitCase{}
	for i, s := range suites {
		if s.ID != i || s.Timestamp != "1970-01-01T00:00:00" {
			t.Errorf("suite %d: id %d at %s", i, s.ID, s.Timestamp)
		}
		for _, c := range s.Cases {
			if names[c.Class+c.Name] {
				t.Errorf("two cases %q", c.Name)
			}
			names[c.Class+c.Name] = true
			cases[strings.Fields(c.Name)[0]] = c
		}
	}
	if len(names) != len(sample().Findings) {
		t.Errorf("%d cases", len(names))
	}
	c := cases["CAP-001"]
	if c.Class != "seaworthy.insecure.services/nginx" || c.Failure == nil || c.Failure.Type != "critical" ||
		!strings.Contains(c.Failure.Text, "At: examples/insecure.yml:14:7") || !strings.Contains(c.Failure.Text, "\n+    capabilities: [CAP_NET_BIND_SERVICE]") {
		t.Errorf("CAP-001: %+v", c)
	}
	if c := cases["KCF-008"]; c.Failure == nil || !strings.HasSuffix(c.Failure.Text, "\nAt: kernel/config\n") {
		t.Errorf("a file without lines: %+v", c.Failure)
	}
	if c := cases["CAP-010"]; c.Skipped == nil || !strings.Contains(c.Skipped.Message, "waived by network team until 2026-12-01") {
		t.Errorf("waived: %+v", c)
	}
	if c := cases["JNT-001"]; c.Skipped == nil || c.Skipped.Message != "not applicable: the system has nothing that this rule checks" {
		t.Errorf("not applicable: %+v", c)
	}
	if c := cases["SUP-008"]; c.Error == nil {
		t.Errorf("unknown: %+v", c)
	}
	if c := cases["IMG-002"]; c.Error != nil || c.Failure != nil || c.Skipped != nil {
		t.Errorf("pass: %+v", c)
	}
}
