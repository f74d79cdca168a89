package component

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"math/rand"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/component/ocitest"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// program makes layers out of a few names and kinds: most inputs get far,
// where most bytes are no tar. Bottom first.
func program(b []byte) []entries {
	names := []string{"a", "b", "a/a", "a/b", "a/a/a", "b/a", "b/b", "c"}
	out := []entries{nil}
	for i := 0; i+1 < len(b); i += 2 {
		name, other := names[b[i]%8], names[b[i]/8%8]
		top := &out[len(out)-1]
		switch b[i+1] % 12 {
		case 0, 1, 2:
			*top = append(*top, ocitest.Dir(name))
		case 3, 4:
			*top = append(*top, ocitest.File(name, fmt.Sprint("content ", i)))
		case 5, 6:
			*top = append(*top, ocitest.Hardlink(name, other))
		case 7:
			*top = append(*top, ocitest.Whiteout(name))
		case 8:
			*top = append(*top, ocitest.Opaque(name))
		case 9:
			*top = append(*top, ocitest.Symlink(name, other))
		default:
			out = append(out, nil)
		}
	}
	return out
}

// laidDown is the same layers unpacked bottom to top into a map, the way that
// every runtime does it: an independent answer to what the image's file system
// is. ok is false where the layers say what no careful tool writes.
func laidDown(layers []entries) (fs map[string]string, ok bool) {
	fs = map[string]string{}
	remove := func(p string, itself bool) {
		for q := range fs {
			if q == p && itself || strings.HasPrefix(q, p+"/") {
				delete(fs, q)
			}
		}
	}
	for _, l := range layers {
		for _, e := range l {
			dir, base := path.Split(e.Path)
			if base == whiteoutOpaque {
				remove(strings.TrimSuffix(dir, "/"), false)
			} else if name, ok := strings.CutPrefix(base, whiteoutPrefix); ok {
				remove(dir+name, true)
			}
		}
		for _, e := range l {
			if strings.HasPrefix(path.Base(e.Path), whiteoutPrefix) {
				continue
			}
			for d := path.Dir(e.Path); d != "."; d = path.Dir(d) {
				if fs[d] == "" {
					fs[d] = "implied"
				} else if fs[d] != "dir" && fs[d] != "implied" {
					return nil, false
				}
			}
			what := "file " + e.Content
			switch e.Type {
			case system.TypeDir:
				what = "dir"
			case system.TypeSymlink:
				what = "symlink " + e.Link
			case system.TypeHardlink:
				if what = fs[e.Link]; !strings.HasPrefix(what, "file ") {
					return nil, false
				}
			}
			if what != "dir" {
				remove(e.Path, true)
			}
			fs[e.Path] = what
		}
	}
	for p, what := range fs {
		if what == "implied" {
			fs[p] = "dir"
			inside := func(q string) bool { return strings.HasPrefix(q, p+"/") && fs[q] != "implied" }
			if !slices.ContainsFunc(slices.Collect(maps.Keys(fs)), inside) {
				// No layer speaks of it, and nothing is in it any more: the pass
				// leaves it out.
				delete(fs, p)
			}
		}
	}
	return fs, true
}

// view is a sink that puts the image's file system together.
type view struct {
	keeper
	fs map[string]string
}

type viewFile struct {
	v *view
	p string
	bytes.Buffer
}

func (w *viewFile) Close() error { w.v.fs[w.p] = "file " + w.String(); return nil }

func (v *view) Entry(e *system.Entry) (io.WriteCloser, error) {
	if _, err := v.keeper.Entry(e); err != nil || e.Shadowed {
		return nil, err
	}
	switch e.Type {
	case system.TypeFile:
		return &viewFile{v: v, p: e.Path}, nil
	case system.TypeHardlink:
		v.fs[e.Path] = v.fs[e.Link]
	case system.TypeSymlink:
		v.fs[e.Path] = "symlink " + e.Link
	case system.TypeDir:
		v.fs[e.Path] = "dir"
	}
	return nil, nil
}

// compare says whether both made the same of a program, and whether the pass
// took it.
func compare(t *testing.T, b []byte) (taken bool) {
	layers := program(b)
	var tars [][]byte
	for _, l := range layers {
		tars = append(tars, ocitest.Tar(l))
	}
	v := &view{keeper{t, map[string]system.EntryType{}}, map[string]string{}}
	if fuzzPass(t, v, tars...) != nil {
		return false
	}
	want, ok := laidDown(layers)
	if ok && !maps.Equal(want, v.fs) {
		var lines []string
		for i, l := range layers {
			for _, e := range l {
				lines = append(lines, fmt.Sprintf("%d %v %s %s %q", i, e.Type, e.Path, e.Link, e.Content))
			}
		}
		t.Fatalf("layers:\n%s\nthe pass: %s\nlaid down: %s", strings.Join(lines, "\n"), show(v.fs), show(want))
	}
	return ok
}

func show(fs map[string]string) (s string) {
	for _, p := range slices.Sorted(maps.Keys(fs)) {
		s += fmt.Sprintf("\n  %s: %s", p, fs[p])
	}
	return s
}

// Top to bottom gives the same file system as bottom to top.
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
