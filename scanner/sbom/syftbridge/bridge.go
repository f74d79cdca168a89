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

	"github.com/anchore/syft/internal/licenses"
	"github.com/anchore/syft/internal/relationship"
	"github.com/anchore/syft/internal/relationship/binary"
	"github.com/anchore/syft/internal/sbomsync"
	"github.com/anchore/syft/internal/tmpdir"
	"github.com/anchore/syft/internal/unknown"
	"github.com/anchore/syft/syft/file"
	"github.com/anchore/syft/syft/sbom"
)

// License is a licence that a text states, as an SPDX identifier, and where in
// the text it does.
type License struct {
	ID         string
	Start, End int
}

// Classifier names the licences that a text states, none if it knows none.
type Classifier func(text []byte) []License

// maxLicense bounds a licence's text; a longer one is not looked at.
const maxLicense = 1 << 20

// FindEvidence implements syft's scanner of licences. Syft's own builds its
// tables for a second and holds 100 MB of them.
func (c Classifier) FindEvidence(_ context.Context, r io.Reader) ([]licenses.Evidence, []byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxLicense+1))
	if err != nil || len(text) > maxLicense {
		return nil, nil, err
	}
	var out []licenses.Evidence
	for _, l := range c(text) {
		out = append(out, licenses.Evidence{ID: l.ID, Start: l.Start, End: l.End})
	}
	return out, text, nil
}

// Context is what catalogers expect to find in ctx: a folder for their
// temporary files, which the caller makes and removes, and something that
// knows licences.
func Context(ctx context.Context, dir string, c Classifier) context.Context {
	ctx = tmpdir.WithValue(ctx, tmpdir.FromPath(dir))
	return licenses.SetContextLicenseScanner(ctx, c)
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
