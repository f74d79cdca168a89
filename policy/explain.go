package policy

import (
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/internal/words"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// Explanation is all that is known about one finding: what its rule asks and
// why, and a waiver that would cover it, to be completed by whoever owns it.
type Explanation struct {
	Rule    decision.Rule
	Finding decision.Finding
	// Waiver is YAML to paste below `waivers:`, "" where nothing fails.
	Waiver string
}

// stubDays is how long a proposed waiver lasts: a quarter.
const stubDays = 90

// Explain finds the findings that a name means: a rule's id, a resource, or
// both as ID@RESOURCE, or ID@RESOURCE@KEY. "component:" may be left out. They
// come in the decision's order; none where the name matches nothing.
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

// stub is a waiver for a finding. Its owner and reason are left to be filled
// in, and the file is refused until they are.
func stub(f *decision.Finding, date string) string {
	expires := "YYYY-MM-DD"
	if day, err := time.Parse(time.DateOnly, date); err == nil {
		expires = day.AddDate(0, 0, stubDays).Format(time.DateOnly)
	}
	return "- rule: " + f.ID + "\n" +
		"  resource: " + quote(f.Resource) + "\n" +
		"  reason:   # why this is acceptable\n" +
		"  owner:    # who answers for it\n" +
		"  expires: " + expires + "\n"
}

// quote writes a text as YAML: plain where every reader takes it as it is.
func quote(s string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:"
	if s != "" && strings.Trim(s, plain) == "" && !strings.HasSuffix(s, ":") {
		return s
	}
	return words.JSON(s)
}
