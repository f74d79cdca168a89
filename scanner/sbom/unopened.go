package sbom

import (
	"cmp"
	"errors"
	"path"
	"slices"
	"strings"

	"github.com/anchore/syft/syft/pkg"
	"github.com/anchore/syft/syft/sbom"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/scanner/tree"
)

// shippedAs are the suffixes of package files. Catalogers read only installed
// packages, but programs can load some of these files directly.
var shippedAs = []string{".whl", ".egg", ".gem", ".nupkg", ".crate", ".conda", ".phar", ".deb", ".udeb", ".rpm", ".apk"}

// locks are lock files of package managers, with the type of the packages in
// them.
var locks = map[string]pkg.Type{
	"package-lock.json": pkg.NpmPkg, "npm-shrinkwrap.json": pkg.NpmPkg, "yarn.lock": pkg.NpmPkg, "pnpm-lock.yaml": pkg.NpmPkg, "bun.lock": pkg.NpmPkg,
	"poetry.lock": pkg.PythonPkg, "Pipfile.lock": pkg.PythonPkg, "uv.lock": pkg.PythonPkg, "pdm.lock": pkg.PythonPkg, "pylock.toml": pkg.PythonPkg, "requirements.txt": pkg.PythonPkg,
	"Gemfile.lock": pkg.GemPkg, "gems.locked": pkg.GemPkg, "Cargo.lock": pkg.RustPkg, "composer.lock": pkg.PhpComposerPkg,
	"go.mod": pkg.GoModulePkg, "packages.lock.json": pkg.DotnetPkg, "mix.lock": pkg.HexPkg, "pubspec.lock": pkg.DartPubPkg,
	"gradle.lockfile": pkg.JavaPkg, "conan.lock": pkg.ConanPkg,
}

// unopened are files with packages that no cataloger reads: package files,
// unless the same package is installed, and lock files if no package of their
// type was found. A file that belongs to a package is not listed.
func unopened(known *owners, s *sbom.SBOM, archives map[string]bool) []Unreadable {
	var out []Unreadable
	t := known.tree
	types := map[pkg.Type]bool{}
	installed := map[string]bool{}
	for p := range s.Artifacts.Packages.Enumerate() {
		types[p.Type] = true
		_, version, _ := strings.Cut(":"+p.Version, ":") // without an epoch
		installed[shipped(p.Name+"-"+cmp.Or(version[strings.LastIndexByte(version, ':')+1:], p.Version))] = true
	}
	for _, p := range t.Paths() {
		e := t.Get(p)
		if e.Type != system.TypeFile && e.Type != system.TypeHardlink || known.has(p) {
			continue
		}
		base := tree.Base(p)
		ext := path.Ext(base)
		lower := strings.ToLower(ext)
		kind, list := locks[base]
		switch {
		case list && !types[kind]:
			out = append(out, Unreadable{Path: p, Reason: errors.New("it lists packages, but no package of that type was found")})
		case slices.Contains(shippedAs, lower) && !isInstalled(installed, base):
			out = append(out, Unreadable{Path: p, Reason: errors.New("it is a package file, and the package is not installed")})
		case archives[lower] && !archives[ext]:
			out = append(out, Unreadable{Path: p, Reason: errors.New("its suffix is not in lower case, so the archive is not read")})
		}
	}
	return out
}

// shipped is NAME-VERSION in the form of file names: Python writes _ for -,
// Debian - for _.
func shipped(s string) string { return strings.ReplaceAll(strings.ToLower(s), "_", "-") }

// isInstalled reports whether a file name begins with the name and version of a
// package that was found. A build number and an architecture may follow.
func isInstalled(installed map[string]bool, base string) bool {
	ext := path.Ext(base)
	s := strings.TrimSuffix(base, ext)
	if strings.EqualFold(ext, ".rpm") {
		s = strings.TrimSuffix(s, path.Ext(s)) // the architecture
	}
	s = shipped(s)
	for end := len(s); end > 0; end = strings.LastIndexByte(s[:end], '-') {
		if installed[s[:end]] {
			return true
		}
	}
	return false
}
