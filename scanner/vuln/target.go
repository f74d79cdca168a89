package vuln

import (
	"slices"
	"strings"
	"time"

	"github.com/anchore/packageurl-go"

	"github.com/seaworthy-os/seaworthy/internal/lazyre"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// name is the name of a package in a database: "Debian:12" and the source
// package in OSV, the codename and the source package in Debian's tracker.
type name struct{ ecosystem, name string }

// tracker is the prefix of the ecosystems of Debian's security tracker. A
// codename follows.
const tracker = "Debian security tracker"

// kernelType is the type of the record that the scanner makes for each kernel.
const kernelType = "linux-kernel"

// target is one package of one component.
type target struct {
	component int
	pkg       *facts.Package
	// paths are the files in which the package was found, in any of its records.
	paths      []string
	candidates []*candidate
	// undecided: a record covers the package, but its version cannot be
	// compared.
	undecided bool
	// claimed is the distribution in os-release, if the package has another
	// type than its packages.
	claimed    string
	assertions []*assertion
	hits       []*hit
}

// candidate is a possible name of a package in a database.
type candidate struct {
	name
	*target
	// version is the version in the database's order: that of the source
	// package, if the distribution has one.
	version string
	// general: the ecosystem is the distribution without a release. A record of
	// the release is more specific.
	general bool
}

// codenames of Debian's releases: its tracker has no release numbers.
var codenames = map[string]string{"9": "stretch", "10": "buster", "11": "bullseye", "12": "bookworm", "13": "trixie", "14": "forky", "15": "duke"}

func newMatcher(f *facts.Facts) *matcher {
	m := &matcher{wanted: map[name][]*candidate{}, severities: map[string]string{}, exploited: map[string]bool{},
		inDatabases: map[string]bool{}, latest: map[string]time.Time{}, wantedEcosystems: map[string]bool{}, sources: map[string]bool{}}
	for i := range f.Components {
		c := &f.Components[i]
		for _, t := range targets(i, c.SBOM.Packages) {
			t.find(c.SBOM.Distro)
			m.all = append(m.all, t)
			for _, l := range t.candidates {
				m.wanted[l.name] = append(m.wanted[l.name], l)
				m.wantedEcosystems[l.ecosystem] = true
				if strings.HasPrefix(l.ecosystem, tracker) {
					m.sources[l.name.name] = true
				}
			}
		}
	}
	return m
}

// targets are the packages of a component. A kernel has a record of its own beside that
// of the distribution's package, with the same purl: both are one package.
func targets(component int, packages []facts.Package) []*target {
	var out []*target
	byPURL := map[string]*target{}
	for _, kernels := range []bool{false, true} {
		for j := range packages {
			p := &packages[j]
			if (p.Type == kernelType) != kernels {
				continue
			}
			if same := byPURL[p.PURL]; kernels && same != nil {
				same.paths = append(same.paths, p.Paths...)
				continue
			}
			t := &target{component: component, pkg: p, paths: slices.Clone(p.Paths)}
			if out = append(out, t); p.PURL != "" {
				byPURL[p.PURL] = t
			}
		}
	}
	return out
}

// find sets the names of the package in databases. There are none if its purl
// is not usable.
func (t *target) find(d *facts.Distro) {
	p, err := packageurl.FromString(t.pkg.PURL)
	if err != nil {
		return
	}
	full := p.Name
	if p.Namespace != "" {
		full = p.Namespace + "/" + p.Name
	}
	switch p.Type {
	case "deb", "apk", "rpm":
		t.distroCandidates(p, d)
	case "golang":
		t.addCandidate("Go", t.spelled(full))
	case "npm":
		t.addCandidate("npm", t.spelled(full))
	case "pypi":
		t.addCandidate("PyPI", p.Name)
	case "cargo":
		t.addCandidate("crates.io", t.spelled(p.Name))
	case "gem":
		t.addCandidate("RubyGems", t.spelled(p.Name))
	case "composer":
		t.addCandidate("Packagist", full)
	case "maven":
		t.addCandidate("Maven", p.Namespace+":"+p.Name)
	case "nuget":
		t.addCandidate("NuGet", p.Name)
	case "hex":
		t.addCandidate("Hex", full)
	case "pub":
		t.addCandidate("Pub", p.Name)
	}
}

func (t *target) addCandidate(ecosystem, s string) {
	t.candidates = append(t.candidates, &candidate{name: name{ecosystem, packageName(ecosystem, s)}, target: t, version: t.pkg.Version})
}

// spelled is the name as the package writes it. A purl may have it in lower
// case, and the ecosystem may have another package with that name.
func (t *target) spelled(s string) string {
	if strings.EqualFold(t.pkg.Name, s) {
		return t.pkg.Name
	}
	return s
}

// upstream splits the source package in a purl: NAME or NAME@VERSION, for rpm
// NAME-VERSION-RELEASE.src.rpm.
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

var pypiRun = lazyre.New(`[-_.]+`)

// packageName is a package's name in one form, if its ecosystem knows several
// spellings.
func packageName(ecosystem, s string) string {
	switch ecosystem {
	case "PyPI":
		return strings.ToLower(pypiRun.ReplaceAllString(s, "-"))
	case "NuGet", "Packagist":
		return strings.ToLower(s)
	}
	return s
}
