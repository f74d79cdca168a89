package sbom

import (
	"slices"
	"strings"

	"github.com/anchore/packageurl-go"
	"github.com/anchore/syft/syft/artifact"
	"github.com/anchore/syft/syft/cpe"
	"github.com/anchore/syft/syft/file"
	"github.com/anchore/syft/syft/pkg"
	"github.com/anchore/syft/syft/sbom"
)

// Kernel is what is known of the kernel of a kernel component. It is listed as
// a package of its own, whatever catalogers recognise.
type Kernel struct {
	// Path of the binary in the image ("/kernel"), and its version.
	Path, Version string
	// Package is the distribution's package that it comes from, as name and
	// version ("linux-image-6.1.0-41-cloud-amd64", "6.1.158-1"), or empty.
	Package, PackageVersion string
	// Distro is the id of the distribution, for the package's URL.
	Distro string
	Arch   string
	// Digest is sha256:HEX of the binary.
	Digest string
	// Owned are path prefixes of files that belong to it: its modules' folder,
	// its config.
	Owned []string
}

// KernelName is the name of the kernel's package.
const KernelName = "linux-kernel"

// addKernel puts the kernel's own package in place of the one that syft made of
// its binary, if it did.
func addKernel(s *sbom.SBOM, k *Kernel) {
	p := pkg.Package{
		Name:    KernelName,
		Version: k.Version,
		Type:    pkg.LinuxKernelPkg,
		FoundBy: "seaworthy",
		PURL:    k.purl(),
		Locations: file.NewLocationSet(location(k.Path, k.Path).
			WithAnnotation(pkg.EvidenceAnnotationKey, pkg.PrimaryEvidenceAnnotation)),
		Licenses: pkg.NewLicenseSet(pkg.NewLicense("GPL-2.0-only WITH Linux-syscall-note")),
		Metadata: pkg.LinuxKernel{Name: "Linux", Architecture: k.Arch, Version: k.Version},
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
}

// purl names the distribution's package where it is known, else the upstream
// project.
func (k *Kernel) purl() string {
	if k.Package == "" || k.Distro == "" {
		return genericPURL("linux", k.Version)
	}
	var q packageurl.Qualifiers
	if k.Arch != "" {
		q = packageurl.QualifiersFromMap(map[string]string{"arch": k.Arch})
	}
	return packageurl.NewPackageURL(packageurl.TypeDebian, k.Distro, k.Package, k.PackageVersion, q, "").ToString()
}

func genericPURL(name, version string) string {
	return packageurl.NewPackageURL(packageurl.TypeGeneric, "", name, version, nil, "").ToString()
}

// upstreamVersion is the leading number of a kernel version: 6.1.0 of
// 6.1.0-41-cloud-amd64. "" where it does not start with one.
func upstreamVersion(v string) string {
	i := strings.IndexFunc(v, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
	if i >= 0 {
		v = v[:i]
	}
	return strings.Trim(v, ".")
}
