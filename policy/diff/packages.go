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

// packages compares what two images of one component hold. An older version is
// weaker: what was mended since is open again. A package that is new or gone has
// no direction.
func (c *comparison) packages(before, now *facts.Component) {
	old, new := versions(before), versions(now)
	tell := func(d Direction, name, message string, from, to []string) {
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
			tell(Changed, name, "holds", nil, to)
		case slices.Equal(from, to):
		case len(from) == 1 && len(to) == 1 && older(key.kind, to[0], from[0]):
			tell(Weaker, name, "contains an older version of", from, to)
		default:
			tell(Changed, name, "contains another version of", from, to)
		}
	}
	for _, key := range sortedKeys(old) {
		if _, there := new[key]; !there {
			tell(Changed, fmt.Sprintf("%s (%s)", key.name, key.kind), "no longer contains", old[key], nil)
		}
	}
}

// packageKey names a package whatever its version.
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

// older tells whether a is an older version than b by the rules of its kind of
// package; where these are not known, it is not.
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
