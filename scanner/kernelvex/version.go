package kernelvex

import (
	"slices"
	"strconv"
	"strings"

	"github.com/seaworthy-os/seaworthy/internal/lazyre"
)

// version is a version of Linux: 6.12.117 or 6.13-rc1. Old ones have four numbers.
type version struct {
	numbers [4]int
	rc      bool
}

var versionRE = lazyre.New(`^([0-9]{1,5}(?:\.[0-9]{1,5}){1,3})(-rc[0-9]{1,3})?$`)

// parseVersion returns nil for other texts.
func parseVersion(s string) *version {
	m := versionRE.FindStringSubmatch(s)
	if m == nil {
		return nil
	}
	v := &version{rc: m[2] != ""}
	for i, n := range strings.Split(m[1], ".") {
		v.numbers[i], _ = strconv.Atoi(n)
	}
	return v
}

// compare compares v, which is not a release candidate, with a bound.
func (v *version) compare(bound *version) int {
	if c := slices.Compare(v.numbers[:], bound.numbers[:]); c != 0 || !bound.rc {
		return c
	}
	return 1
}

// branch is the version without its last number: 6.12 of 6.12.117.
func (v *version) branch() string {
	return strconv.Itoa(v.numbers[0]) + "." + strconv.Itoa(v.numbers[1])
}

// answer is what a CVE record says about a version.
type answer string

const (
	silent   answer = ""         // it says nothing, or nothing clear
	fixed    answer = "fixed"    // the version has the fix
	earlier  answer = "earlier"  // the vulnerability is in later versions only
	affected answer = "affected" // it is affected
)

// says asks a record about a version. Only forms count whose meaning is certain: versions of
// the kind "semver" that the kernel's CNA writes. Commits are skipped. Any other form makes the
// record silent: it could contradict.
func (r *record) says(v *version) answer {
	var found []answer
	for _, product := range r.affected {
		if len(product.Platforms) > 0 {
			return silent
		}
		for _, one := range product.Versions {
			a, ok := one.says(v)
			if !ok {
				return silent
			}
			if a == affected {
				return affected
			}
			if a != silent {
				found = append(found, a)
			}
		}
	}
	slices.Sort(found)
	if found = slices.Compact(found); len(found) != 1 {
		return silent
	}
	return found[0]
}

// says returns silent if the range does not have v. ok is false if this is unclear.
func (e *affectedVersions) says(v *version) (a answer, ok bool) {
	if e.Type == "git" {
		return silent, true
	}
	if len(e.Changes) > 0 || e.LessThan != "" && e.LessThanOrEqual != "" {
		return silent, false
	}
	fromStart := e.Version == "0"
	from := parseVersion(e.Version)
	if !fromStart && from == nil {
		return silent, false
	}
	within := fromStart || v.compare(from) >= 0
	switch end := e.LessThan + e.LessThanOrEqual; {
	case end == "" && fromStart:
		return silent, false
	case end == "": // only this version
		within = v.compare(from) == 0
	case e.Type != "semver" && e.Type != "original_commit_for_fix":
		return silent, false
	case end == "*":
	case end == v.branch()+".*": // the end of the branch
	default:
		branch, star := strings.CutSuffix(end, ".*")
		to := parseVersion(branch)
		if to == nil || star && to.branch() != branch {
			return silent, false
		}
		// A version of another branch is before or after all versions of that branch.
		c := v.compare(to)
		within = within && (c < 0 || c == 0 && e.LessThanOrEqual != "")
	}
	switch {
	case e.Status != "affected" && e.Status != "unaffected" && e.Status != "unknown":
		return silent, false
	case !within:
		return silent, true
	case e.Status == "unknown":
		return silent, false
	case e.Status == "affected":
		return affected, true
	case e.Type == "semver" && fromStart && e.LessThan != "" && !strings.Contains(e.LessThan, "*"):
		return earlier, true
	case e.Type == "original_commit_for_fix" && e.LessThanOrEqual == "*",
		e.Type == "semver" && !fromStart && e.LessThanOrEqual == v.branch()+".*" && from.branch() == v.branch():
		return fixed, true
	}
	return silent, false
}
