package vuln

import (
	"cmp"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/internal/lazyre"
)

// The orders of versions that our libraries do not provide.

// digits compares two whole numbers of any length.
func digits(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// maven compares as "Version Order Specification" in Maven's POM reference
// says: tokens between dots, hyphens, and numbers and letters.
func maven(a, b string) int {
	x, y := mavenTokens(a), mavenTokens(b)
	for i := range max(len(x), len(y)) {
		var p, q mavenToken
		switch {
		case i >= len(x):
			q = y[i]
			p = q.none()
		case i >= len(y):
			p = x[i]
			q = p.none()
		default:
			p, q = x[i], y[i]
		}
		if c := p.compare(q); c != 0 {
			return c
		}
	}
	return 0
}

type mavenToken struct {
	dot  bool // a dot precedes it, not a hyphen
	text string
}

// none is the default for a token that one version does not have.
func (t mavenToken) none() mavenToken {
	if isNumber(t.text) {
		return mavenToken{t.dot, "0"}
	}
	return mavenToken{t.dot, ""}
}

func (t mavenToken) compare(u mavenToken) int {
	if c := cmp.Compare(t.rank(), u.rank()); c != 0 {
		return c
	}
	if isNumber(t.text) {
		return digits(t.text, u.text)
	}
	return cmp.Or(cmp.Compare(mavenQualifier(t.text), mavenQualifier(u.text)), cmp.Compare(t.text, u.text))
}

// rank: qualifiers come before numbers after a hyphen, and these before numbers
// after a dot.
func (t mavenToken) rank() int {
	switch {
	case !isNumber(t.text):
		return 0
	case !t.dot:
		return 1
	}
	return 2
}

// mavenQualifiers in their order; other qualifiers come after all of them.
var mavenQualifiers = []string{"alpha", "beta", "milestone", "rc", "snapshot", "", "sp"}

func mavenQualifier(s string) int {
	if i := slices.Index(mavenQualifiers, s); i >= 0 {
		return i
	}
	return len(mavenQualifiers)
}

var mavenRun = lazyre.New(`[0-9]+|[^0-9.\-_]+|[.\-_]`)

func mavenTokens(s string) []mavenToken {
	var out []mavenToken
	sep, empty := "", true
	add := func(text string) { out = append(out, mavenToken{sep == "." || len(out) == 0, text}) }
	runs := mavenRun.FindAllString(strings.ToLower(s), -1)
	for i, run := range runs {
		if strings.ContainsAny(run, ".-_") {
			if empty {
				add("0")
			}
			sep, empty = strings.Replace(run, "_", "-", 1), true
			continue
		}
		if !empty {
			sep = "-" // from letters to numbers, or back
		}
		add(mavenAlias(run, i+1 < len(runs) && isNumber(runs[i+1])))
		empty = false
	}
	return mavenTrim(out)
}

// mavenAlias is the qualifier for an alias. The aliases a, b and m need a
// number after them.
func mavenAlias(s string, number bool) string {
	switch s {
	case "ga", "final", "release":
		return ""
	case "cr":
		return "rc"
	case "a", "b", "m":
		if number {
			return map[string]string{"a": "alpha", "b": "beta", "m": "milestone"}[s]
		}
	}
	return s
}

// mavenTrim drops tokens without meaning at the end and before each hyphen.
func mavenTrim(list []mavenToken) []mavenToken {
	for i := len(list) - 1; i > 0; i-- {
		if list[i].text != "" && strings.Trim(list[i].text, "0") != "" {
			continue
		}
		if i == len(list)-1 || !list[i+1].dot {
			list = slices.Delete(list, i, i+1)
		}
	}
	return list
}

var gemVersion = lazyre.New(`^[0-9]+(\.[0-9a-zA-Z]+)*(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$`)

var gemSegment = lazyre.New(`[0-9]+|[a-zA-Z]+`)

// gems compares as Gem::Version does: letters come before numbers, and a
// missing segment is 0.
func gems(a, b string) (order int, ok bool) {
	if !gemVersion.MatchString(a) || !gemVersion.MatchString(b) {
		return 0, false
	}
	x := gemSegment.FindAllString(strings.ReplaceAll(a, "-", ".pre."), -1)
	y := gemSegment.FindAllString(strings.ReplaceAll(b, "-", ".pre."), -1)
	x, y = gemTrim(x), gemTrim(y)
	for i := range max(len(x), len(y)) {
		p, q := "0", "0"
		if i < len(x) {
			p = x[i]
		}
		if i < len(y) {
			q = y[i]
		}
		if c := segment(p, q); c != 0 {
			return c, true
		}
	}
	return 0, true
}

// segment compares two segments. Letters come before numbers.
func segment(p, q string) int {
	switch {
	case isNumber(p) && isNumber(q):
		return digits(p, q)
	case isNumber(p):
		return 1
	case isNumber(q):
		return -1
	}
	return cmp.Compare(p, q)
}

// gemTrim drops zeros at the end, and before the first letters.
func gemTrim(list []string) []string {
	first := slices.IndexFunc(list, func(s string) bool { return !isNumber(s) })
	if first < 0 {
		first = len(list)
	}
	zeros := func(l []string) []string {
		for len(l) > 0 && strings.Trim(l[len(l)-1], "0") == "" {
			l = l[:len(l)-1]
		}
		return l
	}
	return append(slices.Clone(zeros(list[:first])), zeros(list[first:])...)
}

var nugetVersion = lazyre.New(`^[vV]?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:\.([0-9]+))?(?:-([0-9A-Za-z.-]+))?(?:\+.*)?$`)

// nuget compares as NuGet does: four numbers, then a pre-release as in SemVer
// 2, ignoring letter case.
func nuget(a, b string) (order int, ok bool) {
	x, y := nugetVersion.FindStringSubmatch(a), nugetVersion.FindStringSubmatch(b)
	if x == nil || y == nil {
		return 0, false
	}
	for i := 1; i <= 4; i++ {
		if c := digits(x[i], y[i]); c != 0 {
			return c, true
		}
	}
	p, q := strings.ToLower(x[5]), strings.ToLower(y[5])
	if p == "" || q == "" { // the version without a pre-release is newer
		return cmp.Compare(boolean(p == ""), boolean(q == "")), true
	}
	l, r := strings.Split(p, "."), strings.Split(q, ".")
	for i := range min(len(l), len(r)) {
		c := segment(l[i], r[i])
		if isNumber(l[i]) != isNumber(r[i]) {
			c = -c // numbers come before letters here
		}
		if c != 0 {
			return c, true
		}
	}
	return cmp.Compare(len(l), len(r)), true
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

var (
	composerVersion = lazyre.New(`(?i)^v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:\.([0-9]+))?(?:[._-]?(stable|beta|b|rc|alpha|a|patch|pl|p)([.-]?[0-9]+(?:[.-]?[0-9]+)*)?)?([.-]?dev)?(?:\+[^\s]+)?$`)
	composerNumber  = lazyre.New(`[0-9]+`)
	composerLevels  = map[string]int{"a": 1, "alpha": 1, "b": 2, "beta": 2, "rc": 3, "": 4, "stable": 4, "p": 5, "pl": 5, "patch": 5}
)

// composer compares as Composer does: four numbers, then the stability. A
// branch has no place in that order.
func composer(a, b string) (order int, ok bool) {
	x, y := composerVersion.FindStringSubmatch(a), composerVersion.FindStringSubmatch(b)
	if x == nil || y == nil {
		return 0, false
	}
	for i := 1; i <= 4; i++ {
		if c := digits(x[i], y[i]); c != 0 {
			return c, true
		}
	}
	level := func(m []string) int {
		if m[5] == "" && m[7] != "" {
			return 0 // a development version of an unreleased version
		}
		return composerLevels[strings.ToLower(m[5])]
	}
	if c := cmp.Compare(level(x), level(y)); c != 0 {
		return c, true
	}
	p, q := composerNumber.FindAllString(x[6], -1), composerNumber.FindAllString(y[6], -1)
	for i := range min(len(p), len(q)) {
		if c := digits(p[i], q[i]); c != 0 {
			return c, true
		}
	}
	return cmp.Or(cmp.Compare(len(p), len(q)), cmp.Compare(boolean(x[7] == ""), boolean(y[7] == ""))), true
}
