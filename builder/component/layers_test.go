package component

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/builder/system/sinktest"
	"github.com/seaworthy-os/seaworthy/internal/ocitest"
)

// The error of a refused entry names the image, the place, the layer and the
// entry, and has a next step.
func TestPassNamesTheEntry(t *testing.T) {
	built := ocitest.ImageOf(entries{ocitest.File("a", "")}, entries{ocitest.File("../b", "")}).Build()
	_, err := runPass(t, built, PassOptions{})
	wantError(t, err, system.ErrUnusable, `image "test/x:1": `, "/layout: ", "layer 1 ("+built.Layers[0][1]+")", `entry "../b"`)
	if e := (*system.Error)(nil); !errors.As(err, &e) || e.Next != "build the image without this entry, or use another image" {
		t.Errorf("next step: %+v", e)
	}
}

// If one pass is not enough, every later pass of the same store has the plan.
func TestPassAgain(t *testing.T) {
	s := storeOf(t, ocitest.ImageOf(entries{ocitest.Symlink("lib", "usr"), ocitest.File("lib/x", "1")}).Build(), Options{})
	img := find(t, s, "test/x:1")
	for _, want := range []error{ErrAgain, nil, nil} {
		r := sinktest.NewRecorder(t)
		if err := s.Pass(context.Background(), img, PassOptions{}, r); err != want {
			t.Fatalf("%v, want %v", err, want)
		}
	}
	// Other options need another plan.
	if err := s.Pass(context.Background(), img, PassOptions{Devices: true}, sinktest.NewRecorder(t)); err != ErrAgain {
		t.Error(err)
	}
}

type failing struct {
	sinktest.SinkFunc
	at, atFinish error
}

func (f failing) Entry(*system.Entry) (io.WriteCloser, error) { return nil, f.at }
func (f failing) Finish() error                               { return f.atFinish }

// The error of a sink is returned as it is.
func TestPassSinkError(t *testing.T) {
	s := storeOf(t, ocitest.ImageOf(entries{ocitest.File("a", "")}).Build(), Options{})
	img, sentinel := find(t, s, "test/x:1"), errors.New("full")
	for _, sink := range []failing{{at: sentinel}, {atFinish: sentinel}} {
		if err := s.Pass(context.Background(), img, PassOptions{}, sink); err != sentinel {
			t.Errorf("%v", err)
		}
	}
}
