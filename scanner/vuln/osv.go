package vuln

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/facebookincubator/nvdtools/cvss3"
)

// record is one entry of OSV, or CISA's whole catalogue: they have no field in
// common.
type record struct {
	ID        string     `json:"id"`
	Modified  string     `json:"modified"`
	Withdrawn string     `json:"withdrawn"`
	Aliases   []string   `json:"aliases"`
	Upstream  []string   `json:"upstream"`
	Severity  []score    `json:"severity"`
	Affected  []affected `json:"affected"`
	Specific  specific   `json:"database_specific"`

	CatalogVersion  string `json:"catalogVersion"`
	DateReleased    string `json:"dateReleased"`
	Vulnerabilities []struct {
		CVE string `json:"cveID"`
	} `json:"vulnerabilities"`
}

type score struct {
	Type  string `json:"type"`
	Score string `json:"score"`
}

// specific is what databases say in words of their own; these fields differ
// in kind from one to the next, so they are looked at with care.
type specific struct {
	Severity  any `json:"severity"`
	Urgency   any `json:"urgency"`
	Exploited any `json:"exploited"`
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
}

// osv takes in one record.
func (m *matcher) osv(r *record) error {
	if r.Modified == "" {
		return fmt.Errorf("OSV record %q has no date (modified)", r.ID)
	}
	if r.Withdrawn != "" {
		return nil
	}
	ids := map[string]bool{r.ID: true}
	for _, id := range r.Aliases {
		ids[id] = true
	}
	if len(r.Upstream) == 1 {
		ids[r.Upstream[0]] = true
	}
	level := worse(r.Specific.level(), scored(r.Severity))
	if exploited, _ := r.Specific.Exploited.(bool); exploited {
		m.exploited[canonical(r.ID, ids)] = true
	}
	for i := range r.Affected {
		a := &r.Affected[i]
		own := worse(worse(a.Ecosystem.level(), a.Specific.level()), scored(a.Severity))
		if own == "" {
			own = level
		}
		eco := ecosystem(a.Package.Ecosystem)
		m.spoken[eco] = true
		called := a.Package.Name
		if eco == "PyPI" {
			called = pypiName(called)
		}
		for _, t := range m.wanted[name{eco, called}] {
			if fixed, yes := a.covers(eco, t.version); yes {
				m.add(t, hit{id: r.ID, ids: clone(ids), severity: own, fixed: fixed})
			}
		}
	}
	// A distribution's record names a package; how bad a CVE is, others know.
	if id := canonical(r.ID, ids); level != "" && cve.MatchString(id) {
		m.severities[id] = worse(m.severities[id], level)
	}
	return nil
}

func clone(ids map[string]bool) map[string]bool {
	out := make(map[string]bool, len(ids))
	for id := range ids {
		out[id] = true
	}
	return out
}

// covers tells whether a version is affected, and which one mends it.
func (a *affected) covers(eco, version string) (fixed string, yes bool) {
	for _, r := range a.Ranges {
		if r.Type != "ECOSYSTEM" && r.Type != "SEMVER" {
			continue
		}
		inside, fix := r.covers(eco, version)
		yes = yes || inside
		if inside && fixed == "" {
			fixed = fix
		}
	}
	return fixed, yes || slices.Contains(a.Versions, version) || slices.Contains(a.Versions, strings.TrimPrefix(version, "v"))
}

// covers walks the events up to the version: the last one of them counts.
func (r versionSpan) covers(eco, version string) (inside bool, fixed string) {
	last := "" // the newest version at which something changed
	newer := func(v string) bool {
		if last == "" {
			return true
		}
		c, ok := compare(eco, v, last)
		return ok && c >= 0
	}
	for _, e := range r.Events {
		switch {
		case e.Introduced == "0":
			if last == "" {
				inside = true
			}
		case e.Introduced != "":
			if c, ok := compare(eco, version, e.Introduced); ok && c >= 0 && newer(e.Introduced) {
				inside, last = true, e.Introduced
			}
		case e.Fixed != "":
			c, ok := compare(eco, version, e.Fixed)
			switch {
			case ok && c >= 0 && newer(e.Fixed):
				inside, last = false, e.Fixed
			case ok && c < 0:
				if d, both := compare(eco, e.Fixed, fixed); fixed == "" || both && d < 0 {
					fixed = e.Fixed
				}
			}
		case e.LastAffected != "":
			if c, ok := compare(eco, version, e.LastAffected); ok && c > 0 && newer(e.LastAffected) {
				inside, last = false, e.LastAffected
			}
		}
	}
	// "0" alone also holds for what is no version; that would be a guess.
	if _, ok := compare(eco, version, version); !ok {
		return false, ""
	}
	return inside, fixed
}

// level is the severity that the words say, "" for none.
func (s specific) level() string { return worse(word(s.Severity), word(s.Urgency)) }

func word(v any) string {
	s, _ := v.(string)
	switch s = strings.ToLower(s); s {
	case "critical", "high", "medium", "low":
		return s
	case "moderate":
		return "medium"
	case "important":
		return "high"
	case "unimportant", "negligible":
		return "low"
	}
	return ""
}

// scored is the worst severity of CVSS 3 vectors; other scores are not read.
func scored(list []score) string {
	worst := ""
	for _, s := range list {
		if s.Type != "CVSS_V3" {
			worst = worse(worst, word(s.Score))
			continue
		}
		v, err := cvss3.VectorFromString(s.Score)
		if err != nil || v.Validate() != nil {
			continue
		}
		switch base := v.BaseScore(); {
		case base >= 9:
			worst = worse(worst, "critical")
		case base >= 7:
			worst = worse(worst, "high")
		case base >= 4:
			worst = worse(worst, "medium")
		case base > 0:
			worst = worse(worst, "low")
		}
	}
	return worst
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
