// Package waiver reads waivers and applies them to a decision. A waiver is an
// exception to a rule with an expiry date, an owner and a reason.
package waiver

import (
	"slices"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// Set holds the waivers of a file.
type Set struct {
	// List has the order of the file. It is never nil after Read.
	List []decision.Waiver
	// Digest is sha256:HEX of the file, "" without one.
	Digest string
}

// warnBefore is the time before its expiry from which a waiver has a warning.
const warnBefore = 14 * 24 * time.Hour

// Apply sets the waiver of each failing finding that one covers, and sets d.Waivers.
// If the only waiver of a finding has expired, the finding still fails and shows the
// waiver. An unknown finding cannot be waived. A waiver has expired if its last day
// is before now.
func (s *Set) Apply(d *decision.Decision, f *facts.Facts, now time.Time) {
	s = &Set{List: slices.Clone(s.List)} // Used is per system, so each call starts with a copy
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

// covering returns the waiver of a finding, or nil. A valid waiver is preferred to an
// expired one, then the first in the file.
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

// componentDigests returns the digests of each component's image and manifest by
// resource.
func componentDigests(f *facts.Facts) map[string][]string {
	out := make(map[string][]string, len(f.Components))
	for i := range f.Components {
		c := &f.Components[i]
		out["component:"+c.ID] = []string{c.Image.Digest, c.Image.Manifest}
	}
	return out
}

// judge sets Expired, Soon and Warning. A waiver is valid until the end of its day,
// UTC. Warnings contain dates instead of remaining days, so outputs do not change
// every day.
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
