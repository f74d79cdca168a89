package vuln

import (
	"regexp"
	"strings"

	"github.com/anchore/packageurl-go"

	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// name is what a database calls a package: "Debian:12" and the source package
// in OSV, the codename and the source package in Debian's tracker.
type name struct{ ecosystem, name string }

// tracker is the ecosystem of Debian's security tracker.
const tracker = "Debian security tracker"

// target is one package of one component.
type target struct {
	order, component int
	pkg              *facts.Package
	// version is what databases count by: that of the source package, where
	// the distribution has one of its own.
	version string
	// codename of the Debian release, "" for others.
	codename string
	hits     []*hit
}

// codenames of Debian's releases: its tracker has no numbers.
var codenames = map[string]string{"9": "stretch", "10": "buster", "11": "bullseye", "12": "bookworm", "13": "trixie", "14": "forky", "15": "duke"}

func newMatcher(f *facts.Facts) *matcher {
	m := &matcher{wanted: map[name][]*target{}, severities: map[string]string{}, exploited: map[string]bool{}, spoken: map[string]bool{}}
	order := 0
	for i := range f.Components {
		c := &f.Components[i]
		for j := range c.SBOM.Packages {
			t := &target{order: order, component: i, pkg: &c.SBOM.Packages[j]}
			order++
			for _, n := range t.names(c.SBOM.Distro) {
				m.wanted[n] = append(m.wanted[n], t)
			}
		}
	}
	return m
}

// names are what databases call the package; none where its purl says nothing.
func (t *target) names(d *facts.Distro) []name {
	p, err := packageurl.FromString(t.pkg.PURL)
	if err != nil {
		return nil
	}
	t.version = t.pkg.Version
	full := p.Name
	if p.Namespace != "" {
		full = p.Namespace + "/" + p.Name
	}
	q := p.Qualifiers.Map()
	switch p.Type {
	case "deb", "apk", "rpm":
		source, version := upstream(p.Type, q["upstream"])
		if p.Type == "deb" && version != "" {
			t.version = version
		}
		return t.distroNames(p, source, release(p.Namespace, q["distro"], d))
	case "golang":
		t.version = strings.TrimPrefix(t.version, "go")
		return []name{{"Go", full}}
	case "npm":
		return []name{{"npm", full}}
	case "pypi":
		return []name{{"PyPI", pypiName(p.Name)}}
	case "cargo":
		return []name{{"crates.io", p.Name}}
	case "gem":
		return []name{{"RubyGems", p.Name}}
	case "composer":
		return []name{{"Packagist", full}}
	case "maven":
		return []name{{"Maven", p.Namespace + ":" + p.Name}}
	}
	return nil
}

func (t *target) distroNames(p packageurl.PackageURL, source, release string) []name {
	major, _, _ := strings.Cut(release, ".")
	if source == "" {
		source = p.Name
	}
	switch p.Namespace {
	case "debian":
		t.codename = codenames[major]
		return []name{{"Debian:" + major, source}, {tracker, source}}
	case "ubuntu":
		return []name{{"Ubuntu:" + release, source}}
	case "alpine":
		parts := strings.SplitN(release, ".", 3)
		if len(parts) < 2 {
			return nil
		}
		return []name{{"Alpine:v" + parts[0] + "." + parts[1], source}}
	case "wolfi":
		return both("Wolfi", p.Name, source)
	case "chainguard":
		return both("Chainguard", p.Name, source)
	case "rocky", "rockylinux":
		return both("Rocky Linux:"+major, p.Name, source)
	case "alma", "almalinux":
		return both("AlmaLinux:"+major, p.Name, source)
	}
	return nil
}

// both: the database has names of binary or of source packages.
func both(ecosystem, binary, source string) []name {
	if binary == source {
		return []name{{ecosystem, binary}}
	}
	return []name{{ecosystem, binary}, {ecosystem, source}}
}

// upstream takes apart what a purl says of the source package: NAME or
// NAME@VERSION, for rpm NAME-VERSION-RELEASE.src.rpm.
func upstream(kind, s string) (source, version string) {
	if kind == "rpm" {
		s = strings.TrimSuffix(s, ".src.rpm")
		for range 2 {
			if i := strings.LastIndexByte(s, '-'); i > 0 {
				s = s[:i]
			}
		}
		return s, ""
	}
	source, version, _ = strings.Cut(s, "@")
	return source, version
}

// release is the distribution's version: as the purl says, else the image.
func release(id, qualifier string, d *facts.Distro) string {
	if v, ok := strings.CutPrefix(qualifier, id+"-"); ok {
		return v
	}
	if d != nil {
		return d.VersionID
	}
	return ""
}

var pypiRun = regexp.MustCompile(`[-_.]+`)

func pypiName(s string) string { return strings.ToLower(pypiRun.ReplaceAllString(s, "-")) }

// ecosystem is an OSV ecosystem without what does not tell releases apart.
func ecosystem(s string) string {
	if strings.HasPrefix(s, "Ubuntu:") {
		return strings.TrimSuffix(s, ":LTS")
	}
	return s
}
