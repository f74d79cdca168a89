package report

import (
	"bytes"
	"encoding/xml"
	"io"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/internal/safetext"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// JUnit XML follows the schema of Ant, which is the strictest; Jenkins, GitLab and
// the readers of Surefire accept it too. A suite is a component or a kind of
// resource. A case is a finding: failing findings are failures, unknown ones are
// errors, waived and not applicable ones are skipped with a reason. Ant's schema has
// no file attribute for a case, so the place is part of the text.

type junitSuites struct {
	XMLName xml.Name     `xml:"testsuites"`
	Suites  []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string          `xml:"name,attr"`
	Package    string          `xml:"package,attr"`
	ID         int             `xml:"id,attr"`
	Timestamp  string          `xml:"timestamp,attr"`
	Hostname   string          `xml:"hostname,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Skipped    int             `xml:"skipped,attr"`
	Time       int             `xml:"time,attr"`
	Properties []junitProperty `xml:"properties>property"`
	Cases      []junitCase     `xml:"testcase"`
	Out        string          `xml:"system-out"`
	Err        string          `xml:"system-err"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Name    string       `xml:"name,attr"`
	Class   string       `xml:"classname,attr"`
	Time    int          `xml:"time,attr"`
	Failure *junitResult `xml:"failure"`
	Error   *junitResult `xml:"error"`
	Skipped *junitResult `xml:"skipped"`
}

type junitResult struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

func writeJUnit(w io.Writer, d *decision.Decision, o Options) error {
	var out junitSuites
	for _, g := range groups(d, decision.StateFail, decision.StateUnknown, decision.StateWaived, decision.StatePass, decision.StateNotApplicable) {
		s := junitSuite{
			Name: clean(g.name), Package: "seaworthy." + segment(d.System.Name), ID: len(out.Suites),
			Timestamp: epoch(o).Format("2006-01-02T15:04:05"), Hostname: "localhost", Tests: len(g.findings),
			Properties: []junitProperty{
				{"verdict", string(d.Verdict)}, {"policy", clean(d.Policy.Name)}, {"policyDigest", clean(d.Policy.Digest)}, {"failOn", clean(d.FailOn)},
			},
		}
		if g.component != nil {
			s.Properties = append(s.Properties, junitProperty{"image", clean(g.component.Image)}, junitProperty{"digest", clean(g.component.Digest)})
		}
		for _, note := range d.Notes {
			s.Properties = append(s.Properties, junitProperty{"note", clean(note)})
		}
		for _, f := range g.findings {
			s.add(caseJUnit(d, f, o, s.Package+"."+segment(g.name)))
		}
		out.Suites = append(out.Suites, s)
	}
	b := bytes.NewBufferString(xml.Header)
	enc := xml.NewEncoder(b)
	enc.Indent("", "  ")
	if err := enc.Encode(out); err != nil {
		return err
	}
	b.WriteByte('\n')
	_, err := w.Write(safetext.XML(b.Bytes()))
	return err
}

func (s *junitSuite) add(c junitCase) {
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Error != nil:
		s.Errors++
	case c.Skipped != nil:
		s.Skipped++
	}
	s.Cases = append(s.Cases, c)
}

func caseJUnit(d *decision.Decision, f *decision.Finding, o Options, class string) junitCase {
	c := junitCase{Name: caseName(f), Class: class}
	switch f.State {
	case decision.StateFail:
		c.Failure = &junitResult{clean(f.Message), string(f.Severity), caseText(d, f, o)}
	case decision.StateUnknown:
		c.Error = &junitResult{clean(f.Message), "unknown", caseText(d, f, o)}
	case decision.StateWaived:
		c.Skipped = &junitResult{Message: "waived"}
		if f.Waiver != nil {
			c.Skipped.Message += ": " + waiverWords(f.Waiver)
		}
	case decision.StateNotApplicable:
		c.Skipped = &junitResult{Message: strings.TrimSuffix("not applicable: "+clean(f.Message), ": ")}
	}
	return c
}

// caseName returns a name that is the same in every run and unique in its suite.
// Readers use it to track how long a case has been failing.
func caseName(f *decision.Finding) string {
	name := clean(f.ID + " " + f.Title)
	if !strings.HasPrefix(f.Resource, "component:") {
		name += " (" + clean(f.Resource) + ")"
	}
	if f.Key != "" && !strings.HasSuffix(f.Resource, ":"+f.Key) {
		name += " [" + clean(f.Key) + "]"
	}
	return name
}

func caseText(d *decision.Decision, f *decision.Finding, o Options) string {
	text := message(d, f)
	if at, ok := spotOf(d, f, o); ok {
		text += "\nAt: " + clean(at.String())
	}
	if diff := edit(f, o); len(diff) > 0 {
		text += "\n\n" + strings.Join(diff, "\n")
	}
	return text + "\n"
}

// segment returns a name as one part of a dotted class name.
func segment(s string) string { return strings.ReplaceAll(clean(s), ".", "_") }

func epoch(o Options) time.Time {
	if o.Time.IsZero() {
		return time.Unix(0, 0).UTC()
	}
	return o.Time.UTC()
}
