// Package sbom finds the packages of an image with syft, and writes what it
// found as SPDX and CycloneDX documents.
package sbom

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/anchore/syft/bridge"
	"github.com/anchore/syft/syft/artifact"
	"github.com/anchore/syft/syft/linux"
	"github.com/anchore/syft/syft/pkg"
	"github.com/anchore/syft/syft/sbom"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/whence"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
	"github.com/seaworthy-os/seaworthy/scanner/tree"
)

// SyftVersion is the version of the catalogers in go.mod.
const SyftVersion = "1.57.0"

// Unreadable is a file that a cataloger could not read.
type Unreadable = bridge.Unknown

// Inventory is what the catalogers found in one image.
type Inventory struct {
	Image *system.Image
	SBOM  *sbom.SBOM
	// Packages, Distro and Coverage for policies, sorted.
	Packages []facts.Package
	Distro   *facts.Distro
	Coverage facts.Coverage
	// KernelPackage is the name and version of the distribution's package of
	// the kernel; "" if unknown.
	KernelPackage string
	kernel        *Kernel
	owners        *owners
	// Unreadable are files that may contain packages but could not be read,
	// sorted by path.
	Unreadable []Unreadable
}

// Request is the input of Catalog, in addition to the collected files.
type Request struct {
	Image *system.Image
	// Kernel is set for the kernel component.
	Kernel *Kernel
	// TempDir is the parent of the folder for temporary files; "" is the
	// system's.
	TempDir string
}

