package sbom

import (
	"path"
	"slices"
	"strings"

	"github.com/anchore/syft/syft/pkg"
	"github.com/anchore/syft/syft/sbom"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/whence"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
	"github.com/seaworthy-os/seaworthy/scanner/tree"
)

// coverage counts the regular files of the tree, and the files that belong to a
// package. A file belongs to a package if the package lists it, if the package
// was found in it, or if it lies in the package's folder (a Node module, a
// kernel's modules). A hard link counts as a file.
func (o *owners) coverage() facts.Coverage {
	var c facts.Coverage
	for _, p := range o.tree.Paths() {
		e := o.tree.Get(p)
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
	owned   map[string]claim
	folders map[string]*whence.Package
}

// claim says that a file belongs to a package. Of several packages, the one with the
// highest rank counts, and of these the first one.
type claim struct {
	rank  int
	owner *whence.Package // nil if the file belongs to several packages, as a database does
}

// The ranks of claims: a package was found in the file; the file is that of the whole
// program in which packages were found; the kernel has it; a distribution's package
// lists it.
const (
	rankFound = iota
	rankMain
	rankKernel
	rankListed
)

func newOwners(t *tree.Tree, s *sbom.SBOM, k *Kernel) *owners {
	o := &owners{tree: t, owned: map[string]claim{}, folders: map[string]*whence.Package{}}
	for _, p := range s.Artifacts.Packages.Sorted() {
		owner, rank := &whence.Package{Name: p.Name, Version: p.Version, PURL: p.PURL}, rankFound
		found := claim{rankFound, owner}
		if slices.Contains(systemTypes, p.Type) {
			rank, found.owner = rankListed, nil
		}
		if m, ok := p.Metadata.(pkg.GolangBinaryBuildinfoEntry); ok && m.MainModule == p.Name {
			found.rank = rankMain
		}
		if k != nil && p.Name == KernelName && p.Version == k.Version {
			for _, path := range k.Owned {
				o.claim(path, claim{rankKernel, owner})
			}
		}
		for _, l := range p.Locations.ToSlice() {
			o.claim(l.RealPath, found)
		}
		o.listed(p, claim{rank, owner})
		for _, d := range packageFolders(p) {
			if o.folders[d] == nil {
				o.folders[d] = owner
			}
		}
	}
	return o
}

func (o *owners) has(p string) bool {
	_, ok := o.owned[p]
	return ok || o.below(p) != nil
}

// of is the package that a file belongs to, nil for none or for several.
func (o *owners) of(p string) *whence.Package {
	if c, ok := o.owned[p]; ok {
		return c.owner
	}
	return o.below(p)
}

func (o *owners) claim(p string, c claim) {
	real, _, ok := o.tree.ResolveParent(p)
	if !ok {
		return
	}
	if old, taken := o.owned[real]; !taken || c.rank > old.rank || old.owner == nil {
		o.owned[real] = c
	}
}

// listed adds the files in p's own list.
func (o *owners) listed(p pkg.Package, c claim) {
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
		o.claim(f, c)
	}
}

// systemTypes are the packages of distributions.
var systemTypes = []pkg.Type{pkg.AlpmPkg, pkg.ApkPkg, pkg.DebPkg, pkg.PortagePkg, pkg.RpmPkg}

// ownedBySystem are the files of the distribution's packages.
func ownedBySystem(t *tree.Tree, s *sbom.SBOM) map[string]bool {
	o := owners{tree: t, owned: map[string]claim{}}
	for p := range s.Artifacts.Packages.Enumerate(systemTypes...) {
		o.listed(p, claim{})
	}
	out := map[string]bool{}
	for p := range o.owned {
		out[p] = true
	}
	return out
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

// below is the package in whose folder p lies, nil if there is none; "/" is not the
// folder of a package.
func (o *owners) below(p string) *whence.Package {
	if len(o.folders) == 0 {
		return nil
	}
	for d := tree.Dir(p); d != "/"; d = tree.Dir(d) {
		if owner := o.folders[d]; owner != nil {
			return owner
		}
	}
	return nil
}
