// Package diff says how one system differs from another: what it may do that
// the other may not (weaker), what it may no longer do (stronger), and what
// merely changed. It compares facts, which say what would boot, and what one
// policy finds in them; never texts of os.yml.
//
// Each container is taken as a set of grants (a capability, a host namespace, a
// writable bind) and of confinements (a read-only root, a mask, a limit). More
// of the first or fewer of the second is weaker. For the kernel, its command
// line and sysctls, where more is not always worse, the rules tell the
// direction.
package diff

import (
	"cmp"
	"slices"

	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// Direction is what a change means for safety.
type Direction string

// The directions; Changed is neither, or nobody can tell.
const (
	Weaker   Direction = "weaker"
	Stronger Direction = "stronger"
	Changed  Direction = "changed"
)

// Side is one of the two systems.
type Side struct {
	// Name is how the caller called it.
	Name  string
	Facts *facts.Facts
	// Decision is what one policy, the same for both sides, finds in the facts.
	Decision *decision.Decision
	// Recorded is the decision that was made when the image was built; nil for
	// a system that is not built.
	Recorded *decision.Decision
}

// Change is one difference.
type Change struct {
	Direction Direction `json:"direction"`
	// Area is what kind of thing changed: "capabilities", "kernel options".
	Area string `json:"area"`
	// Resource as findings name it: component:services/web, kernel:CONFIG_X.
	Resource string `json:"resource"`
	Message  string `json:"message"`
	// Old and New are the values where there are any.
	Old any `json:"old,omitempty"`
	New any `json:"new,omitempty"`
	// Rules that fail on the worse side alone.
	Rules []string `json:"rules,omitempty"`
	// Severity is the worst of Rules', "" without one.
	Severity decision.Severity `json:"severity,omitempty"`
	// Origin is who set the value on the new side, or on the old one where the
	// new one has none.
	Origin *decision.Origin `json:"origin,omitempty"`
}

// Result is all that differs, sorted: weaker first, then stronger, then
// changed; within each by area, resource and message.
type Result struct {
	Old     string   `json:"old"`
	New     string   `json:"new"`
	Changes []Change `json:"changes"`
}

// Count is how many changes have a direction.
func (r *Result) Count(d Direction) int {
	n := 0
	for i := range r.Changes {
		if r.Changes[i].Direction == d {
			n++
		}
	}
	return n
}

// Compare tells what is different in new.
func Compare(old, new Side) *Result {
	p := pair(old.Facts, new.Facts)
	c := &comparison{old: old, new: new, pairs: p, failing: newFailing(old.Decision, new.Decision, p)}
	c.components()
	c.kernel()
	c.files()
	c.rules()
	c.waivers()
	c.recorded()
	return c.result(old.Name, new.Name)
}

// comparison collects changes.
type comparison struct {
	old, new Side
	pairs    *pairs
	failing  *failing
	changes  []Change
	// told are the pointers into the spec of the component at hand that a
	// change is about.
	told map[string]bool
}

func (c *comparison) add(ch Change) { c.changes = append(c.changes, ch) }

func (c *comparison) result(old, new string) *Result {
	rank := map[Direction]int{Weaker: 0, Stronger: 1, Changed: 2}
	slices.SortStableFunc(c.changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(rank[a.Direction], rank[b.Direction]), cmp.Compare(b.Severity.Rank(), a.Severity.Rank()),
			cmp.Compare(a.Area, b.Area), cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Message, b.Message))
	})
	if c.changes == nil {
		c.changes = []Change{}
	}
	return &Result{Old: old, New: new, Changes: c.changes}
}
