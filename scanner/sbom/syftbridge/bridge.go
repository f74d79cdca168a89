// Package bridge opens the few parts of syft that are internal to its module
// and that its catalogers need when they are called directly. Calling them
// directly links 16 MB less than syft.CreateSBOM, which brings every cataloger
// that syft has, and runs only those that we choose.
//
// It is a module of its own, below syft's path, because Go lets nothing else
// import them. An upgrade of syft that moves one of them fails to compile here.
package bridge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/anchore/syft/internal/licenses"
	"github.com/anchore/syft/internal/relationship"
	"github.com/anchore/syft/internal/relationship/binary"
	"github.com/anchore/syft/internal/sbomsync"
	"github.com/anchore/syft/internal/tmpdir"
	"github.com/anchore/syft/internal/unknown"
	"github.com/anchore/syft/syft/file"
	"github.com/anchore/syft/syft/sbom"
)

// Licenses classifies licence texts. Its tables cost a second of processor
// time and 100 MB, so they are built when the first text comes and shared by
// all that use the same Licenses. The zero value is ready.
type Licenses struct {
	once    sync.Once
	scanner licenses.Scanner
	err     error
}

// FindEvidence implements syft's scanner of licences.
func (l *Licenses) FindEvidence(ctx context.Context, r io.Reader) ([]licenses.Evidence, []byte, error) {
	l.once.Do(func() { l.scanner, l.err = licenses.NewDefaultScanner() })
	if l.err != nil {
		return nil, nil, l.err
	}
	return l.scanner.FindEvidence(ctx, r)
}

// Context is what catalogers expect to find in ctx: a folder for their
// temporary files, which the caller makes and removes, and a scanner of
// licences.
func Context(ctx context.Context, dir string, l *Licenses) context.Context {
	ctx = tmpdir.WithValue(ctx, tmpdir.FromPath(dir))
	return licenses.SetContextLicenseScanner(ctx, l)
}

// Relate finishes s as syft does: a binary that a distribution's package owns
// is not counted a second time.
func Relate(s *sbom.SBOM, resolver file.Resolver) {
	b := sbomsync.NewBuilder(s)
	accessor := b.(sbomsync.Accessor)
	b.DeletePackages(binary.PackagesToRemove(accessor)...)
	relationship.ByFileOwnershipOverlapWorker(resolver, accessor)
	relationship.ExcludeBinariesByFileOwnershipOverlap(accessor)
	s.Relationships = relationship.NewIndex(s.Relationships...).All()
}

// Unknown is a file that a cataloger could not read.
type Unknown struct {
	Path   string
	Reason error
}

// Split separates what a cataloger could not read from what stopped it.
func Split(err error) ([]Unknown, error) {
	if err == nil {
		return nil, nil
	}
	coordinates, rest := unknown.ExtractCoordinateErrors(err)
	var out []Unknown
	for _, c := range coordinates {
		if c.Reason == nil {
			c.Reason = errors.New("no reason given")
		}
		out = append(out, Unknown{Path: c.Coordinates.FullNestedPath(), Reason: fmt.Errorf("%w", c.Reason)})
	}
	return out, rest
}
