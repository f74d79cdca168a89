package diff

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// failing is what one policy finds on one side and not on the other.
type failing struct {
	// worse fail on the new side alone, better on the old side alone.
	worse, better map[string][]*decision.Finding // by resource
	told          map[*decision.Finding]bool
}

func newFailing(old, new *decision.Decision) *failing {
	before, after := bad(old), bad(new)
	f := &failing{worse: map[string][]*decision.Finding{}, better: map[string][]*decision.Finding{}, told: map[*decision.Finding]bool{}}
	for key, finding := range after {
		if before[key] == nil {
			f.worse[finding.Resource] = append(f.worse[finding.Resource], finding)
		}
	}
	for key, finding := range before {
		if after[key] == nil {
			f.better[finding.Resource] = append(f.better[finding.Resource], finding)
		}
	}
	for _, side := range []map[string][]*decision.Finding{f.worse, f.better} {
		for _, list := range side {
			slices.SortFunc(list, func(a, b *decision.Finding) int { return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Key, b.Key)) })
		}
	}
	return f
}

// bad are the findings that fail, waived or not, and those that are unknown: a
// waiver changes who answers for it, not what boots.
func bad(d *decision.Decision) map[string]*decision.Finding {
	out := map[string]*decision.Finding{}
	for i := range d.Findings {
		switch f := &d.Findings[i]; f.State {
		case decision.StateFail, decision.StateWaived, decision.StateUnknown:
			out[strings.Join([]string{f.ID, f.Resource, f.Key}, "\x00")] = f
		}
	}
	return out
}

// direct gives a change of one setting the direction that the rules on it say.
// Where they disagree it is weaker: nothing that got worse is hidden by
// something that got better.
func (f *failing) direct(ch *Change) {
	ch.Direction = Changed
	use := func(list []*decision.Finding, d Direction) {
		ch.Direction = d
		for _, finding := range list {
			f.told[finding] = true
			if !slices.Contains(ch.Rules, finding.ID) {
				ch.Rules = append(ch.Rules, finding.ID)
			}
			if finding.Severity.Rank() > ch.Severity.Rank() {
				ch.Severity = finding.Severity
			}
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

// rules tells the findings that no setting above has told.
func (c *comparison) rules() {
	tell := func(side map[string][]*decision.Finding, d Direction, prefix string) {
		for _, resource := range slices.Sorted(maps.Keys(side)) {
			for _, f := range side[resource] {
				if c.failing.told[f] {
					continue
				}
				verb := prefix + " fails: "
				if f.State == decision.StateUnknown {
					verb = prefix + " is unknown: "
				}
				c.add(Change{Direction: d, Area: "rules", Resource: resource, Message: f.ID + verb + f.Message,
					Rules: []string{f.ID}, Severity: f.Severity, Origin: f.Origin})
			}
		}
	}
	tell(c.failing.worse, Weaker, " now")
	tell(c.failing.better, Stronger, " no longer")
}

// waivers compares the exceptions: more, or longer ones, are weaker.
func (c *comparison) waivers() {
	old, new := waiversOf(c.old), waiversOf(c.new)
	for _, key := range slices.Sorted(maps.Keys(new)) {
		now := new[key]
		before, there := old[key]
		ch := Change{Area: "waivers", Resource: now.Resource + now.Digest, New: now.Expires, Origin: &now.Origin, Rules: []string{now.Rule}}
		switch {
		case !there:
			ch.Direction, ch.Message = Weaker, now.Rule+" is waived now, by "+now.Owner+": "+now.Reason
		case now.Expires > before.Expires:
			ch.Direction, ch.Message, ch.Old = Weaker, "the waiver of "+now.Rule+" lasts longer", before.Expires
		case now.Expires < before.Expires:
			ch.Direction, ch.Message, ch.Old = Stronger, "the waiver of "+now.Rule+" ends earlier", before.Expires
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

// waiversOf are those that the image was built with, else those that were
// given.
func waiversOf(s Side) map[string]decision.Waiver {
	d := s.Decision
	if s.Recorded != nil {
		d = s.Recorded
	}
	out := make(map[string]decision.Waiver, len(d.Waivers))
	for _, w := range d.Waivers {
		out[strings.Join([]string{w.Rule, w.Resource, w.Digest}, "\x00")] = w
	}
	return out
}

// packs by how much they ask.
var packs = []string{"baseline", "hardened", "strict"}

// recorded compares what the two images were built by, where both were.
func (c *comparison) recorded() {
	old, new := c.old.Recorded, c.new.Recorded
	if old == nil || new == nil || old.Policy.Name == new.Policy.Name && old.Policy.Digest == new.Policy.Digest {
		return
	}
	ch := Change{Direction: Changed, Area: "policy", Resource: "image:" + new.System.Name, Message: "was decided by another policy",
		Old: old.Policy.Name + " " + old.Policy.Digest, New: new.Policy.Name + " " + new.Policy.Digest}
	if a, b := slices.Index(packs, old.Policy.Name), slices.Index(packs, new.Policy.Name); a >= 0 && b >= 0 && a != b {
		ch.Direction = Stronger
		if b < a {
			ch.Direction = Weaker
		}
	}
	c.add(ch)
}
