package vuln

import (
	"strings"

	pep440 "github.com/aquasecurity/go-pep440-version"
	apk "github.com/knqyf263/go-apk-version"
	deb "github.com/knqyf263/go-deb-version"
	rpm "github.com/knqyf263/go-rpm-version"
	"golang.org/x/mod/semver"
)

// compare orders two versions as their ecosystem does; ok is false where it
// has no order here, or one of them is no version.
func compare(ecosystem, a, b string) (order int, ok bool) {
	base, _, _ := strings.Cut(ecosystem, ":")
	switch base {
	case "Debian", "Ubuntu", tracker:
		x, errX := deb.NewVersion(a)
		y, errY := deb.NewVersion(b)
		if errX != nil || errY != nil {
			return 0, false
		}
		return x.Compare(y), true
	case "Alpine", "Wolfi", "Chainguard":
		x, errX := apk.NewVersion(a)
		y, errY := apk.NewVersion(b)
		if errX != nil || errY != nil {
			return 0, false
		}
		return x.Compare(y), true
	case "Rocky Linux", "AlmaLinux":
		return rpm.NewVersion(a).Compare(rpm.NewVersion(b)), a != "" && b != ""
	case "Go", "npm", "crates.io":
		a, b = "v"+strings.TrimPrefix(a, "v"), "v"+strings.TrimPrefix(b, "v")
		return semver.Compare(a, b), semver.IsValid(a) && semver.IsValid(b)
	case "PyPI":
		x, errX := pep440.Parse(a)
		y, errY := pep440.Parse(b)
		if errX != nil || errY != nil {
			return 0, false
		}
		return x.Compare(y), true
	}
	return 0, false
}
