package layer

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"maps"
	"math/rand"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/ocitest"
)

// program makes layers from a few names and types, bottom first. Most inputs give
// valid layers, while most bytes are not a valid tar.
func program(b []byte) []entries {
	names := []string{"a", "b", "a/a", "a/b", "a/a/a", "b/a", "b/b", "c"}
	targets := []string{"a", "b", "../b", "/b/a", "..", "a/a", "b/c", "/c"}
	out := []entries{nil}
	for i := 0; i+1 < len(b); i += 2 {
		name, other, target := names[b[i]%8], names[b[i]/8%8], targets[b[i]/8%8]
		mode := []uint32{0o644, 0o644, 0o4755}[b[i]/64%3]
		top := &out[len(out)-1]
		switch b[i+1] % 12 {
		case 0, 1, 2:
			*top = append(*top, ocitest.Dir(name))
		case 3, 4:
			*top = append(*top, ocitest.Entry{Path: name, Mode: mode, Content: fmt.Sprint("content ", i)})
		case 5, 6:
			*top = append(*top, ocitest.Entry{Path: name, Type: tar.TypeLink, Mode: mode, Link: other})
		case 7:
			*top = append(*top, ocitest.Whiteout(name))
		case 8:
			*top = append(*top, ocitest.Opaque(name))
		case 9:
			*top = append(*top, ocitest.Symlink(name, target))
		default:
			out = append(out, nil)
		}
	}
	return out
}

// thing is an object at a path of the model.
type thing struct {
	kind, text string
	mode       uint32
}

func (o *thing) String() string { return fmt.Sprintf("%s %s %04o", o.kind, o.text, o.mode) }

// model is a file system as a map of full paths.
type model struct {
	at    map[string]*thing
	layer map[string]int
}

// walk follows p from the folder at, link by link. ok is false for a circle of links.
func (m *model) walk(at, p string, links *int) (end string, ok bool) {
	for part := range strings.SplitSeq(p, "/") {
		switch part {
		case "", ".":
			continue
		case "..":
			at = strings.TrimPrefix(path.Dir("/"+at), "/")
			continue
		}
		next := strings.TrimPrefix(at+"/"+part, "/")
		o := m.at[next]
		if o == nil || o.kind != "symlink" {
			at = next
			continue
		}
		if *links++; *links > 40 {
			return "", false
		}
		if strings.HasPrefix(o.text, "/") {
			at = ""
		}
		if at, ok = m.walk(at, o.text, links); !ok {
			return "", false
		}
	}
	return at, true
}

func (m *model) place(p string) (real string, ok bool) {
	dir, base := path.Split(p)
	real, ok = m.walk("", dir, new(int))
	return strings.TrimPrefix(real+"/"+base, "/"), ok
}

// isDir reports whether p is a folder, or does not exist.
func (m *model) isDir(p string) bool {
	return m.at[p] == nil || m.at[p].kind == "dir" || m.at[p].kind == "implied"
}

// folders makes the folders above p, or returns false if another object is there.
func (m *model) folders(p string, layer int) bool {
	for d := path.Dir(p); d != "."; d = path.Dir(d) {
		if !m.isDir(d) {
			return false
		}
		if m.at[d] == nil {
			m.at[d], m.layer[d] = &thing{kind: "implied"}, layer
		}
	}
	return true
}

// drop removes the objects at and below p. For a layer >= 0, it removes only those of
// lower layers.
func (m *model) drop(p string, itself bool, layer int) {
	kept := false
	for q := range m.at {
		if inside := p == "" || strings.HasPrefix(q, p+"/"); inside && (layer < 0 || m.layer[q] != layer) {
			if layer < 0 || !slices.ContainsFunc(slices.Collect(maps.Keys(m.at)), func(r string) bool { return strings.HasPrefix(r, q+"/") && m.layer[r] == layer }) {
				delete(m.at, q)
			} else {
				m.at[q] = &thing{kind: "implied"}
			}
		} else if inside {
			kept = true
		}
	}
	switch {
	case !itself || layer >= 0 && m.layer[p] == layer:
	case kept && m.at[p] != nil:
		m.at[p] = &thing{kind: "implied"}
	default:
		delete(m.at, p)
	}
}

// laidDown unpacks the same layers bottom to top into a map, as containerd does. It
// is an independent model of the file system. ok is false if no runtime accepts the
// layers.
func laidDown(layers []entries) (fs map[string]string, ok bool) {
	m := &model{at: map[string]*thing{}, layer: map[string]int{}}
	for layer, l := range layers {
		for _, e := range l {
			if ok := m.lay(e, layer); !ok {
				return nil, false
			}
		}
	}
	fs = map[string]string{}
	for p, o := range m.at {
		if o.kind == "implied" {
			inside := func(q string) bool { return strings.HasPrefix(q, p+"/") && m.at[q].kind != "implied" }
			if !slices.ContainsFunc(slices.Collect(maps.Keys(m.at)), inside) {
				// No layer describes this empty folder: the pass leaves it out.
				continue
			}
			o = &thing{"dir", "", 0o755}
		}
		fs[p] = o.String()
	}
	return fs, true
}

