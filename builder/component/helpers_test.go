package component

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/builder/system/sinktest"
	"github.com/seaworthy-os/seaworthy/internal/ocitest"
)

// storeOf opens a store over one layout that holds src as test/x:1.
func storeOf(t *testing.T, built *ocitest.Built, o Options) *Store {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "layout")
	ocitest.WriteLayout(t, dir, ocitest.Ref{Name: "test/x:1", Built: built})
	o.Paths = append(o.Paths, dir)
	o.Offline = true
	return open(t, o)
}

func open(t *testing.T, o Options) *Store {
	t.Helper()
	if o.Arch == "" {
		o.Arch = "amd64"
	}
	o.TempDir = t.TempDir()
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if left, _ := os.ReadDir(o.TempDir); len(left) > 0 {
			t.Errorf("temporary files are left: %v", left)
		}
	})
	return s
}

func find(t *testing.T, s *Store, ref string) *system.Image {
	t.Helper()
	img, err := s.Find(context.Background(), ref, system.Position{File: "os.yml", Line: 3, Column: 5})
	if err != nil {
		t.Fatal(err)
	}
	return img
}

type entries = []ocitest.Entry

// runPass runs one pass over an image, and a second one if the first asks for it.
func runPass(t *testing.T, built *ocitest.Built, o PassOptions) (*sinktest.Recorder, error) {
	t.Helper()
	s := storeOf(t, built, Options{})
	img := find(t, s, "test/x:1")
	r := sinktest.NewRecorder(t)
	err := s.Pass(context.Background(), img, o, r)
	if errors.Is(err, ErrAgain) {
		r = sinktest.NewRecorder(t)
		err = s.Pass(context.Background(), img, o, r)
	}
	r.Ended(err)
	return r, err
}

func runVerify(t *testing.T, built *ocitest.Built) error {
	t.Helper()
	s := storeOf(t, built, Options{})
	return s.Verify(context.Background(), find(t, s, "test/x:1"))
}

// wantError requires a *system.Error of exactly this kind that contains each text.
func wantError(t *testing.T, err, kind error, texts ...string) {
	t.Helper()
	ocitest.WantError(t, err, kind, isKind, texts...)
}

func isKind(err, kind error) bool {
	for _, k := range []error{system.ErrInput, system.ErrUnusable, system.ErrMismatch} {
		e, ok := err.(*system.Error)
		if !ok {
			return false
		}
		if (e.Kind == k) != (k == kind) {
			return false
		}
	}
	return true
}
