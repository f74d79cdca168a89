package sbom

import (
	"strings"
	"testing"

	"github.com/anchore/syft/syft/pkg"
	"github.com/anchore/syft/syft/sbom"
)

// A package of another kernel is not the package of this one.
func TestKernelPackageContradicts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind                 pkg.Type
		pkg, version, kernel string
	}{
		"Debian":                     {pkg.DebPkg, "linux-image-6.1.0-41-amd64", "6.1.158-1", "6.1.0-41-amd64"},
		"Ubuntu, unsigned":           {pkg.DebPkg, "linux-image-unsigned-6.8.0-151-generic", "6.8.0-151.151", "6.8.0-151-generic"},
		"a metapackage":              {pkg.DebPkg, "linux-image-amd64", "6.1.158-1", "6.1.0-41-amd64"},
		"a metapackage of a series":  {pkg.DebPkg, "linux-image-6.12-amd64", "6.12.117-1", "6.12.117+deb13-amd64"},
		"an epoch":                   {pkg.DebPkg, "linux-image-rpi-v8", "1:6.12.25-1+rpt1", "6.12.25+rpt-rpi-v8"},
		"compiled from source":       {pkg.DebPkg, "linux-source-6.12", "6.12.117-1~deb12u1", "6.12.117-seaworthy"},
		"another source":             {pkg.DebPkg, "linux-source-6.1", "6.1.158-1", "!6.12.117-seaworthy"},
		"Alpine":                     {pkg.ApkPkg, "linux-lts", "6.6.71-r0", "6.6.71-0-lts"},
		"Fedora":                     {pkg.RpmPkg, "kernel-core", "5.14.0-427.el9", "5.14.0-427.el9.x86_64"},
		"another release":            {pkg.DebPkg, "linux-image-6.1.0-41-amd64", "6.1.158-1", "!6.1.0-40-amd64"},
		"another flavour":            {pkg.DebPkg, "linux-image-6.1.0-41-rt-amd64", "6.1.158-1", "!6.1.0-41-amd64"},
		"a metapackage of another":   {pkg.DebPkg, "linux-image-amd64", "6.12.117-1", "!6.1.0-41-amd64"},
		"an Alpine of another":       {pkg.ApkPkg, "linux-lts", "6.12.1-r0", "!6.1.9-0-lts"},
		"a Fedora of another":        {pkg.RpmPkg, "kernel", "5.14.0-427.el9", "!5.4.0-1.x86_64"},
		"firmware":                   {pkg.ApkPkg, "linux-firmware", "20241210-r0", "!6.6.71-0-lts"},
		"a kernel without a version": {pkg.DebPkg, "linux-image-amd64", "6.12.117-1", "!"},
	} {
		s := &sbom.SBOM{Artifacts: sbom.Artifacts{Packages: pkg.NewCollection(pkg.Package{Name: c.pkg, Version: c.version, Type: c.kind})}}
		kernel, other := strings.CutPrefix(c.kernel, "!")
		if got := kernelPackage(s, kernel); (got == nil) != other {
			t.Errorf("%s: package of kernel %q: %v", name, kernel, got)
		}
	}
}
