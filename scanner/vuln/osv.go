package vuln

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// record is one entry of OSV, or CISA's whole catalogue: they have no field in
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

// osv takes in one record.
func (m *matcher) osv(r *record) error {
	if r.Modified == "" {
		return fmt.Errorf("OSV record %q has no date (modified)", r.ID)
	}
	if len(r.Aliases)+len(r.Upstream)+len(r.Related) > maxNames {
		return fmt.Errorf("OSV record %q has more than %d other names", r.ID, maxNames)
	}
	if r.Withdrawn != "" {
		return nil
	}
	ids, mends := r.names()
	id := canonical(r.ID, ids)
	level := worse(r.Specific.level(), scored(r.Severity))
	if exploited, _ := r.Specific.Exploited.(bool); exploited {
		m.exploited[id] = true
	}
	hits := map[*target]*hit{}
	for i := range r.Affected {
		a := &r.Affected[i]
		eco := ecosystem(a.Package.Ecosystem)
		m.spoken[eco] = true
		for _, t := range m.wanted[name{eco, packageName(eco, a.Package.Name)}] {
			fixed, answer := a.covers(eco, t.version)
			switch {
			case answer == undecided:
				t.undecided = true
			case answer == inside && hits[t] == nil:
				hits[t] = &hit{id: id, ids: maps.Clone(ids), mends: maps.Clone(mends), severity: a.level(level), fixed: fixed}
			case answer == inside:
				hits[t].severity = worse(hits[t].severity, a.level(level))
				hits[t].fixed = cmp.Or(hits[t].fixed, fixed)
			}
		}
	}
	for t, h := range hits { // each of a target of its own: any order will do
		m.add(t, h)
	}
	// A distribution's record names a package; how bad a CVE is, others know.
	if level != "" && cve.MatchString(id) {
		m.severities[id] = worse(m.severities[id], level)
	}
	return nil
}

// names are those of the vulnerability, and the vulnerabilities that an
// advisory mends: more than one upstream, or what a distribution that knows no
// upstream calls related.
func (r *record) names() (ids, mends map[string]bool) {
	ids, mends = map[string]bool{r.ID: true}, map[string]bool{}
	for _, id := range r.Aliases {
		ids[id] = true
	}
	about := r.Upstream
	if len(about) == 0 && len(r.Aliases) == 0 && slices.ContainsFunc(r.Affected, func(a affected) bool { return distribution(a.Package.Ecosystem) }) {
		about = slices.DeleteFunc(slices.Clone(r.Related), func(id string) bool { return !cve.MatchString(id) })
	}
	if len(about) == 1 {
		ids[about[0]] = true
		return ids, mends
	}
	for _, id := range about {
		mends[id] = true
	}
	return ids, mends
}

// level is the severity of this package, or else that of the record.
func (a *affected) level(record string) string {
	return cmp.Or(worse(worse(a.Ecosystem.level(), a.Specific.level()), scored(a.Severity)), record)
}

// answer is what can be said of a version.
type answer int

const (
	outside answer = iota
	undecided
	inside
)

// covers tells whether a version is affected, and which one mends it.
func (a *affected) covers(eco, version string) (fixed string, is answer) {
	if slices.Contains(a.Versions, version) || slices.Contains(a.Versions, strings.TrimPrefix(version, "v")) {
		is = inside
	}
	for _, r := range a.Ranges {
		if r.Type != "ECOSYSTEM" && r.Type != "SEMVER" {
			continue
		}
		fix, one := r.covers(eco, version)
		if one == undecided && len(a.Versions) > 0 && !ordered(eco) {
			one = outside // the list of such an ecosystem is whole
		}
		is = max(is, one)
		if one == inside {
			fixed = cmp.Or(fixed, fix)
		}
	}
	return fixed, is
}

// covers walks the events up to the version: the last one of them counts.
// Where it cannot tell one from the other, nothing is said.
func (r versionSpan) covers(eco, version string) (fixed string, is answer) {
	if r.Type == "SEMVER" && !ordered(eco) {
		eco = "SEMVER"
	}
	sure, limited, within := true, false, false
	order := func(a, b string) int {
		c, ok := compare(eco, a, b)
		sure = sure && ok
		return c
	}
	order(version, version) // "0" alone also holds for what is no version; that would be a guess
	last := ""              // the newest version at which something changed
	newer := func(v string) bool { return last == "" || order(v, last) >= 0 }
	for _, e := range r.Events {
		switch {
		case e.Introduced == "0":
			if last == "" {
				is = inside
			}
		case e.Introduced != "":
			if order(version, e.Introduced) >= 0 && newer(e.Introduced) {
				is, last = inside, e.Introduced
			}
		case e.Fixed != "":
			switch c := order(version, e.Fixed); {
			case c >= 0 && newer(e.Fixed):
				is, last = outside, e.Fixed
			case c < 0 && (fixed == "" || order(e.Fixed, fixed) < 0):
				fixed = e.Fixed
			}
		case e.LastAffected != "":
			if order(version, e.LastAffected) > 0 && newer(e.LastAffected) {
				is, last = outside, e.LastAffected
			}
		case e.Limit != "":
			limited = true
			within = within || e.Limit == "*" || order(version, e.Limit) < 0
		}
	}
	switch {
	case !sure:
		return "", undecided
	case limited && !within:
		return "", outside
	}
	return fixed, is
}

// kev takes in the catalogue of exploited vulnerabilities.
func (m *matcher) kev(r *record) error {
	for i, v := range r.Vulnerabilities {
		if !cve.MatchString(v.CVE) {
			return fmt.Errorf("vulnerability %d: cveID is %q", i, v.CVE)
		}
		m.exploited[v.CVE] = true
	}
	return nil
}

var errNoForm = errors.New("is neither OSV, nor Debian's security tracker, nor CISA's catalogue")
