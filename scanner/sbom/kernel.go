package sbom

import (
	"slices"
	"strings"

	"github.com/anchore/packageurl-go"
	"github.com/anchore/syft/syft/artifact"
	"github.com/anchore/syft/syft/cpe"
	"github.com/anchore/syft/syft/file"
	"github.com/anchore/syft/syft/linux"
	"github.com/anchore/syft/syft/pkg"
	"github.com/anchore/syft/syft/sbom"
)

// Kernel describes the kernel of a kernel component. It is always listed as its
// own package, even if catalogers do not recognise it.
type Kernel struct {
	// Path of the binary in the image ("/kernel"), and its version.
	Path, Version string
	// Arch is the Go name of the architecture.
	Arch string
	// Digest is sha256:HEX of the binary.
	Digest string
	// Owned are the paths of its files: the binary, its modules, its
	// configuration. Evidence are those that say from what it was compiled: the source
	// package, the tools, and the compiled files.
	Owned, Evidence []string
}

// KernelName is the name of the kernel's package.
const KernelName = "linux-kernel"

// addKernel replaces the package that syft made for the kernel's binary, if
// any. If the distribution's package of the kernel is known, the kernel's URL
// contains it, and addKernel returns its name and version.
func addKernel(s *sbom.SBOM, k *Kernel) string {
	url, from := genericPURL("linux", k.Version), ""
	if d := kernelPackage(s, k.Version); d != nil {
		url, from = d.PURL, d.Name+" "+d.Version
	}
	p := pkg.Package{
		Name:    KernelName,
		Version: k.Version,
		Type:    pkg.LinuxKernelPkg,
		FoundBy: "seaworthy",
		PURL:    url,
		Locations: file.NewLocationSet(location(k.Path, k.Path).
			WithAnnotation(pkg.EvidenceAnnotationKey, pkg.PrimaryEvidenceAnnotation)),
		Licenses: pkg.NewLicenseSet(pkg.NewLicense("GPL-2.0-only WITH Linux-syscall-note")),
		Metadata: pkg.LinuxKernel{Name: "Linux", Architecture: k.Arch, Version: k.Version},
	}
	for _, path := range k.Evidence {
		p.Locations.Add(location(path, path).WithAnnotation(pkg.EvidenceAnnotationKey, pkg.SupportingEvidenceAnnotation))
	}
	if upstream := upstreamVersion(k.Version); upstream != "" {
		c := cpe.NewWithAny()
		c.Part, c.Vendor, c.Product, c.Version = "o", "linux", "linux_kernel", upstream
		p.CPEs = []cpe.CPE{{Attributes: c, Source: cpe.DeclaredSource}}
	}
	var old []artifact.ID
	for _, q := range s.Artifacts.Packages.Sorted(pkg.LinuxKernelPkg) {
		if slices.ContainsFunc(q.Locations.ToSlice(), func(l file.Location) bool { return l.RealPath == k.Path }) {
			if m, ok := q.Metadata.(pkg.LinuxKernel); ok {
				p.Metadata = m
			}
			old = append(old, q.ID())
		}
	}
	p.SetID()
	s.Artifacts.Packages.Delete(old...)
	s.Artifacts.Packages.Add(p)
	s.Relationships = slices.DeleteFunc(s.Relationships, func(r artifact.Relationship) bool {
		return slices.Contains(old, r.From.ID()) || slices.Contains(old, r.To.ID())
	})
	for _, m := range s.Artifacts.Packages.Sorted(pkg.LinuxKernelModulePkg) {
		s.Relationships = append(s.Relationships, artifact.Relationship{From: p, To: m, Type: artifact.DependencyOfRelationship})
	}
	return from
}

// kernelPackage finds the distribution's package of the kernel, or of the source that it
// was compiled from: the one with the kernel's version in its name, or the only one that
// does not contradict it.
func kernelPackage(s *sbom.SBOM, version string) *pkg.Package {
	var found []pkg.Package
	for _, p := range s.Artifacts.Packages.Sorted(pkg.DebPkg, pkg.ApkPkg, pkg.RpmPkg) {
		switch {
		case p.Type == pkg.DebPkg && (strings.HasPrefix(p.Name, "linux-image-") || strings.HasPrefix(p.Name, "linux-source-")),
			p.Type == pkg.ApkPkg && strings.HasPrefix(p.Name, "linux-"),
			p.Type == pkg.RpmPkg && (p.Name == "kernel" || p.Name == "kernel-core"):
		default:
			continue
		}
		switch named := namedRelease(p.Name); {
		case named != "" && named == version:
			return &p
		case named == "" && sameSeries(p.Version, version):
			found = append(found, p)
		}
	}
	if len(found) == 1 {
		return &found[0]
	}
	return nil
}

// namedRelease is the kernel release in the name of a Debian package. It is "" if
// there is none, and for a series as in linux-image-6.12-amd64.
func namedRelease(name string) string {
	name, _ = strings.CutPrefix(name, "linux-image-")
	name, _ = strings.CutPrefix(name, "unsigned-")
	name = strings.TrimSuffix(name, "-unsigned")
	if strings.Count(upstreamVersion(name), ".") < 2 {
		return ""
	}
	return name
}

// sameSeries reports whether the version of a package and the release of a kernel
// begin with the same two numbers. Distributions have their own further numbers.
func sameSeries(version, release string) bool {
	if _, behind, ok := strings.Cut(version, ":"); ok {
		version = behind // an epoch precedes it
	}
	a, b := strings.Split(upstreamVersion(version), "."), strings.Split(upstreamVersion(release), ".")
	return len(a) > 1 && len(b) > 1 && slices.Equal(a[:2], b[:2])
}

// debPURL is the URL of a package in dpkg's database, if syft sets none. Syft
// sets it only for Debian and for distributions that declare Debian as their
// base, which Ubuntu need not do.
func debPURL(m pkg.DpkgDBEntry, release *linux.Release) string {
	q := map[string]string{pkg.PURLQualifierArch: m.Architecture}
	if m.Source != "" {
		q[pkg.PURLQualifierUpstream] = strings.TrimSuffix(m.Source+"@"+m.SourceVersion, "@")
	}
	namespace := ""
	if d := distro(release); d != nil {
		namespace = d.ID
		if d.ID != "" {
			q[pkg.PURLQualifierDistro] = strings.TrimSuffix(d.ID+"-"+d.VersionID, "-")
		}
	}
	return packageurl.NewPackageURL(packageurl.TypeDebian, namespace, m.Package, m.Version, packageurl.QualifiersFromMap(q), "").ToString()
}

func genericPURL(name, version string) string {
	return packageurl.NewPackageURL(packageurl.TypeGeneric, "", name, version, nil, "").ToString()
}

// upstreamVersion is the leading number of a kernel version: 6.1.0 of
// 6.1.0-41-cloud-amd64. It is "" if the version does not begin with one.
func upstreamVersion(v string) string {
	i := strings.IndexFunc(v, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
	if i >= 0 {
		v = v[:i]
	}
	return strings.Trim(v, ".")
}
