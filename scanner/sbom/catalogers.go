package sbom

import (
	"github.com/anchore/syft/syft/pkg"
	"github.com/anchore/syft/syft/pkg/cataloger/alpine"
	"github.com/anchore/syft/syft/pkg/cataloger/arch"
	"github.com/anchore/syft/syft/pkg/cataloger/binary"
	"github.com/anchore/syft/syft/pkg/cataloger/debian"
	"github.com/anchore/syft/syft/pkg/cataloger/dotnet"
	"github.com/anchore/syft/syft/pkg/cataloger/gentoo"
	"github.com/anchore/syft/syft/pkg/cataloger/golang"
	"github.com/anchore/syft/syft/pkg/cataloger/java"
	"github.com/anchore/syft/syft/pkg/cataloger/javascript"
	"github.com/anchore/syft/syft/pkg/cataloger/kernel"
	"github.com/anchore/syft/syft/pkg/cataloger/lua"
	"github.com/anchore/syft/syft/pkg/cataloger/perl"
	"github.com/anchore/syft/syft/pkg/cataloger/php"
	"github.com/anchore/syft/syft/pkg/cataloger/python"
	"github.com/anchore/syft/syft/pkg/cataloger/redhat"
	"github.com/anchore/syft/syft/pkg/cataloger/ruby"
	"github.com/anchore/syft/syft/pkg/cataloger/rust"

	_ "modernc.org/sqlite" // the rpm database of current distributions
)

// cataloger is one of syft's, and how much depends on it.
type cataloger struct {
	pkg.Cataloger
	// database: it reads the package database of a distribution. A database
	// that cannot be read hides packages, so the scan fails; elsewhere one bad
	// file is reported and the others count.
	database bool
}

// catalogers lists what images hold: installed software, not what a source
// tree declares. None of them uses the network, by their defaults. A new one
// is one line here.
func catalogers() []cataloger {
	return []cataloger{
		{alpine.NewDBCataloger(), true},
		{arch.NewDBCataloger(), true},
		{debian.NewDBCataloger(), true},
		{gentoo.NewPortageCataloger(), true},
		{redhat.NewDBCataloger(), true},

		{golang.NewGoModuleBinaryCataloger(golang.DefaultCatalogerConfig()), false},
		{rust.NewAuditBinaryCataloger(), false},
		{python.NewInstalledPackageCataloger(), false},
		{javascript.NewPackageCataloger(), false},
		{java.NewArchiveCataloger(java.DefaultArchiveCatalogerConfig()), false},
		{java.NewNativeImageCataloger(), false},
		{java.NewJvmDistributionCataloger(), false},
		{ruby.NewInstalledGemSpecCataloger(), false},
		{php.NewComposerInstalledCataloger(), false},
		{php.NewInterpreterCataloger(), false},
		{dotnet.NewDotnetDepsBinaryCataloger(dotnet.DefaultCatalogerConfig()), false},
		{lua.NewPackageCataloger(), false},
		{perl.NewCpanInstalledCataloger(), false},

		{kernel.NewLinuxKernelCataloger(kernel.DefaultLinuxKernelCatalogerConfig()), false},
		{binary.NewClassifierCataloger(binary.DefaultClassifierCatalogerConfig()), false},
		{binary.NewELFPackageCataloger(), false},
	}
}
