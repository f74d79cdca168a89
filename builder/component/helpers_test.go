package component

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/component/ocitest"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// recorder is a sink that holds what it saw to the promises of system.Sink,
// and writes each object as one line:
//
//	[archive!]path type [-> link] ["content"] [@layer] [shadowed]
type recorder struct {
	t        *testing.T
	lines    []string
	entries  []*system.Entry
	open     *recorded
	known    map[string]system.EntryType
	finished int
	planned  bool // it took two passes
	unwanted func(*system.Entry) bool
	fail     string // an error at this path
}

type recorded struct {
	r      *recorder
	e      *system.Entry
	b      bytes.Buffer
	closed bool
}

func newRecorder(t *testing.T) *recorder {
	return &recorder{t: t, known: map[string]system.EntryType{}}
}

func (r *recorder) Entry(e *system.Entry) (io.WriteCloser, error) {
	if r.open != nil {
		r.t.Errorf("%s: announced while %s is open", e.Path, r.open.e.Path)
	}
	if r.fail != "" && e.Path == r.fail {
		return nil, fmt.Errorf("sink fails at %s", e.Path)
	}
	r.entries = append(r.entries, e)
	key := e.Archive + "!" + e.Path
	if !e.Shadowed {
		if _, ok := r.known[key]; ok {
			r.t.Errorf("%s: announced twice", key)
		}
		if i := strings.LastIndexByte(e.Path, '/'); i >= 0 && r.known[e.Archive+"!"+e.Path[:i]] != system.TypeDir {
			r.t.Errorf("%s: announced before its folder", key)
		}
		if e.Type == system.TypeHardlink && r.known[e.Archive+"!"+e.Link] != system.TypeFile {
			r.t.Errorf("%s: announced before its file %s", key, e.Link)
		}
		r.known[key] = e.Type
	}
	if e.Type != system.TypeFile || r.unwanted != nil && r.unwanted(e) {
		r.line(e, "")
		return nil, nil
	}
	r.open = &recorded{r: r, e: e}
	return r.open, nil
}

func (r *recorder) line(e *system.Entry, content string) {
	s := e.Path + " " + e.Type.String()
	if e.Archive != "" {
		s = e.Archive + "!" + s
	}
	if e.Link != "" {
		s += " -> " + e.Link
	}
	if e.Mode&0o7000 != 0 {
		s += fmt.Sprintf(" %04o", e.Mode)
	}
	if content != "" {
		s += fmt.Sprintf(" %q", content)
	}
	s += fmt.Sprintf(" @%d", e.Layer)
	if e.Shadowed {
		s += " shadowed"
	}
	r.lines = append(r.lines, s)
}

func (w *recorded) Write(p []byte) (int, error) { return w.b.Write(p) }

func (w *recorded) Close() error {
	if w.closed {
		w.r.t.Errorf("%s: closed twice", w.e.Path)
	}
	w.closed, w.r.open = true, nil
	s := w.b.String()
	if len(s) > 40 {
		s = fmt.Sprintf("%d bytes", len(s))
	}
	w.r.line(w.e, s)
	return nil
}

func (r *recorder) Finish() error { r.finished++; return nil }

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

// layers makes an image of them, bottom first.
func layers(ls ...[]ocitest.Entry) ocitest.Image {
	var img ocitest.Image
	for _, l := range ls {
		img.Layers = append(img.Layers, ocitest.Layer{Entries: l})
	}
	return img
}

type entries = []ocitest.Entry

// runPass runs one pass over an image and gives what a recorder saw.
func runPass(t *testing.T, built *ocitest.Built, o PassOptions) (*recorder, error) {
	t.Helper()
	s := storeOf(t, built, Options{})
	img := find(t, s, "test/x:1")
	r := newRecorder(t)
	err := s.Pass(context.Background(), img, o, r)
	if errors.Is(err, ErrAgain) {
		r = newRecorder(t)
		r.planned = true
		err = s.Pass(context.Background(), img, o, r)
	}
	if r.open != nil {
		t.Errorf("%s: left open", r.open.e.Path)
	}
	if want := 1; err == nil && r.finished != want || err != nil && r.finished != 0 {
		t.Errorf("Finish was called %d times; error %v", r.finished, err)
	}
	return r, err
}

func runVerify(t *testing.T, built *ocitest.Built) error {
	t.Helper()
	s := storeOf(t, built, Options{})
	return s.Verify(context.Background(), find(t, s, "test/x:1"))
}

// same compares lines.
func same(t *testing.T, got []string, want ...string) {
	t.Helper()
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("got:\n%s\n\nwant:\n%s", g, w)
	}
}

// fails checks an error's kind and that it says each of these.
func fails(t *testing.T, err, kind error, says ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; want one that says %q", says)
	}
	if !isKind(err, kind) {
		t.Errorf("%v: not of the kind %v", err, kind)
	}
	for _, s := range says {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("%v\n  does not say %q", err, s)
		}
	}
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

// sinkFunc is a sink that looks at entries only.
type sinkFunc func(*system.Entry)

func (f sinkFunc) Entry(e *system.Entry) (io.WriteCloser, error) { f(e); return nil, nil }
func (f sinkFunc) Finish() error                                 { return nil }
