// Package waiver reads waivers, which are dated exceptions to rules, each with an
// owner and a reason, and applies them to a decision.
package waiver

import (
	"slices"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// Set is a waiver file.
type Set struct {
	// List is in the order of the file, never nil.
	List []decision.Waiver
	// Digest is sha256:HEX of the file, "" without one.
	Digest string
}

// warnBefore is how long before its expiry a waiver is warned about.
const warnBefore = 14 * 24 * time.Hour

// Apply lets waivers cover failing findings, and sets d.Waivers. A finding whose
// only waiver has expired still fails, and shows the waiver. An unknown finding
// cannot be waived. now is the time that expiry is judged by.
func (s *Set) Apply(d *decision.Decision, f *facts.Facts, now time.Time) {
	s = &Set{List: slices.Clone(s.List)} // the next system has not used any yet
	for i := range s.List {
		judge(&s.List[i], now)
	}
	digests := componentDigests(f)
	for i := range d.Findings {
		finding := &d.Findings[i]
		if finding.State != decision.StateFail {
			continue
		}
		w := s.covering(finding, digests)
		if w == nil {
			continue
		}
		w.Used = true
		copied := *w
		finding.Waiver = &copied
		if !w.Expired {
			finding.State = decision.StateWaived
		}
	}
	for i := range s.List {
		w := &s.List[i]
		if !w.Used {
			w.Warning = strings.TrimPrefix(w.Warning+"; matches nothing", "; ")
		}
	}
	d.Waivers = s.List
}

// covering is the waiver for a finding: a valid one before an expired one, the
// first in the file among equals.
func (s *Set) covering(f *decision.Finding, digests map[string][]string) *decision.Waiver {
	var expired *decision.Waiver
	for i := range s.List {
		w := &s.List[i]
		if w.Rule != f.ID || !covers(w, f.Resource, digests) {
			continue
		}
		if !w.Expired {
			return w
		}
		if expired == nil {
			expired = w
		}
	}
	return expired
}

func covers(w *decision.Waiver, resource string, digests map[string][]string) bool {
	if w.Resource != "" {
		return w.Resource == resource
	}
	for _, digest := range digests[resource] {
		if digest == w.Digest {
			return true
		}
	}
	return false
}

// componentDigests are the digests of each component's image and manifest, by
// resource.
func componentDigests(f *facts.Facts) map[string][]string {
	out := make(map[string][]string, len(f.Components))
	for i := range f.Components {
		c := &f.Components[i]
		out["component:"+c.ID] = []string{c.Image.Digest, c.Image.Manifest}
	}
	return out
}

// judge sets Expired, Soon and Warning. A waiver is valid to the end of its day,
// UTC. Texts hold dates and never countdowns, so that outputs change only when
// something does.
func judge(w *decision.Waiver, now time.Time) {
	day, err := time.Parse(time.DateOnly, w.Expires)
	end := day.Add(24 * time.Hour)
	switch {
	case err != nil || !now.Before(end):
		w.Expired = true
		w.Warning = "expired " + w.Expires
	case !now.Before(end.Add(-warnBefore)):
		w.Soon = true
	}
}