// Catalog runs the catalogers on a collector after its pass. A package database
// that cannot be read is an error, because an image must not be able to hide
// its packages. If ctx ends, Catalog stops between files.
func (c *Collector) Catalog(ctx context.Context, req Request) (*Inventory, error) {
	dir, err := os.MkdirTemp(req.TempDir, "seaworthy-scan-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	inner := bridge.Context(ctx, dir, classify)
	resolver := c.Resolver()

	s := &sbom.SBOM{
		Source:     describe(req.Image),
		Descriptor: sbom.Descriptor{Name: "syft", Version: SyftVersion},
		Artifacts:  sbom.Artifacts{Packages: pkg.NewCollection(), LinuxDistribution: linux.IdentifyRelease(resolver)},
	}
	inv := &Inventory{Image: req.Image, SBOM: s, Unreadable: unnamed(c.tree, s.Artifacts.LinuxDistribution)}
	var failures []error
	var unowned *Resolver
	kept := slices.Concat(resolver.sealed(c.wants.archives), resolver.ambiguous(), c.cutShort())
	for _, cat := range catalogers() {
		resolver := resolver
		if cat.unowned {
			if unowned == nil {
				unowned = resolver.without(ownedBySystem(c.tree, s))
			}
			resolver = unowned
		}
		found, relations, err := run(inner, cat, resolver)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		unreadable, rest := bridge.Split(err)
		if rest != nil {
			failures = append(failures, fmt.Errorf("%s: %w", cat.Name(), rest))
		}
		for _, u := range unreadable {
			if strings.HasSuffix(u.Path, ".md5sums") {
				continue // a list of files among the packages of status.d
			}
			if cat.database {
				failures = append(failures, fmt.Errorf("%s: %s: %w", cat.Name(), u.Path, u.Reason))
			}
			if cat.archives {
				kept = append(kept, u)
				continue
			}
			inv.Unreadable = append(inv.Unreadable, u)
		}
		found, relations = finish(cat.Name(), s.Artifacts.LinuxDistribution, found, relations)
		s.Artifacts.Packages.Add(found...)
		s.Relationships = append(s.Relationships, relations...)
	}
	if len(failures) > 0 {
		return nil, errors.Join(failures...)
	}
	bridge.Relate(s, resolver)
	if req.Kernel != nil {
		inv.KernelPackage = addKernel(s, req.Kernel)
		inv.kernel = req.Kernel
	}
	s.Relationships = keepKnown(s)
	inv.owners = newOwners(c.tree, s, req.Kernel)
	// A file in which a package was found was read, but not completely.
	inv.Unreadable = slices.DeleteFunc(inv.Unreadable, func(u Unreadable) bool {
		return len(s.Artifacts.Packages.PackagesByPath(u.Path)) > 0
	})
	inv.Unreadable = slices.Concat(inv.Unreadable, kept, unopened(inv.owners, s, c.wants.archives))
	slices.SortStableFunc(inv.Unreadable, func(a, b Unreadable) int { return strings.Compare(a.Path, b.Path) })
	inv.Packages = packages(s)
	inv.Distro = distro(s.Artifacts.LinuxDistribution)
	inv.Coverage = inv.owners.coverage()
	return inv, nil
}

// Owner is the package that a file belongs to, nil for none or for several. path is
// that of the tree.
func (v *Inventory) Owner(path string) *whence.Package { return v.owners.of(path) }

// UnreadablePaths are the paths of Unreadable, each once.
func (v *Inventory) UnreadablePaths() []string {
	out := []string{}
	for _, u := range v.Unreadable {
		out = append(out, u.Path)
	}
	return slices.Compact(out)
}

// run calls one cataloger. A panic in the cataloger becomes its error.
func run(ctx context.Context, c cataloger, r *Resolver) (p []pkg.Package, rel []artifact.Relationship, err error) {
	defer func() {
		if e := recover(); e != nil {
			err = fmt.Errorf("panic: %v\n%s", e, debug.Stack())
		}
	}()
	return c.Catalog(ctx, r)
}

// finish adds to packages what syft adds after a cataloger. It drops packages
// without a name, and texts of licences, which are in the image.
func finish(by string, release *linux.Release, found []pkg.Package, relations []artifact.Relationship) ([]pkg.Package, []artifact.Relationship) {
	changed := map[artifact.ID]pkg.Package{}
	out := found[:0]
	for _, p := range found {
		if strings.TrimSpace(p.Name) == "" {
			continue
		}
		old := p.ID()
		if p.FoundBy == "" {
			p.FoundBy = by
		}
		if p.Language == "" {
			p.Language = pkg.LanguageFromPURL(p.PURL)
		}
		if m, ok := p.Metadata.(pkg.DpkgDBEntry); ok && p.PURL == "" {
			p.PURL = debPURL(m, release)
		}
		if m, ok := p.Metadata.(pkg.LinuxKernelModule); ok && p.Version == "" {
			// A module of the kernel's own tree has the kernel's version.
			p.Version = m.KernelVersion
			p.PURL = genericPURL(p.Name, p.Version)
		}
		if _, ok := p.Metadata.(pkg.JavaArchive); ok && p.Type == pkg.UnknownPkg {
			p.Type = pkg.JavaPkg // an archive without the suffix of one
		}
		licenses := p.Licenses.ToSlice()
		for i := range licenses {
			licenses[i].Contents = ""
		}
		p.Licenses = pkg.NewLicenseSet(licenses...)
		p.SetID()
		if p.ID() != old {
			changed[old] = p
		}
		out = append(out, p)
	}
	for i, r := range relations {
		if p, ok := changed[r.From.ID()]; ok {
			relations[i].From = p
		}
		if p, ok := changed[r.To.ID()]; ok {
			relations[i].To = p
		}
	}
	return out, relations
}

// keepKnown keeps the relations between packages of the SBOM.
func keepKnown(s *sbom.SBOM) []artifact.Relationship {
	known := func(i artifact.Identifiable) bool {
		p, ok := i.(pkg.Package)
		return ok && s.Artifacts.Packages.Package(p.ID()) != nil
	}
	return slices.DeleteFunc(s.Relationships, func(r artifact.Relationship) bool {
		return !known(r.From) || !known(r.To)
	})
}

// osRelease is the file with the distribution's name (os-release(5)).
var osRelease = []string{"/etc/os-release", "/usr/lib/os-release"}

// unnamed is an os-release file without the name of a distribution: it is
// damaged, or a link to a file whose content was not kept.
func unnamed(t *tree.Tree, r *linux.Release) []Unreadable {
	if r != nil && r.ID != "" && r.ID != busybox {
		return nil
	}
	for _, p := range osRelease {
		if _, e, ok := t.Resolve(p); ok && e != nil && e.Type == system.TypeFile {
			return []Unreadable{{Path: p, Reason: errors.New("it does not contain the name of a distribution")}}
		}
	}
	return nil
}

// busybox is syft's distribution for images without another one.
const busybox = "busybox"

func distro(r *linux.Release) *facts.Distro {
	if r == nil || r.ID == busybox {
		return nil
	}
	// syft does not remove single quotes, which os-release may contain.
	plain := func(s string) string { return strings.Trim(s, "'") }
	return &facts.Distro{ID: strings.ToLower(plain(r.ID)), VersionID: plain(r.VersionID), PrettyName: plain(r.PrettyName)}
}
