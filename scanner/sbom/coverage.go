package sbom

import (
	"path"
	"strings"

	"github.com/anchore/syft/syft/pkg"
	"github.com/anchore/syft/syft/sbom"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
	"github.com/seaworthy-os/seaworthy/scanner/tree"
)

// coverage counts the regular files of the tree, and the files that belong to a
// package. A file belongs to a package if the package lists it, if the package
// was found in it, or if it lies in the package's folder (a Node module, a
// kernel's modules). A hard link counts as a file.
func coverage(t *tree.Tree, s *sbom.SBOM, k *Kernel) facts.Coverage {
	o := newOwners(t, s)
	if k != nil {
		for _, p := range k.Owned {
			o.claim(p)
		}
	}
	var c facts.Coverage
	for _, p := range t.Paths() {
		e := t.Get(p)
		if e.Type != system.TypeFile && e.Type != system.TypeHardlink {
			continue
		}
		c.Files++
		if o.has(p) {
			c.Owned++
		}
	}
	return c
}

// owners collects the files and folders that belong to packages.
type owners struct {
	tree    *tree.Tree
	owned   map[string]bool
	folders map[string]bool
}

func newOwners(t *tree.Tree, s *sbom.SBOM) *owners {
	o := &owners{tree: t, owned: map[string]bool{}, folders: map[string]bool{}}
	for p := range s.Artifacts.Packages.Enumerate() {
		for _, l := range p.Locations.ToSlice() {
			o.claim(l.RealPath)
		}
		o.listed(p)
		for _, d := range packageFolders(p) {
			o.folders[d] = true
		}
	}
	return o
}

func (o *owners) has(p string) bool { return o.owned[p] || below(o.folders, p) }

func (o *owners) claim(p string) {
	if real, _, ok := o.tree.ResolveParent(p); ok {
		o.owned[real] = true
	}
}

// listed adds the files in p's own list.
func (o *owners) listed(p pkg.Package) {
	owner, ok := p.Metadata.(pkg.FileOwner)
	if !ok {
		return
	}
	base := ""
	if m, ok := p.Metadata.(pkg.PythonPackage); ok {
		base = m.SitePackagesRootPath
	}
	for _, f := range owner.OwnedFiles() {
		if !strings.HasPrefix(f, "/") {
			f = base + "/" + f
		}
		o.claim(f)
	}
}

// systemTypes are the packages of distributions.
var systemTypes = []pkg.Type{pkg.AlpmPkg, pkg.ApkPkg, pkg.DebPkg, pkg.PortagePkg, pkg.RpmPkg}

// ownedBySystem are the files of the distribution's packages.
func ownedBySystem(t *tree.Tree, s *sbom.SBOM) map[string]bool {
	o := owners{tree: t, owned: map[string]bool{}}
	for p := range s.Artifacts.Packages.Enumerate(systemTypes...) {
		o.listed(p)
	}
	return o.owned
}

// packageFolders are folders of which all files belong to a package.
func packageFolders(p pkg.Package) []string {
	var out []string
	for _, l := range p.Locations.ToSlice() {
		switch {
		case p.Type == pkg.NpmPkg && path.Base(l.RealPath) == "package.json":
			out = append(out, path.Dir(l.RealPath))
		case p.Type == pkg.PhpComposerPkg && path.Base(l.RealPath) == "installed.json":
			// vendor/composer/installed.json lists vendor/NAME.
			out = append(out, path.Join(path.Dir(path.Dir(l.RealPath)), p.Name))
		case p.Type == pkg.GemPkg && strings.HasSuffix(l.RealPath, ".gemspec"):
			// .../specifications/NAME.gemspec describes .../gems/NAME.
			name := strings.TrimSuffix(path.Base(l.RealPath), ".gemspec")
			root, _, ok := strings.Cut(l.RealPath, "/specifications/")
			if ok {
				out = append(out, root+"/gems/"+name)
			}
		}
	}
	return out
}

// below reports whether p lies in one of the folders; "/" is not a package.
func below(folders map[string]bool, p string) bool {
	if len(folders) == 0 {
		return false
	}
	for d := tree.Dir(p); d != "/"; d = tree.Dir(d) {
		if folders[d] {
			return true
		}
	}
	return false
}
