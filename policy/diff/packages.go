package diff

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	apk "github.com/knqyf263/go-apk-version"
	deb "github.com/knqyf263/go-deb-version"
	rpm "github.com/knqyf263/go-rpm-version"
	"golang.org/x/mod/semver"

	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// packages compares the packages of two images of one component. An older version is
// weaker, because vulnerabilities that were fixed since are back. An added or removed
// package has no direction.
func (c *comparison) packages(before, now *facts.Component) {
	old, new := versions(before), versions(now)
	report := func(d Direction, name, message string, from, to []string) {
		ch := Change{Direction: d, Area: "packages", Resource: resource(now), Message: message + " " + name, Origin: imageOrigin(now)}
		if len(from) > 0 {
			ch.Old = strings.Join(from, ", ")
		}
		if len(to) > 0 {
			ch.New = strings.Join(to, ", ")
		}
		c.add(ch)
	}
	for _, key := range sortedKeys(new) {
		name := fmt.Sprintf("%s (%s)", key.name, key.kind)
		from, there := old[key]
		to := new[key]
		switch {
		case !there:
			report(Changed, name, "now contains", nil, to)
		case slices.Equal(from, to):
		case len(from) == 1 && len(to) == 1 && older(key.kind, to[0], from[0]):
			report(Weaker, name, "contains an older version of", from, to)
		default:
			report(Changed, name, "contains another version of", from, to)
		}
	}
	for _, key := range sortedKeys(old) {
		if _, there := new[key]; !there {
			report(Changed, fmt.Sprintf("%s (%s)", key.name, key.kind), "no longer contains", old[key], nil)
		}
	}
}

// packageKey identifies a package of any version.
type packageKey struct{ name, kind string }

func versions(c *facts.Component) map[packageKey][]string {
	out := map[packageKey][]string{}
	for _, p := range c.SBOM.Packages {
		k := packageKey{p.Name, p.Type}
		out[k] = append(out[k], p.Version)
	}
	for k, list := range out {
		slices.Sort(list)
		out[k] = slices.Compact(list)
	}
	return out
}

func sortedKeys(m map[packageKey][]string) []packageKey {
	return slices.SortedFunc(maps.Keys(m), func(a, b packageKey) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.kind, b.kind))
	})
}

// older reports whether a is an older version than b by the rules of the kind of
// package. It is false for kinds without known rules.
func older(kind, a, b string) bool {
	switch kind {
	case "deb":
		x, errX := deb.NewVersion(a)
		y, errY := deb.NewVersion(b)
		return errX == nil && errY == nil && x.LessThan(y)
	case "rpm":
		return rpm.NewVersion(a).LessThan(rpm.NewVersion(b))
	case "apk":
		x, errX := apk.NewVersion(a)
		y, errY := apk.NewVersion(b)
		return errX == nil && errY == nil && x.LessThan(y)
	case "go-module":
		return semver.IsValid(a) && semver.IsValid(b) && semver.Compare(a, b) < 0
	}
	return false
}
