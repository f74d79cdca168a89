package diff

import (
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/policy/decision"
)

func TestWaiversAndPolicies(t *testing.T) {
	t.Parallel()
	with := func(policy string, list ...decision.Waiver) Side {
		s := side(base())
		s.Recorded = &decision.Decision{Policy: decision.Policy{Name: policy}, Waivers: list}
		return s
	}
	w := decision.Waiver{Rule: "CAP-003", Resource: "component:services/web", Owner: "ops", Reason: "why", Expires: "2027-01-31"}
	longer := w
	longer.Expires = "2027-06-30"
	for name, c := range map[string]struct {
		old, new Side
		want     string
	}{
		"added":    {with("hardened"), with("hardened", w), "weaker waivers component:services/web: CAP-003 is now waived by ops: why"},
		"removed":  {with("hardened", w), with("hardened"), "stronger waivers component:services/web: CAP-003 is no longer waived"},
		"longer":   {with("hardened", w), with("hardened", longer), "weaker waivers component:services/web: the waiver of CAP-003 lasts longer"},
		"shorter":  {with("hardened", longer), with("hardened", w), "stronger waivers component:services/web: the waiver of CAP-003 ends earlier"},
		"the same": {with("hardened", w), with("hardened", w), ""},
		"pack":     {with("hardened"), with("baseline"), "weaker policy image:: was evaluated with another policy"},
		"own pack": {with("hardened"), with("dir:ours"), "weaker policy image:: was evaluated with another policy"},
		"both":     {with("hardened"), with("hardened+dir:ours"), "stronger policy image:: was evaluated with another policy"},
		"part":     {with("strict+dir:ours"), with("strict"), "weaker policy image:: was evaluated with another policy"},
	} {
		if got := lines(Compare(c.old, c.new)); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// The policies of two builds differ in their rules or in what they deny.
func TestRecorded(t *testing.T) {
	t.Parallel()
	built := func(digest, failOn string, rules ...string) Side {
		s := side(base())
		s.Recorded = &decision.Decision{Policy: decision.Policy{Name: "dir:ours", Digest: digest}, FailOn: failOn}
		for _, id := range rules {
			s.Recorded.Rules = append(s.Recorded.Rules, decision.Rule{ID: id, Severity: decision.High})
		}
		return s
	}
	for name, c := range map[string]struct {
		old, new Side
		want     string
	}{
		"the same":   {built("1", "low", "A-001"), built("1", "low", "A-001"), ""},
		"fewer":      {built("1", "low", "A-001", "A-002"), built("2", "low", "A-001"), "weaker policy image:: was evaluated with another policy, which requires less"},
		"more":       {built("1", "low", "A-001"), built("2", "low", "A-001", "A-002"), "changed policy image:: was evaluated with another policy"},
		"tolerant":   {built("1", "low"), built("1", "critical"), "weaker policy image:: is now denied only for more severe findings"},
		"not at all": {built("1", "critical"), built("1", "none"), "weaker policy image:: is now denied only for more severe findings"},
		"strict":     {built("1", "none"), built("1", "low"), "stronger policy image:: is now also denied for less severe findings"},
	} {
		r := Compare(c.old, c.new)
		if got := lines(r); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
		if name == "fewer" && (strings.Join(r.Changes[0].Rules, " ") != "A-002" || r.Changes[0].Severity != decision.High) {
			t.Errorf("%+v", r.Changes[0])
		}
	}
	// A built-in pack is not a part if another part changes its data.
	old, now := built("1", "low"), built("2", "low")
	ours := decision.PolicyPart{Name: "dir:ours", Source: decision.SourceDir}
	old.Recorded.Policy.Parts = []decision.PolicyPart{ours, {Name: "hardened", Source: decision.SourceBuiltin, IncludedBy: "dir:ours"}}
	now.Recorded.Policy.Parts = []decision.PolicyPart{ours}
	if got := lines(Compare(old, now)); got != "weaker policy image:: was evaluated with another policy" {
		t.Errorf("%s", got)
	}
}

func TestPolicyPins(t *testing.T) {
	t.Parallel()
	p := func(name, digest string) []Pin {
		return []Pin{{Area: "policy", Resource: PolicyPin, Name: name, Digest: digest}}
	}
	for name, c := range map[string]struct {
		old, new []Pin
		want     string
	}{
		"lower":   {p("strict", "1"), p("baseline", "2"), "weaker policy policy: is now baseline, was strict"},
		"higher":  {p("baseline", "1"), p("hardened", "2"), "stronger policy policy: is now hardened, was baseline"},
		"dropped": {p("hardened+oci:ours", "1"), p("hardened", "2"), "weaker policy policy: is now hardened, was hardened+oci:ours"},
		"gone":    {p("baseline", "1"), nil, "weaker policy policy: is no longer pinned"},
		"digest":  {p("baseline", "1"), p("baseline", "2"), "changed policy policy: is pinned to another digest"},
		"new":     {nil, p("baseline", "1"), "changed policy policy: is new"},
	} {
		if got := lines(ComparePins("a", "b", c.old, c.new)); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestPins(t *testing.T) {
	t.Parallel()
	p := func(name, digest string) Pin {
		return Pin{Area: "components", Resource: "image:" + name, Digest: digest}
	}
	r := ComparePins("a", "b", []Pin{p("same", "1"), p("moved", "1"), p("loose", "1"), p("gone", "1")}, []Pin{p("same", "1"), p("moved", "2"), p("loose", ""), p("new", "1")})
	want := `weaker components image:loose: is no longer pinned
changed components image:gone: was removed
changed components image:moved: is pinned to another digest
changed components image:new: is new`
	if got := lines(r); got != want {
		t.Errorf("%s", got)
	}
}
