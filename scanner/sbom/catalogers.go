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

	_ "modernc.org/sqlite" // the rpm database of current distributions
)

// cataloger is one of syft's, and how much depends on it.
type cataloger struct {
	pkg.Cataloger
	// database: it reads the package database of a distribution. A database
	// that cannot be read hides packages, so the scan fails; elsewhere one bad
	// file is reported and the others count.
	database bool
	// whole: what it could not read counts, though it found a package in the same
	// file: that is an archive, which holds others.
	whole bool
	// unowned: it is shown only files that no package of a distribution owns.
	// It names programs by their looks, which counts only where nothing better
	// is known; looking costs much, and most files are owned.
	unowned bool
}

// classifiers are some hundred regular expressions: compiled once, and not for
// each image. Matching changes nothing of them.
var classifiers = sync.OnceValue(binary.DefaultClassifierCatalogerConfig)

func archives() pkg.Cataloger {
	return java.NewArchiveCataloger(java.DefaultArchiveCatalogerConfig())
}

// catalogers lists what images hold: installed software, not what a source
// tree declares. None of them uses the network, by their defaults. A new one
// is one line here; databases come first.
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
		{Cataloger: archives(), whole: true},
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
