package layer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/builder/system/sinktest"
	"github.com/seaworthy-os/seaworthy/internal/ocitest"
)

// imageOf reads the layers of built from memory.
func imageOf(t testing.TB, built *ocitest.Built) *Image {
	t.Helper()
	dir := t.TempDir()
	t.Cleanup(func() {
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("temporary files are left: %v", left)
		}
	})
	return &Image{Layers: layerBlobs(built.LayerBlobs(t)), Limits: DefaultLimits(), TempDir: dir,
		Open: func(_ context.Context, l system.LayerBlob) (io.ReadCloser, error) {
			blob, ok := built.Blobs[l.Digest]
			if !ok {
				return nil, fmt.Errorf("no blob %s", l.Digest)
			}
			return io.NopCloser(bytes.NewReader(blob)), nil
		}}
}

type entries = []ocitest.Entry

// recorder is what a pass announced, and whether it took two passes.
type recorder struct {
	*sinktest.Recorder
	planned bool
}

// runPass runs one pass over an image, and a second one if the first asks for it.
func runPass(t *testing.T, built *ocitest.Built, o Options) (recorder, error) {
	t.Helper()
	img := imageOf(t, built)
	r := recorder{Recorder: sinktest.NewRecorder(t)}
	err := img.Pass(context.Background(), o, r)
	if errors.Is(err, ErrAgain) {
		r = recorder{sinktest.NewRecorder(t), true}
		err = img.Pass(context.Background(), o, r)
	}
	r.Ended(err)
	return r, err
}

// wantError requires an error that contains each text and is a mismatch only if kind
// is system.ErrMismatch. For the caller, an error without a kind is a
// system.ErrUnusable.
func wantError(t *testing.T, err, kind error, texts ...string) {
	t.Helper()
	ocitest.WantError(t, err, kind, func(err, kind error) bool {
		return errors.Is(err, system.ErrMismatch) == (kind == system.ErrMismatch) && !errors.Is(err, system.ErrInput)
	}, texts...)
}

func layerBlobs(list []ocitest.LayerBlob) []system.LayerBlob {
	var out []system.LayerBlob
	for _, l := range list {
		out = append(out, system.LayerBlob(l))
	}
	return out
}
