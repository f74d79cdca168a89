package sbom

import (
	"sync"

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

	_ "modernc.org/sqlite" // for the rpm database of current distributions
)

// cataloger is one of syft's catalogers, with its importance.
type cataloger struct {
	pkg.Cataloger
	// database: it reads the package database of a distribution. A database
	// that cannot be read hides packages, so the scan fails. For other
	// catalogers, an unreadable file is reported and the other files count.
	database bool
	// archives: files that it could not read are reported even if it found a
	// package in the same file. That file is an archive, which may contain
	// other packages.
	archives bool
	// unowned: it gets only files that do not belong to a distribution's
	// package. It recognises programs by their bytes, which is less reliable
	// and slow, and most files belong to a package.
	unowned bool
}

// classifiers are about a hundred regular expressions. They are compiled once
// and not for each image; matching does not change them.
var classifiers = sync.OnceValue(binary.DefaultClassifierCatalogerConfig)

func archives() pkg.Cataloger {
	return java.NewArchiveCataloger(java.DefaultArchiveCatalogerConfig())
}

// catalogers lists the catalogers for installed software. Catalogers for source
// trees are left out. None of them uses the network by default. A new one is
// one line here; databases come first.
func catalogers() []cataloger {
	return []cataloger{
		{Cataloger: alpine.NewDBCataloger(), database: true},
		{Cataloger: arch.NewDBCataloger(), database: true},
		{Cataloger: debian.NewDBCataloger(), database: true},
		{Cataloger: gentoo.NewPortageCataloger(), database: true},
		{Cataloger: redhat.NewDBCataloger(), database: true},

		{Cataloger: golang.NewGoModuleBinaryCataloger(golang.DefaultCatalogerConfig())},
		{Cataloger: rust.NewAuditBinaryCataloger()},
		{Cataloger: python.NewInstalledPackageCataloger()},
		{Cataloger: javascript.NewPackageCataloger()},
		{Cataloger: archives(), archives: true},
		{Cataloger: java.NewNativeImageCataloger()},
		{Cataloger: java.NewJvmDistributionCataloger()},
		{Cataloger: ruby.NewInstalledGemSpecCataloger()},
		{Cataloger: php.NewComposerInstalledCataloger()},
		{Cataloger: php.NewInterpreterCataloger()},
		{Cataloger: dotnet.NewDotnetDepsBinaryCataloger(dotnet.DefaultCatalogerConfig())},
		{Cataloger: lua.NewPackageCataloger()},
		{Cataloger: perl.NewCpanInstalledCataloger()},

		{Cataloger: kernel.NewLinuxKernelCataloger(kernel.DefaultLinuxKernelCatalogerConfig())},
		{Cataloger: binary.NewClassifierCataloger(classifiers()), unowned: true},
		{Cataloger: binary.NewELFPackageCataloger(), unowned: true},
	}
}
