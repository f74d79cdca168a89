package vuln

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// unmatched records the packages that the databases do not cover. A component
// is an error if the databases cover none of its distribution's packages: a
// report without findings would be misleading.
func (m *matcher) unmatched(f *facts.Facts) error {
	found := make([]groups, len(f.Components))
	for _, t := range m.all {
		if found[t.component] == nil {
			found[t.component] = groups{}
		}
		found[t.component].add(t, m.covered(t))
	}
	var errs []error
	for i := range f.Components {
		c := &f.Components[i]
		if found[i].allUncovered() {
			errs = append(errs, uncovered(c))
		}
		c.SBOM.Unmatched = found[i].list(c.SBOM.Distro)
	}
	return errors.Join(errs...)
}

// covered reports whether the databases cover the package: they have records of
// its release, or no records of any release but some of the distribution as a
// whole.
func (m *matcher) covered(t *target) bool {
	return slices.ContainsFunc(t.candidates, func(l *candidate) bool {
		if !m.inDatabases[l.ecosystem] || !l.general {
			return m.inDatabases[l.ecosystem]
		}
		for eco := range m.inDatabases {
			if strings.HasPrefix(eco, l.ecosystem+":") {
				return false
			}
		}
		return true
	})
}

func uncovered(c *facts.Component) error {
	what := "its distribution, whose name is missing from /etc/os-release"
	if d := c.SBOM.Distro; d != nil {
		what = cmp.Or(d.PrettyName, strings.TrimSpace(d.ID+" "+d.VersionID))
	}
	o := c.Image.Origin
	return system.Unusable("component %s: no vulnerability database covers the packages of %s", c.ID, what).At(system.Position{File: o.File, Line: o.Line, Column: o.Column}).
		Suggest("add a database that covers them (--vuln-db PATH), or remove --vuln-db to build without a scan")
}

// groups are a component's packages by their type.
type groups map[string]*group

type group struct {
	covered int
	// uncovered counts the packages that no database covers, by the ecosystem
	// that a database would have to cover; "" if there is none.
	uncovered map[string]int
	// foreign counts packages of another type than those of the claimed
	// distribution.
	foreign map[string]int
	// undecided are packages of an ecosystem whose versions cannot be compared.
	undecided []string
	ecosystem string
}

func (all groups) add(t *target, covered bool) {
	g := all[t.pkg.Type]
	if g == nil {
		g = &group{uncovered: map[string]int{}, foreign: map[string]int{}}
		all[t.pkg.Type] = g
	}
	switch {
	case covered:
		g.covered++
	case t.claimed != "":
		g.foreign[t.claimed]++
	case len(t.candidates) == 0:
		g.uncovered[""]++
	default:
		g.uncovered[t.candidates[0].ecosystem]++
	}
	if t.undecided {
		g.ecosystem = t.candidates[0].ecosystem
		g.undecided = append(g.undecided, strings.TrimSpace(t.pkg.Name+" "+t.pkg.Version))
	}
}

// allUncovered reports whether the component has packages of a distribution,
// and no database covers any of them.
func (all groups) allUncovered() bool {
	some, covered := false, 0
	for kind, g := range all {
		if distributed(kind) {
			some, covered = true, covered+g.covered
		}
	}
	return some && covered == 0
}

// distributed reports whether the type is one of distribution packages.
func distributed(kind string) bool {
	return slices.Contains([]string{"deb", "apk", "rpm", "alpm", "portage"}, kind)
}

// list is the list in the facts, sorted.
func (all groups) list(d *facts.Distro) []facts.Unmatched {
	out := []facts.Unmatched{}
	owned := false
	for kind, g := range all {
		owned = owned || distributed(kind)
		for ecosystem, n := range g.uncovered {
			u := facts.Unmatched{Type: kind, Packages: n, Ecosystem: ecosystem, Reason: "no database covers " + ecosystem}
			if ecosystem == "" {
				u.Reason = "vulnerability databases have no packages of this type"
			}
			out = append(out, u)
		}
		for claimed, n := range g.foreign {
			out = append(out, facts.Unmatched{Type: kind, Packages: n, Ecosystem: claimed, Reason: "/etc/os-release names " + claimed + ", but packages of that distribution have another type"})
		}
		if n := len(g.undecided); n > 0 {
			out = append(out, facts.Unmatched{Type: kind, Packages: n, Ecosystem: g.ecosystem,
				Reason: "these versions cannot be compared with the databases: " + few(g.undecided)})
		}
	}
	if d != nil && !owned {
		out = append(out, facts.Unmatched{Ecosystem: d.ID, Reason: "/etc/os-release names " + cmp.Or(d.PrettyName, d.ID) + ", but none of its packages was found"})
	}
	slices.SortFunc(out, func(a, b facts.Unmatched) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Reason, b.Reason))
	})
	return out
}

// few joins a list, sorted and truncated.
func few(list []string) string {
	const most = 5
	slices.Sort(list)
	if len(list) <= most {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
}