func (m *model) lay(e ocitest.Entry, layer int) bool {
	dir, base := path.Split(e.Path)
	if name, ok := strings.CutPrefix(base, whiteoutPrefix); ok {
		p, ok := m.place(dir + name)
		if base == whiteoutOpaque {
			p, ok = m.walk("", dir, new(int))
		}
		for d := p; ok && d != "." && (d != p || base == whiteoutOpaque); d = path.Dir(d) {
			ok = ok && m.isDir(d)
		}
		if ok {
			m.drop(p, base != whiteoutOpaque, layer)
		}
		return true
	}
	p, ok := m.place(e.Path)
	if !ok || !m.folders(p, layer) {
		return false
	}
	if e.Type == tar.TypeDir && m.at[p] != nil && m.isDir(p) {
		m.at[p], m.layer[p] = &thing{"dir", "", 0o755}, layer
		return true
	}
	m.drop(p, true, -1)
	o := &thing{"file", e.Content, e.Mode}
	switch e.Type {
	case tar.TypeDir:
		o = &thing{"dir", "", 0o755}
	case tar.TypeSymlink:
		o = &thing{"symlink", e.Link, 0o777}
	case tar.TypeLink:
		t, ok := m.place(e.Link)
		if o = m.at[t]; !ok || o == nil || m.isDir(t) {
			return false
		}
		if o.kind == "file" {
			o.mode = e.Mode
		}
	}
	m.at[p], m.layer[p] = o, layer
	return true
}

// view is a sink that builds the file system of the image.
type view struct {
	keeper
	fs map[string]string
}

type viewFile struct {
	v *view
	e *system.Entry
	bytes.Buffer
}

func (w *viewFile) Close() error {
	w.v.fs[w.e.Path] = (&thing{"file", w.String(), w.e.Mode}).String()
	return nil
}

func (v *view) Entry(e *system.Entry) (io.WriteCloser, error) {
	if _, err := v.keeper.Entry(e); err != nil || e.Shadowed {
		return nil, err
	}
	switch e.Type {
	case system.TypeFile:
		return &viewFile{v: v, e: e}, nil
	case system.TypeHardlink:
		if v.fs[e.Path] = v.fs[e.Link]; !strings.HasSuffix(v.fs[e.Link], fmt.Sprintf(" %04o", e.Mode)) {
			v.t.Errorf("%s: %04o, but its file is %s", e.Path, e.Mode, v.fs[e.Link])
		}
	case system.TypeSymlink:
		v.fs[e.Path] = (&thing{"symlink", e.Link, e.Mode}).String()
	case system.TypeDir:
		v.fs[e.Path] = (&thing{"dir", "", e.Mode}).String()
	}
	return nil, nil
}

// compare fails unless the pass and the model agree on a program. It reports whether
// the model accepts the layers.
func compare(t *testing.T, b []byte) (taken bool) {
	layers := program(b)
	var tars [][]byte
	for _, l := range layers {
		tars = append(tars, ocitest.Tar(l))
	}
	var v *view
	err := fuzzPass(t, func() system.Sink {
		v = &view{keeper{t, map[string]system.EntryType{}}, map[string]string{}}
		return v
	}, tars...)
	want, ok := laidDown(layers)
	if ok && (err != nil || !maps.Equal(want, v.fs)) {
		var lines []string
		for i, l := range layers {
			for _, e := range l {
				lines = append(lines, fmt.Sprintf("%d %v %s %s %q %o", i, e.Type, e.Path, e.Link, e.Content, e.Mode))
			}
		}
		t.Fatalf("layers:\n%s\nthe pass: %s (%v)\nlaid down: %s (%v)", strings.Join(lines, "\n"), show(v.fs), err, show(want), ok)
	}
	return ok
}

func show(fs map[string]string) (s string) {
	for _, p := range slices.Sorted(maps.Keys(fs)) {
		s += fmt.Sprintf("\n  %s: %s", p, fs[p])
	}
	return s
}

// Reading top to bottom gives the same file system as bottom to top.
func TestSquashAgrees(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	taken := 0
	for range 2000 {
		b := make([]byte, 4+r.Intn(36))
		r.Read(b)
		if compare(t, b) {
			taken++
		}
	}
	if taken < 150 {
		t.Errorf("only %d programs were comparable", taken)
	}
}

func FuzzSquash(f *testing.F) {
	f.Add([]byte{0, 1, 2, 0, 255, 3, 4, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < 200 {
			compare(t, b)
		}
	})
}
