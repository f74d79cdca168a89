// Package diff compares two systems. A change is weaker if the new system may do more
// than the old one, stronger if it may do less, and otherwise just a change. The
// comparison uses facts, which describe the system that would boot, and the findings
// of one policy in these facts. It never compares texts of os.yml.
//
// Each container is a set of grants (a capability, a host namespace, a writable bind)
// and a set of confinements (a read-only root, a mask, a limit). More grants or fewer
// confinements are weaker. For the kernel, its command line and sysctls, more is not
// always weaker, so the rules give the direction.
package diff

import (
	"cmp"
	"slices"

	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// Direction says what a change means for security.
type Direction string

// The directions. Changed means that the change is neither weaker nor stronger, or
// that its direction is unknown.
const (
	Weaker   Direction = "weaker"
	Stronger Direction = "stronger"
	Changed  Direction = "changed"
)

// Side is one of the two systems.
type Side struct {
	// Name is what the caller calls the system.
	Name  string
	Facts *facts.Facts
	// Decision is the result of one policy for the facts. The policy is the same for
	// both sides.
	Decision *decision.Decision
	// Recorded is the decision from the build of the image; nil for a system that is
	// not built.
	Recorded *decision.Decision
}

// Change is one difference.
type Change struct {
	Direction Direction `json:"direction"`
	// Area is the kind of setting that changed: "capabilities", "kernel options".
	Area string `json:"area"`
	// Resource is written as in findings: component:services/web, kernel:CONFIG_X.
	Resource string `json:"resource"`
	Message  string `json:"message"`
	// Old and New are the values, nil where there is none.
	Old any `json:"old,omitempty"`
	New any `json:"new,omitempty"`
	// Rules are the ids of the rules that fail only on the worse side.
	Rules []string `json:"rules,omitempty"`
	// Severity is the highest severity of Rules, "" without rules.
	Severity decision.Severity `json:"severity,omitempty"`
	// Origin says who set the value on the new side. If the new side has no value, it
	// is the origin on the old side.
	Origin *decision.Origin `json:"origin,omitempty"`
}

// Result holds all changes: weaker first, then stronger, then changed. In each
// direction they are sorted by area, resource and message.
type Result struct {
	Old     string   `json:"old"`
	New     string   `json:"new"`
	Changes []Change `json:"changes"`
}

// Count returns the number of changes of a direction.
func (r *Result) Count(d Direction) int {
	n := 0
	for i := range r.Changes {
		if r.Changes[i].Direction == d {
			n++
		}
	}
	return n
}

// Compare returns the changes from old to new.
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
	// reported holds the pointers into the current component's spec that a change is
	// about.
	reported map[string]bool
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
