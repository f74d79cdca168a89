package component

import (
	"context"
	"errors"
	"fmt"

	"github.com/seaworthy-os/seaworthy/builder/component/layer"
	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// PassOptions change what a pass announces.
type PassOptions = layer.Options

// ErrAgain ends a pass over an image that must be read again. The sinks must
// drop everything that they received.
var ErrAgain = layer.ErrAgain

// Pass reads all layers of img once, top to bottom, and announces each object
// to the sinks: see layer.Image.Pass. A refused entry is an ErrUnusable. Bytes
// that differ from a digest, diff ID or size are an ErrMismatch. The error of a
// sink is returned as it is.
func (s *Store) Pass(ctx context.Context, img *system.Image, o PassOptions, sinks ...system.Sink) error {
	p, err := s.place(img)
	if err != nil {
		return err
	}
	err = p.layers.Pass(ctx, o, sinks...)
	if e := (*layer.SinkError)(nil); errors.As(err, &e) {
		return e.Err
	}
	if err != nil && !errors.Is(err, ErrAgain) {
		return imageError(img.Reference, system.Position{}, fmt.Errorf("%s: %w", p.where, err))
	}
	return err
}

// stored describes the blob of a layer.
func stored(l system.LayerBlob) oci.Descriptor {
	return oci.Descriptor{MediaType: l.MediaType, Digest: l.Digest, Size: l.Size}
}
