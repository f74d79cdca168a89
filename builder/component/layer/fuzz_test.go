package layer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/ocitest"
)

// keeper is a sink that fails the test if the pass breaks a promise of system.Sink.
type keeper struct {
	t     *testing.T
	known map[string]system.EntryType
}

func (k *keeper) Entry(e *system.Entry) (io.WriteCloser, error) {
	if e.Path == "" || path.Clean(e.Path) != e.Path || strings.HasPrefix(e.Path, "/") || e.Path == ".." || strings.HasPrefix(e.Path, "../") || strings.ContainsRune(e.Path, 0) {
		k.t.Fatalf("path %q", e.Path)
	}
	if !e.Shadowed && (e.Type == system.TypeChar || e.Type == system.TypeBlock) {
		k.t.Fatalf("device %q", e.Path)
	}
	if e.Shadowed {
		return nil, nil
	}
	key := e.Archive + "\x00"
	if _, ok := k.known[key+e.Path]; ok {
		k.t.Fatalf("%q announced twice", e.Path)
	}
	for d := path.Dir(e.Path); d != "."; d = path.Dir(d) {
		if k.known[key+d] != system.TypeDir {
			k.t.Fatalf("%q before or below %q", e.Path, d)
		}
	}
	if e.Type == system.TypeHardlink && k.known[key+e.Link] != system.TypeFile {
		k.t.Fatalf("%q links to %q", e.Path, e.Link)
	}
	k.known[key+e.Path] = e.Type
	if e.Type == system.TypeFile {
		return &exact{t: k.t, left: e.Size}, nil
	}
	return nil, nil
}

func (k *keeper) Finish() error { return nil }

type exact struct {
	t    *testing.T
	left int64
}

func (w *exact) Write(b []byte) (int, error) {
	if w.left -= int64(len(b)); w.left < 0 {
		w.t.Fatal("more content than Size")
	}
	return len(b), nil
}
func (w *exact) Close() error { return nil }

// fuzzPass runs a pass over plain tars, bottom first, and a second one if it needs a
// plan. sink makes the sink of each pass.
func fuzzPass(t *testing.T, sink func() system.Sink, tars ...[]byte) error {
	err := onePass(t, sink(), nil, tars...)
	if bad := (*EntryError)(nil); !errors.As(err, &bad) || !bad.unclear {
		return err
	}
	p := newPass(context.Background(), fuzzLimits(), "", nil)
	u := newUnpacking(p.ctx, p.reading, p.tree.budget, map[string]bool{"k.tar": true})
	for i, tar := range tars {
		u.layer = i
		if err := eachEntry(p.ctx, bytes.NewReader(tar), u.entry); err != nil {
			return err
		}
	}
	return onePass(t, sink(), u.finish(), tars...)
}

func fuzzLimits() Limits {
	lim := DefaultLimits()
	lim.Entries, lim.Nodes, lim.Metadata, lim.Sparse = 1000, 5000, mib, mib
	return lim
}

func onePass(t *testing.T, sink system.Sink, by *plan, tars ...[]byte) error {
	p := newPass(context.Background(), fuzzLimits(), "", []system.Sink{sink})
	defer p.close()
	p.plan = by
	p.nested["k.tar"] = true
	for i := len(tars) - 1; i >= 0; i-- {
		if err := p.tar(bytes.NewReader(tars[i]), i); err != nil {
			return err
		}
		if err := p.shade.reset(); err != nil {
			t.Fatal(err)
		}
	}
	return p.finish()
}

// FuzzPassLayer reads any bytes as the tar of a layer. The announced entries must
// keep the promises of system.Sink.
func FuzzPassLayer(f *testing.F) {
	for _, e := range []entries{
		{ocitest.Dir("a"), ocitest.File("a/b", "x"), ocitest.Hardlink("c", "a/b"), ocitest.Symlink("d", "/etc")},
		{ocitest.File("../x", ""), ocitest.Whiteout("a"), ocitest.Opaque("b")},
		{ocitest.Tarball("k.tar", ocitest.File("m/n", "y"))},
		{{Path: "x", Xattrs: map[string]string{"user.a": "b"}}},
	} {
		f.Add(ocitest.Tar(e))
	}
	for _, e := range []entries{
		{ocitest.Symlink("a", "/b/../../c"), ocitest.File("a/x", "1"), ocitest.File("c/x", "2"), ocitest.Hardlink("y", "a/x")},
		{ocitest.Symlink("a", "b"), ocitest.Symlink("b", "a"), ocitest.File("a/x", "")},
		{ocitest.File("/.wh..wh.plnk/1", "x"), ocitest.Hardlink("y", "/.wh..wh.plnk/1"), ocitest.Device("dev/null", 1, 3)},
		{ocitest.Tarball("k.tar", ocitest.Symlink("m", "n"), ocitest.File("m/n", "y"))},
	} {
		f.Add(ocitest.Tar(e))
	}
	f.Add(paxTar("GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.name=a", "GNU.sparse.realsize=1099511627776"))
	f.Fuzz(func(t *testing.T, tar []byte) {
		// An error is a correct result too.
		_ = fuzzPass(t, func() system.Sink { return &keeper{t, map[string]system.EntryType{}} }, tar)
	})
}
