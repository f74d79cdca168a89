package diff

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// failing holds the failing findings that only one side has.
type failing struct {
	// worse holds findings that fail only on the new side, or have a higher severity
	// there. better holds findings that fail only on the old side, or have a lower
	// severity on the new one.
	worse, better map[string][]*decision.Finding // by resource
	// was holds the severity on the old side of findings that fail on both sides.
	was      map[*decision.Finding]decision.Severity
	reported map[*decision.Finding]bool
}

func newFailing(old, new *decision.Decision, p *pairs) *failing {
	before, after := bad(old, p.resource), bad(new, func(s string) string { return s })
	f := &failing{worse: map[string][]*decision.Finding{}, better: map[string][]*decision.Finding{},
		was: map[*decision.Finding]decision.Severity{}, reported: map[*decision.Finding]bool{}}
	for key, now := range after {
		then := before[key]
		switch {
		case then == nil:
			f.worse[now.Resource] = append(f.worse[now.Resource], now)
		case now.Severity.Rank() > then.Severity.Rank():
			f.was[now] = then.Severity
			f.worse[now.Resource] = append(f.worse[now.Resource], now)
		case now.Severity.Rank() < then.Severity.Rank():
			f.was[now] = then.Severity
			f.better[now.Resource] = append(f.better[now.Resource], now)
		}
	}
	for key, then := range before {
		if after[key] == nil {
			f.better[then.Resource] = append(f.better[then.Resource], then)
		}
	}
	for _, side := range []map[string][]*decision.Finding{f.worse, f.better} {
		for _, list := range side {
			slices.SortFunc(list, func(a, b *decision.Finding) int { return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Key, b.Key)) })
		}
	}
	return f
}

// bad returns the findings that fail, waived or not, and the unknown ones: a waiver
// changes who is responsible, not what boots. name returns the new side's name of a
// resource.
func bad(d *decision.Decision, name func(string) string) map[string]*decision.Finding {
	out := map[string]*decision.Finding{}
	for i := range d.Findings {
		switch f := &d.Findings[i]; f.State {
		case decision.StateFail, decision.StateWaived, decision.StateUnknown:
			out[strings.Join([]string{f.ID, name(f.Resource), f.Key}, "\x00")] = f
		}
	}
	return out
}

// direct sets the direction of a change by the rules for its setting. If the rules
// disagree, the change is weaker: an improvement must not hide a weakness.
func (f *failing) direct(ch *Change) {
	ch.Direction = Changed
	use := func(list []*decision.Finding, d Direction) {
		ch.Direction = d
		for _, finding := range list {
			f.reported[finding] = true
			ch.use(finding.ID, finding.Severity)
		}
	}
	if better := f.better[ch.Resource]; len(better) > 0 {
		use(better, Stronger)
	}
	if worse := f.worse[ch.Resource]; len(worse) > 0 {
		ch.Rules, ch.Severity = nil, ""
		use(worse, Weaker)
	}
}

// use adds a rule that fails on the worse side.
func (ch *Change) use(id string, s decision.Severity) {
	if !slices.Contains(ch.Rules, id) {
		ch.Rules = append(ch.Rules, id)
	}
	if s.Rank() > ch.Severity.Rank() {
		ch.Severity = s
	}
}

// rules reports the findings that no change of a setting has reported.
func (c *comparison) rules() {
	report := func(side map[string][]*decision.Finding, d Direction, prefix string) {
		for _, resource := range slices.Sorted(maps.Keys(side)) {
			for _, f := range side[resource] {
				if c.failing.reported[f] {
					continue
				}
				verb := prefix + " fails: "
				if was, both := c.failing.was[f]; both {
					verb = fmt.Sprintf(" is now %s, was %s: ", f.Severity, was)
				} else if f.State == decision.StateUnknown {
					verb = prefix + " is unknown: "
				}
				c.add(Change{Direction: d, Area: "rules", Resource: resource, Message: f.ID + verb + f.Message,
					Rules: []string{f.ID}, Severity: f.Severity, Origin: f.Origin})
			}
		}
	}
	report(c.failing.worse, Weaker, " now")
	report(c.failing.better, Stronger, " no longer")
}
