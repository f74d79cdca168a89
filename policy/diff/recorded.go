package diff

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// waivers compares the waivers: more waivers or longer ones are weaker.
func (c *comparison) waivers() {
	old, new := waiversOf(c.old, c.pairs.resource), waiversOf(c.new, func(s string) string { return s })
	for _, key := range slices.Sorted(maps.Keys(new)) {
		now := new[key]
		before, there := old[key]
		ch := Change{Area: "waivers", Resource: now.Resource + now.Digest, New: now.Expires, Origin: &now.Origin, Rules: []string{now.Rule}}
		switch {
		case !there:
			ch.Direction, ch.Message = Weaker, now.Rule+" is now waived by "+now.Owner+": "+now.Reason
		case now.Expires > before.Expires:
			ch.Direction, ch.Message, ch.Old = Weaker, "the waiver of "+now.Rule+" lasts longer", before.Expires
		case now.Expires < before.Expires:
			ch.Direction, ch.Message, ch.Old = Stronger, "the waiver of "+now.Rule+" ends earlier", before.Expires
		case now.Owner != before.Owner || now.Reason != before.Reason:
			ch.Direction, ch.Message = Changed, "the waiver of "+now.Rule+" has another owner or reason"
			ch.Old, ch.New = before.Owner+": "+before.Reason, now.Owner+": "+now.Reason
		default:
			continue
		}
		c.add(ch)
	}
	for _, key := range slices.Sorted(maps.Keys(old)) {
		if _, there := new[key]; !there {
			w := old[key]
			c.add(Change{Direction: Stronger, Area: "waivers", Resource: w.Resource + w.Digest, Message: w.Rule + " is no longer waived",
				Old: w.Expires, Origin: &w.Origin, Rules: []string{w.Rule}})
		}
	}
}

// waiversOf returns the waivers of the recorded decision, or the given ones for a
// system that is not built.
func waiversOf(s Side, name func(string) string) map[string]decision.Waiver {
	d := s.Decision
	if s.Recorded != nil {
		d = s.Recorded
	}
	out := make(map[string]decision.Waiver, len(d.Waivers))
	for _, w := range d.Waivers {
		out[strings.Join([]string{w.Rule, name(w.Resource), w.Digest}, "\x00")] = w
	}
	return out
}

// recorded compares the policies of the two builds, if both sides are built.
func (c *comparison) recorded() {
	old, new := c.old.Recorded, c.new.Recorded
	if old == nil || new == nil {
		return
	}
	at := "image:" + new.System.Name
	if a, b := old.Policy, new.Policy; a.Name != b.Name || a.Digest != b.Digest {
		ch := Change{Direction: asks(partsOf(a), partsOf(b)), Area: "policy", Resource: at, Message: "was evaluated with another policy",
			Old: a.Name + " " + a.Digest, New: b.Name + " " + b.Digest}
		for _, r := range old.Rules {
			if !slices.ContainsFunc(new.Rules, func(n decision.Rule) bool { return n.ID == r.ID }) {
				ch.Direction, ch.Message = Weaker, "was evaluated with another policy, which requires less"
				ch.use(r.ID, r.Severity)
			}
		}
		c.add(ch)
	}
	if a, b := threshold(old.FailOn), threshold(new.FailOn); a != b {
		ch := Change{Direction: Weaker, Area: "policy", Resource: at, Message: "is now denied only for more severe findings", Old: old.FailOn, New: new.FailOn}
		if b < a {
			ch.Direction, ch.Message = Stronger, "is now also denied for less severe findings"
		}
		c.add(ch)
	}
}

// threshold orders the values of --fail-on; "none" never denies.
func threshold(failOn string) int {
	return cmp.Or(decision.Severity(failOn).Rank(), decision.Critical.Rank()+1)
}

// partsOf returns the names of the policies that were evaluated together. A built-in
// pack is left out if another part changes its data.
func partsOf(p decision.Policy) []string {
	var out []string
	for _, part := range p.Parts {
		out = append(out, part.Name)
	}
	if out == nil {
		out = strings.Split(p.Name, "+")
	}
	return out
}

// asks compares two policies by the names of their parts. The new policy is weaker if
// a part is missing or its strongest pack is a lower one.
func asks(old, new []string) Direction {
	strongest := func(parts []string) int {
		rank := 0
		for _, p := range parts {
			rank = max(rank, decision.PackRank(p))
		}
		return rank
	}
	others := func(have, want []string) bool {
		return slices.ContainsFunc(want, func(p string) bool { return decision.PackRank(p) == 0 && !slices.Contains(have, p) })
	}
	switch a, b := strongest(old), strongest(new); {
	case b < a || others(new, old):
		return Weaker
	case b > a || others(old, new):
		return Stronger
	}
	return Changed
}
