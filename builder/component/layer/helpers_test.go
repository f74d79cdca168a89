package layer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
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
	return &Image{Layers: built.LayerBlobs(t), Limits: DefaultLimits(), TempDir: dir,
		Open: func(_ context.Context, l system.LayerBlob) (io.ReadCloser, error) {
			blob, ok := built.Blobs[l.Digest]
			if !ok {
				return nil, fmt.Errorf("no blob %s", l.Digest)
			}
			return io.NopCloser(bytes.NewReader(blob)), nil
		}}
}

// layers makes an image of the layers, bottom first.
func layers(ls ...[]ocitest.Entry) ocitest.Image {
	var img ocitest.Image
	for _, l := range ls {
		img.Layers = append(img.Layers, ocitest.Layer{Entries: l})
	}
	return img
}

type entries = []ocitest.Entry

// recorder is what a pass announced, and whether it took two passes.
type recorder struct {
	*ocitest.Recorder
	planned bool
}

// runPass runs one pass over an image, and a second one if the first asks for it.
func runPass(t *testing.T, built *ocitest.Built, o Options) (recorder, error) {
	t.Helper()
	img := imageOf(t, built)
	r := recorder{Recorder: ocitest.NewRecorder(t)}
	err := img.Pass(context.Background(), o, r)
	if errors.Is(err, ErrAgain) {
		r = recorder{ocitest.NewRecorder(t), true}
		err = img.Pass(context.Background(), o, r)
	}
	r.Ended(err)
	return r, err
}

// same compares lines.
func same(t *testing.T, got []string, want ...string) {
	t.Helper()
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("got:\n%s\n\nwant:\n%s", g, w)
	}
}

// fails checks that err contains each text, and that it is a mismatch only if
// kind is. An error of no kind is a system.ErrUnusable to the caller.
func fails(t *testing.T, err, kind error, texts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; want one with %q", texts)
	}
	if errors.Is(err, system.ErrMismatch) != (kind == system.ErrMismatch) || errors.Is(err, system.ErrInput) {
		t.Errorf("%v: not of the kind %v", err, kind)
	}
	for _, s := range texts {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("%v\n  does not contain %q", err, s)
		}
	}
}
