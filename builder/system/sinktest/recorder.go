// Package sinktest records what a pass sends to a sink, for tests.
package sinktest

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// Recorder is a sink that checks the promises of system.Sink, and writes each
// object as one line:
//
//	[archive!]path type [-> link] ["content"] [@layer] [shadowed]
type Recorder struct {
	Lines    []string
	Entries  []*system.Entry
	Finished int                      // calls of Finish
	Unwanted func(*system.Entry) bool // files whose content it does not take
	Fail     string                   // the path at which it fails

	t     *testing.T
	open  *recorded
	known map[string]system.EntryType
}

type recorded struct {
	r      *Recorder
	e      *system.Entry
	b      bytes.Buffer
	closed bool
}

// NewRecorder makes a recorder for one pass.
func NewRecorder(t *testing.T) *Recorder {
	return &Recorder{t: t, known: map[string]system.EntryType{}}
}

// Ended checks that no content is left open. It checks that Finish was called once
// after a pass without an error, and never after a failed pass.
func (r *Recorder) Ended(err error) {
	r.t.Helper()
	if r.open != nil {
		r.t.Errorf("%s: left open", r.open.e.Path)
	}
	if err == nil && r.Finished != 1 || err != nil && r.Finished != 0 {
		r.t.Errorf("Finish was called %d times; error %v", r.Finished, err)
	}
}

// Entry records the object.

func (r *Recorder) Entry(e *system.Entry) (io.WriteCloser, error) {
	if r.open != nil {
		r.t.Errorf("%s: announced while %s is open", e.Path, r.open.e.Path)
	}
	if r.Fail != "" && e.Path == r.Fail {
		return nil, fmt.Errorf("sink fails at %s", e.Path)
	}
	r.Entries = append(r.Entries, e)
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
	if e.Type != system.TypeFile || r.Unwanted != nil && r.Unwanted(e) {
		r.line(e, "")
		return nil, nil
	}
	r.open = &recorded{r: r, e: e}
	return r.open, nil
}

func (r *Recorder) line(e *system.Entry, content string) {
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
	r.Lines = append(r.Lines, s)
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

// Finish counts the call.
func (r *Recorder) Finish() error { r.Finished++; return nil }

// SinkFunc is a sink that looks at entries only.
type SinkFunc func(*system.Entry)

// Entry calls f.
func (f SinkFunc) Entry(e *system.Entry) (io.WriteCloser, error) { f(e); return nil, nil }

// Finish does nothing.
func (f SinkFunc) Finish() error { return nil }
