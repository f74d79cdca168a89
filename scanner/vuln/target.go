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

// tracker is what the ecosystems of Debian's security tracker begin with; a
// codename follows.
const tracker = "Debian security tracker"

// target is one package of one component.
type target struct {
	component int
	pkg       *facts.Package
	names     []name
	// version is what databases count by: that of the source package, where
	// the distribution has one of its own.
	version string
	// undecided: a record is about it, and does not say of which order its
	// version is.
	undecided bool
	hits      []*hit
	byID      map[string]*hit
}

// know finds h by each of its names.
func (t *target) know(h *hit) {
	for id := range h.ids {
		t.byID[id] = h
	}
}

// codenames of Debian's releases: its tracker has no numbers.
var codenames = map[string]string{"9": "stretch", "10": "buster", "11": "bullseye", "12": "bookworm", "13": "trixie", "14": "forky", "15": "duke"}

func newMatcher(f *facts.Facts) *matcher {
	m := &matcher{wanted: map[name][]*target{}, severities: map[string]string{}, exploited: map[string]bool{}, spoken: map[string]bool{}}
	for i := range f.Components {
		c := &f.Components[i]
		for j := range c.SBOM.Packages {
			t := &target{component: i, pkg: &c.SBOM.Packages[j], byID: map[string]*hit{}}
			t.names = t.find(c.SBOM.Distro)
			m.all = append(m.all, t)
			for _, n := range t.names {
				m.wanted[n] = append(m.wanted[n], t)
			}
		}
	}
	return m
}

// find gives what databases call the package; none where its purl says nothing.
func (t *target) find(d *facts.Distro) []name {
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
		// As os-release writes them, in quotes or not.
		p.Namespace = strings.Trim(strings.ToLower(p.Namespace), "'")
		return t.distroNames(p, source, release(p.Namespace, strings.ReplaceAll(strings.ToLower(q["distro"]), "'", ""), d))
	case "golang":
		return []name{{"Go", full}}
	case "npm":
		return []name{{"npm", full}}
	case "pypi":
		return []name{{"PyPI", packageName("PyPI", p.Name)}}
	case "cargo":
		return []name{{"crates.io", p.Name}}
	case "gem":
		return []name{{"RubyGems", p.Name}}
	case "composer":
		return []name{{"Packagist", full}}
	case "maven":
		return []name{{"Maven", p.Namespace + ":" + p.Name}}
	case "nuget":
		return []name{{"NuGet", packageName("NuGet", p.Name)}}
	case "hex":
		return []name{{"Hex", full}}
	case "pub":
		return []name{{"Pub", p.Name}}
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
		out := []name{{"Debian:" + major, source}}
		if codename := codenames[major]; codename != "" {
			out = append(out, name{tracker + ":" + codename, source})
		}
		return out
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
	case "redhat", "rhel":
		return both("Red Hat:"+major, p.Name, source)
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
	if id == "redhat" {
		id = "rhel" // in os-release
	}
	if v, ok := strings.CutPrefix(qualifier, id+"-"); ok {
		return v
	}
	if d != nil {
		return d.VersionID
	}
	return ""
}

var pypiRun = regexp.MustCompile(`[-_.]+`)

// packageName is a package's name where its ecosystem knows several spellings.
func packageName(ecosystem, s string) string {
	switch ecosystem {
	case "PyPI":
		return strings.ToLower(pypiRun.ReplaceAllString(s, "-"))
	case "NuGet":
		return strings.ToLower(s)
	}
	return s
}

// mainline are the parts of "Red Hat" that every subscriber gets, of whatever
// repository; others (EUS, and so on) mend older releases for longer. esm is
// what Ubuntu mends for subscribers: the package is the same.
var (
	mainline = regexp.MustCompile(`^Red Hat:enterprise_linux:([0-9]+)(?:[.:].*)?$`)
	esm      = regexp.MustCompile(`^Ubuntu:(?:Pro:)?([0-9]+\.[0-9]+)(?::LTS)?$`)
)

// ecosystem is an OSV ecosystem without what does not tell releases apart.
func ecosystem(s string) string {
	if m := esm.FindStringSubmatch(s); m != nil {
		return "Ubuntu:" + m[1]
	}
	if m := mainline.FindStringSubmatch(s); m != nil {
		return "Red Hat:" + m[1]
	}
	return s
}
