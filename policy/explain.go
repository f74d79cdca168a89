package policy

import (
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/internal/words"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// Explanation is everything about one finding: its rule, and a waiver that would cover
// it. The owner of the waiver has to complete it.
type Explanation struct {
	Rule    decision.Rule
	Finding decision.Finding
	// Waiver is YAML to paste below `waivers:`. It is "" if the finding does not fail.
	Waiver string
}

// stubDays is the validity of a proposed waiver: a quarter of a year.
const stubDays = 90

// Explain finds the findings for a name: a rule's id, a resource, ID@RESOURCE, or
// ID@RESOURCE@KEY. "component:" can be left out. The findings are in the order of the
// decision. There are none if the name matches nothing.
func Explain(d *decision.Decision, name string) []Explanation {
	id, rest, both := strings.Cut(name, "@")
	is := func(f *decision.Finding, resource string) bool {
		return resource == f.Resource || "component:"+resource == f.Resource
	}
	rules := make(map[string]decision.Rule, len(d.Rules))
	for _, r := range d.Rules {
		rules[r.ID] = r
	}
	var out []Explanation
	for _, f := range d.Findings {
		switch {
		case !both && !strings.EqualFold(f.ID, name) && !is(&f, name):
			continue
		case both && (!strings.EqualFold(f.ID, id) || !is(&f, rest) && !is(&f, strings.TrimSuffix(rest, "@"+f.Key))):
			continue
		}
		e := Explanation{Rule: rules[f.ID], Finding: f}
		if f.State == decision.StateFail {
			e.Waiver = stub(&f, d.Date)
		}
		out = append(out, e)
	}
	return out
}

// stub is a waiver for a finding. Its owner and reason are empty, and the file is
// refused until they are filled in.
func stub(f *decision.Finding, date string) string {
	expires := "YYYY-MM-DD"
	if day, err := time.Parse(time.DateOnly, date); err == nil {
		expires = day.AddDate(0, 0, stubDays).Format(time.DateOnly)
	}
	return "- rule: " + f.ID + "\n" +
		"  resource: " + quote(f.Resource) + "\n" +
		"  reason:   # why this is acceptable\n" +
		"  owner:    # who is responsible\n" +
		"  expires: " + expires + "\n"
}

// quote writes a text as YAML. It is unquoted if every reader understands it unquoted.
func quote(s string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:"
	if s != "" && strings.Trim(s, plain) == "" && !strings.HasSuffix(s, ":") {
		return s
	}
	return words.JSON(s)
}
