package vuln

import (
	"cmp"
	"strings"

	pep440 "github.com/aquasecurity/go-pep440-version"
	apk "github.com/knqyf263/go-apk-version"
	deb "github.com/knqyf263/go-deb-version"
	rpm "github.com/knqyf263/go-rpm-version"
	"golang.org/x/mod/semver"

	"github.com/seaworthy-os/seaworthy/internal/lazyre"
)

// compare compares two versions in the order of their ecosystem. ok is false if
// the order is unknown here, or if one of them is not a version.
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
	case "Red Hat", "Rocky Linux", "AlmaLinux":
		return rpm.NewVersion(a).Compare(rpm.NewVersion(b)), a != "" && b != ""
	case "Go":
		return semantic(goVersion(a), goVersion(b))
	case "npm", "crates.io", "Hex", "Pub", "SEMVER":
		return semantic(a, b)
	case "Maven":
		return maven(a, b), a != "" && b != ""
	case "RubyGems":
		return gems(a, b)
	case "NuGet":
		return nuget(a, b)
	case "Packagist":
		return composer(a, b)
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

// ordered reports whether compare knows the order of the ecosystem.
func ordered(ecosystem string) bool {
	base, _, _ := strings.Cut(ecosystem, ":")
	switch base {
	case "Go", "npm", "crates.io", "Hex", "Pub", "PyPI", "Maven", "RubyGems", "NuGet", "Packagist":
		return true
	}
	return distribution(base)
}

// distribution reports whether the ecosystem is a distribution, with packages
// made from others' software, and with an order that compare knows.
func distribution(ecosystem string) bool {
	base, _, _ := strings.Cut(ecosystem, ":")
	switch base {
	case "Debian", "Ubuntu", tracker, "Alpine", "Wolfi", "Chainguard", "Red Hat", "Rocky Linux", "AlmaLinux":
		return true
	}
	return false
}

func semantic(a, b string) (order int, ok bool) {
	a, b = "v"+strings.TrimPrefix(a, "v"), "v"+strings.TrimPrefix(b, "v")
	return semver.Compare(a, b), semver.IsValid(a) && semver.IsValid(b)
}

var goRelease = lazyre.New(`^(?:go)?([0-9]+\.[0-9]+)(\.[0-9]+)?(?:(rc|beta)([0-9]+))?(?: .*)?$`)

// goVersion writes a version of Go as the Go database does: "go1.22rc1" is
// 1.22.0-rc.1. Text after a space describes the build and is dropped.
func goVersion(s string) string {
	m := goRelease.FindStringSubmatch(s)
	if m == nil {
		return s
	}
	s = m[1] + cmp.Or(m[2], ".0")
	if m[3] != "" {
		s += "-" + m[3] + "." + m[4]
	}
	return s
}
