package vuln

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// record is one entry of OSV, or CISA's whole catalogue. They have no field in
// common.
type record struct {
	ID        string     `json:"id"`
	Modified  string     `json:"modified"`
	Withdrawn string     `json:"withdrawn"`
	Aliases   []string   `json:"aliases"`
	Upstream  []string   `json:"upstream"`
	Related   []string   `json:"related"`
	Severity  []score    `json:"severity"`
	Affected  []affected `json:"affected"`
	Specific  specific   `json:"database_specific"`

	CatalogVersion  string `json:"catalogVersion"`
	DateReleased    string `json:"dateReleased"`
	Vulnerabilities []struct {
		CVE string `json:"cveID"`
	} `json:"vulnerabilities"`
}

type affected struct {
	Package struct {
		Ecosystem string `json:"ecosystem"`
		Name      string `json:"name"`
	} `json:"package"`
	Severity  []score       `json:"severity"`
	Ranges    []versionSpan `json:"ranges"`
	Versions  []string      `json:"versions"`
	Ecosystem specific      `json:"ecosystem_specific"`
	Specific  specific      `json:"database_specific"`
}

type versionSpan struct {
	Type   string  `json:"type"`
	Events []event `json:"events"`
}

type event struct {
	Introduced   string `json:"introduced"`
	Fixed        string `json:"fixed"`
	LastAffected string `json:"last_affected"`
	Limit        string `json:"limit"`
}

// osv adds one record.
func (m *matcher) osv(r *record) error {
	modified, err := date(r.Modified)
	if err != nil {
		return fmt.Errorf("OSV record %q: member \"modified\": %w", r.ID, err)
	}
	if len(r.Aliases)+len(r.Upstream)+len(r.Related) > maxNames {
		return fmt.Errorf("OSV record %q has more than %d aliases", r.ID, maxNames)
	}
	for i := range r.Affected {
		if m.wantedEcosystems[ecosystem(r.Affected[i].Package.Ecosystem)] && m.latest[r.ID].Before(modified) {
			m.latest[r.ID] = modified
		}
	}
	if r.Withdrawn != "" {
		withdrawn, err := date(r.Withdrawn)
		if err != nil {
			return fmt.Errorf("OSV record %q: member \"withdrawn\": %w", r.ID, err)
		}
		if !withdrawn.After(m.now) {
			return nil
		}
	}
	ids, fixes := r.names()
	id := canonical(r.ID, ids)
	level := worse(r.Specific.level(), scored(r.Severity))
	if exploited, _ := r.Specific.Exploited.(bool); exploited {
		m.exploited[id] = true
	}
	for i := range r.Affected {
		a := &r.Affected[i]
		eco := ecosystem(a.Package.Ecosystem)
		m.inDatabases[eco] = true
		for _, l := range m.wanted[name{eco, packageName(eco, a.Package.Name)}] {
			fixed, answer := a.covers(eco, l.version)
			m.add(l.target, &assertion{record: r.ID, modified: modified, ids: ids, fixes: fixes, general: l.general,
				answer: answer, severity: a.level(level), fixed: fixed, ecosystem: eco})
		}
	}
	// A distribution's record is about its package. The severity of a CVE comes
	// from other records.
	if level != "" && cve.MatchString(id) {
		m.severities[id] = worse(m.severities[id], level)
	}
	return nil
}

// date reads a time or a date.
func date(s string) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t, nil
	}
	return time.Time{}, fmt.Errorf("%q is not a date", s)
}

// names returns the names of the vulnerability, and the vulnerabilities that an
// advisory fixes: more than one upstream, or the related ones if a distribution
// has no upstream.
func (r *record) names() (ids, fixes map[string]bool) {
	ids, fixes = map[string]bool{r.ID: true}, map[string]bool{}
	for _, id := range r.Aliases {
		ids[id] = true
	}
	about := r.Upstream
	if len(about) == 0 && len(r.Aliases) == 0 && slices.ContainsFunc(r.Affected, func(a affected) bool { return distribution(a.Package.Ecosystem) }) {
		about = slices.DeleteFunc(slices.Clone(r.Related), func(id string) bool { return !cve.MatchString(id) })
	}
	if len(about) == 1 {
		ids[about[0]] = true
		return ids, fixes
	}
	for _, id := range about {
		fixes[id] = true
	}
	return ids, fixes
}

// level is the severity of this package or, without one, that of the record.
func (a *affected) level(record string) string {
	return cmp.Or(worse(worse(a.Ecosystem.level(), a.Specific.level()), scored(a.Severity)), record)
}

