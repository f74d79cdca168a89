package sbom

import (
	"cmp"
	"slices"
	"strings"

	"github.com/anchore/syft/syft/pkg"
	"github.com/anchore/syft/syft/sbom"

	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// packages are the packages of s for policies, sorted.
func packages(s *sbom.SBOM) []facts.Package {
	out := []facts.Package{}
	for _, p := range s.Artifacts.Packages.Sorted() {
		licenses := []string{}
		for _, l := range p.Licenses.ToSlice() {
			name := l.SPDXExpression
			if name == "" {
				name = l.Value
			}
			// A text of unknown origin is not the name of a licence.
			if name != "" && !strings.HasPrefix(name, "sha256:") {
				licenses = append(licenses, name)
			}
		}
		slices.Sort(licenses)
		out = append(out, facts.Package{
			Name: p.Name, Version: p.Version, Type: string(p.Type), PURL: p.PURL, Licenses: slices.Compact(licenses), Paths: where(p),
		})
	}
	slices.SortStableFunc(out, byName)
	same := out[:0]
	for _, p := range out {
		last := len(same) - 1
		if last < 0 || byName(same[last], p) != 0 || !slices.Equal(same[last].Licenses, p.Licenses) {
			same = append(same, p)
			continue
		}
		same[last].Paths = few(append(same[last].Paths, p.Paths...))
	}
	return same
}

func byName(a, b facts.Package) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version), cmp.Compare(a.Type, b.Type), cmp.Compare(a.PURL, b.PURL))
}

// maxPaths is the highest number of listed paths of one package.
const maxPaths = 5

// where returns the files in which a package was found. For a package in an
// archive, that is the archive and the path in it. Packages from a
// distribution's database have none.
func where(p pkg.Package) []string {
	out := []string{}
	if slices.Contains(systemTypes, p.Type) {
		return out
	}
	for _, l := range p.Locations.ToSlice() {
		at := l.RealPath
		if j, ok := p.Metadata.(pkg.JavaArchive); ok {
			if _, inner, nested := strings.Cut(j.VirtualPath, ":"); nested {
				at += ":" + inner
			}
		}
		out = append(out, at)
	}
	return few(out)
}

// few is a list, sorted and truncated, with each element once.
func few(list []string) []string {
	slices.Sort(list)
	list = slices.Compact(list)
	return list[:min(len(list), maxPaths)]
}
