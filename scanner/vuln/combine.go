package vuln

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// assertion is the content of one record about one package. If several exist,
// they are combined when all are read, so that their order does not matter.
type assertion struct {
	record   string
	modified time.Time
	ids      map[string]bool // all names, including the record's
	// fixes are vulnerabilities that a distribution's advisory covers, each with
	// its own name: a statement that one is harmless does not cover the others.
	fixes    map[string]bool
	general  bool // for the distribution as a whole, not for its release
	answer   answer
	severity string
	fixed    string
	// ecosystem defines the order of versions.
	ecosystem string
}

// hit is one vulnerability of one package.
type hit struct {
	id         string
	ids, fixes map[string]bool
	severity   string
	fixed      string
}

// add records an assertion about a package.
func (m *matcher) add(t *target, a *assertion) {
	if m.assertions++; m.assertions > maxMatches {
		m.err = fmt.Errorf("the databases have more than %d matches with packages of this system", maxMatches)
		return
	}
	t.assertions = append(t.assertions, a)
}

// combine combines all assertions about the packages into results.
func (m *matcher) combine() {
	for _, t := range m.all {
		t.assertions = slices.DeleteFunc(t.assertions, func(a *assertion) bool { return a.modified.Before(m.latest[a.record]) })
		slices.SortStableFunc(t.assertions, func(a, b *assertion) int {
			return cmp.Or(cmp.Compare(a.record, b.record), a.modified.Compare(b.modified), cmp.Compare(a.fixed, b.fixed))
		})
		for _, group := range t.groups() {
			t.decide(group)
		}
	}
}

// groups are the assertions by vulnerability: those that share a name, directly
// or through a third one.
func (t *target) groups() [][]*assertion {
	at := map[string]int{} // by name
	var out [][]*assertion
	for _, a := range t.assertions {
		var same []int
		for id := range a.ids {
			if i, ok := at[id]; ok && !slices.Contains(same, i) {
				same = append(same, i)
			}
		}
		slices.Sort(same)
		if len(same) == 0 {
			same = []int{len(out)}
			out = append(out, nil)
		}
		into := same[0]
		out[into] = append(out[into], a)
		for _, i := range same[1:] {
			out[into] = append(out[into], out[i]...)
			out[i] = nil
		}
		for _, joined := range out[into] {
			for id := range joined.ids {
				at[id] = into
			}
		}
	}
	return slices.DeleteFunc(out, func(g []*assertion) bool { return len(g) == 0 })
}

// decide combines the assertions about one vulnerability into at most one hit.
// Records of the release precede records of the distribution as a whole, which
// cannot know what the release has fixed. Otherwise one record that lists the
// package as affected is enough, and the highest fixed version fixes all.
func (t *target) decide(group []*assertion) {
	if slices.ContainsFunc(group, func(a *assertion) bool { return !a.general }) {
		group = slices.DeleteFunc(group, func(a *assertion) bool { return a.general })
	}
	var h *hit
	open := false
	for _, a := range group {
		open = open || a.answer == undecided
		if a.answer != inside {
			continue
		}
		if h == nil {
			h = &hit{id: a.record, ids: map[string]bool{}, fixes: map[string]bool{}}
		}
		h.id = min(h.id, a.record)
		maps.Copy(h.ids, a.ids)
		maps.Copy(h.fixes, a.fixes)
		h.severity = worse(h.severity, a.severity)
		h.fixed = newest(a.ecosystem, h.fixed, a.fixed)
	}
	if h == nil {
		t.undecided = t.undecided || open
		return
	}
	h.id = canonical(h.id, h.ids)
	t.hits = append(t.hits, h)
}

// newest is the higher one of two versions, or the later text if they cannot be
// compared.
func newest(ecosystem, a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	if c, ok := compare(ecosystem, a, b); ok && c != 0 {
		if c > 0 {
			return a
		}
		return b
	}
	return max(a, b)
}