// answer is the result for one version.
type answer int

const (
	outside answer = iota
	undecided
	inside
)

// covers reports whether a version is affected, and which version fixes it.
func (a *affected) covers(eco, version string) (fixed string, is answer) {
	if slices.Contains(a.Versions, version) || slices.Contains(a.Versions, strings.TrimPrefix(version, "v")) {
		is = inside
	}
	read := len(a.Versions) > 0
	for _, r := range a.Ranges {
		if r.Type != "ECOSYSTEM" && r.Type != "SEMVER" {
			continue // commits in a repository
		}
		read = true
		fix, one := r.covers(eco, version)
		is = max(is, one)
		if one == inside {
			fixed = newest(eco, fixed, fix)
		}
	}
	switch {
	case !read:
		return "", undecided
	case is == inside && fixed == "":
		fixed = a.next(eco, version)
	case is != inside:
		fixed = ""
	}
	return fixed, is
}

// next is the first fixed version above this one, in any range, because a
// version may be affected only by being listed. If it has no place in the order
// of the ranges, the last fixed version is the answer.
func (a *affected) next(eco, version string) string {
	first, last, sure := "", "", true
	for _, r := range a.Ranges {
		for _, e := range r.Events {
			if e.Fixed == "" || r.Type == "GIT" {
				continue
			}
			c, ok := compare(eco, version, e.Fixed)
			sure = sure && ok
			last = newest(eco, last, e.Fixed)
			if c < 0 && (first == "" || newest(eco, first, e.Fixed) == first) {
				first = e.Fixed
			}
		}
	}
	if !sure {
		return last
	}
	return first
}

// covers applies the events up to the version. The last one counts. If versions
// cannot be compared, the answer is unknown.
func (r versionSpan) covers(eco, version string) (fixed string, is answer) {
	if r.Type == "SEMVER" && !ordered(eco) {
		eco = "SEMVER"
	}
	w := walk{eco: eco, version: version, sure: true}
	w.order(version, version) // "0" would also match a text that is not a version
	// A range without a beginning gives no answer.
	w.sure = w.sure && slices.ContainsFunc(r.Events, func(e event) bool { return e.Introduced != "" })
	for _, e := range r.Events {
		// An event is one change. An event with several members counts as
		// several.
		if e.Introduced != "" {
			w.introduced(e.Introduced)
		}
		if e.Fixed != "" {
			w.fixedAt(e.Fixed)
		}
		if e.LastAffected != "" && w.order(version, e.LastAffected) > 0 && w.newer(e.LastAffected) {
			w.is, w.last = outside, e.LastAffected
		}
		if e.Limit != "" {
			w.limited = true
			w.within = w.within || e.Limit == "*" || w.order(version, e.Limit) < 0
		}
	}
	switch {
	case !w.sure:
		return "", undecided
	case w.limited && !w.within:
		return "", outside
	}
	return w.fixed, w.is
}

// walk is the state while the events of one range are applied, up to a version.
type walk struct {
	eco, version    string
	sure            bool
	limited, within bool
	is              answer
	// last is the newest version at which the state changed, "" for none.
	last, fixed string
}

func (w *walk) order(a, b string) int {
	c, ok := compare(w.eco, a, b)
	w.sure = w.sure && ok
	return c
}

func (w *walk) newer(v string) bool { return w.last == "" || w.order(v, w.last) >= 0 }

func (w *walk) introduced(v string) {
	switch {
	case v == "0":
		if w.last == "" {
			w.is = inside
		}
	case w.order(w.version, v) >= 0 && w.newer(v):
		w.is, w.last = inside, v
	}
}

func (w *walk) fixedAt(v string) {
	switch c := w.order(w.version, v); {
	case c >= 0 && w.newer(v):
		w.is, w.last = outside, v
	case c < 0 && (w.fixed == "" || w.order(v, w.fixed) < 0):
		w.fixed = v
	}
}

// kev adds the catalogue of exploited vulnerabilities.
func (m *matcher) kev(r *record) error {
	for i, v := range r.Vulnerabilities {
		if !cve.MatchString(v.CVE) {
			return fmt.Errorf("vulnerability %d: cveID is %q", i, v.CVE)
		}
		m.exploited[v.CVE] = true
	}
	return nil
}

var errNoForm = errors.New("the format is not OSV, Debian's security tracker or CISA's catalogue")
