// Package bridge exports the few internal parts of syft that are needed to call
// its catalogers directly. Direct calls link 16 MB less than syft.CreateSBOM,
// which includes every cataloger, and run only the catalogers that we choose.
//
// It is a separate module below syft's path, because Go allows only such
// modules to import syft's internal packages. An upgrade of syft that moves one
// of them fails to compile here.
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

// License is a licence in a text: its SPDX identifier, and its place in the
// text.
type License struct {
	ID         string
	Start, End int
}

// Classifier returns the licences in a text, none if the text is unknown.
type Classifier func(text []byte) []License

// maxLicense is the largest text that is searched for licences.
const maxLicense = 1 << 20

// FindEvidence implements syft's licence scanner. Syft's own scanner takes a
// second to build its tables, which have 100 MB.
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

// Context adds to ctx what catalogers expect: a folder for temporary files,
// which the caller creates and removes, and a licence scanner.
func Context(ctx context.Context, dir string, c Classifier) context.Context {
	ctx = tmpdir.WithValue(ctx, tmpdir.FromPath(dir))
	return licenses.SetContextLicenseScanner(ctx, c)
}

// Relate finishes s as syft does: a binary that belongs to a distribution's
// package is not listed a second time.
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

// Split separates the files that a cataloger could not read from the error that
// stopped it.
func Split(err error) ([]Unknown, error) {
	if err == nil {
		return nil, nil
	}
	coordinates, rest := unknown.ExtractCoordinateErrors(err)
	var out []Unknown
	for _, c := range coordinates {
		if c.Reason == nil {
			c.Reason = errors.New("the cataloger gives no reason")
		}
		out = append(out, Unknown{Path: c.Coordinates.FullNestedPath(), Reason: fmt.Errorf("%w", c.Reason)})
	}
	return out, rest
}
