package tree_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
	st "github.com/seaworthy-os/seaworthy/scanner/scantest"
	"github.com/seaworthy-os/seaworthy/scanner/tree"
)

func build(t testing.TB, objects ...st.Object) *tree.Tree {
	t.Helper()
	tr := tree.New()
	if err := st.Feed(objects, st.InTree{Tree: tr}); err != nil {
		t.Fatal(err)
	}
	return tr
}

func TestResolve(t *testing.T) {
	t.Parallel()
	tr := build(t,
		st.Dir("usr/lib", 0o755), st.File("usr/lib/os-release", "ID=x"),
		st.Dir("etc", 0o755), st.Symlink("etc/os-release", "../usr/lib/os-release"),
		st.Symlink("lib", "usr/lib"), st.Symlink("abs", "/usr/lib/"), st.Symlink("up", "../../../../../etc"),
		st.Symlink("loop", "loop"), st.Symlink("ping", "pong"), st.Symlink("pong", "ping"),
		st.Symlink("host", "/etc/shadow"), st.Symlink("out", "../../../../etc/passwd"),
		st.Symlink("through", "etc/os-release/x"), st.Symlink("dot", "./etc/./../etc/os-release"),
		st.Hardlink("bin/busybox", "usr/lib/os-release"), st.Symlink("sh", "bin/busybox"),
		st.File("implied/deep/file", "y"),
		st.Shadowed(st.File("etc/hidden", "z")),
		st.Nested("kernel.tar", st.File("lib/modules/6.1/modules.dep", "m")),
		st.Nested("kernel.tar", st.Symlink("lib/modules/6.1/build", "/usr/src")),
		st.Nested("kernel.tar", st.Symlink("lib/modules/6.1/up", "../../../../../../etc/os-release")),
		st.Nested("kernel.tar", st.Symlink("lib/modules/6.1/abs", "/lib/modules/6.1/modules.dep")),
	)
	for _, c := range []struct{ path, want string }{
		{"/etc/os-release", "/usr/lib/os-release"},
		{"etc/os-release", "/usr/lib/os-release"},
		{"//etc//./os-release", "/usr/lib/os-release"},
		{"/lib/os-release", "/usr/lib/os-release"},
		{"/abs/os-release", "/usr/lib/os-release"},
		{"/up/os-release", "/usr/lib/os-release"},
		{"/lib/../lib/os-release", "/usr/lib/os-release"}, // ".." is relative to usr/lib, as in open(2)
		{"/dot", "/usr/lib/os-release"},
		{"/sh", "/usr/lib/os-release"},
		{"/../../etc/os-release", "/usr/lib/os-release"},
		{"/implied/deep", "/implied/deep"},
		{"/", "/"}, {"", "/"}, {"/..", "/"},
		{"/host", ""}, {"/out", ""}, {"/loop", ""}, {"/ping", ""}, {"/loop/x", ""},
		{"/through", ""}, {"/etc/os-release/x", ""}, {"/etc/hidden", ""}, {"/nothing", ""},
		{"/kernel.tar!/lib/modules/6.1/abs", "/kernel.tar!/lib/modules/6.1/modules.dep"},
		{"/kernel.tar!/lib/modules/6.1/up", ""},
		{"/kernel.tar!/lib/modules/6.1/build", ""},
		{"/kernel.tar!/../etc/os-release", ""},
	} {
		got, e, ok := tr.Resolve(c.path)
		if ok != (c.want != "") || got != c.want {
			t.Errorf("Resolve(%q) = %q, %v; want %q", c.path, got, ok, c.want)
		}
		if ok && e != nil && e.Type == system.TypeSymlink {
			t.Errorf("Resolve(%q) stops at a link", c.path)
		}
	}
	if got, e, ok := tr.ResolveParent("/abs/../../etc/os-release"); !ok || got != "/etc/os-release" || e.Type != system.TypeSymlink {
		t.Errorf("ResolveParent = %q, %v, %v", got, e, ok)
	}
}

// usr/lib/.. is usr, not the root: /lib/../lib must not fall back to the link.
func TestDotDotAfterLink(t *testing.T) {
	t.Parallel()
	tr := build(t, st.Dir("usr/lib", 0o755), st.Symlink("lib", "usr/lib"), st.File("only-root", "x"), st.File("usr/only-usr", "x"))
	if _, _, ok := tr.Resolve("/lib/../only-root"); ok {
		t.Error("dot-dot after a link went to the link's own folder")
	}
	if _, _, ok := tr.Resolve("/lib/../only-usr"); !ok {
		t.Error("dot-dot after a link did not go to its target's parent")
	}
}

func TestAddRefuses(t *testing.T) {
	t.Parallel()
	for name, objects := range map[string][]st.Object{
		"long path":            {st.File(strings.Repeat("a/", 2100)+"b", "")},
		"archive's name first": {st.File("kernel.tar!/lib/x", ""), st.Nested("kernel.tar", st.File("lib/x", ""))},
		"archive's name later": {st.Nested("kernel.tar", st.File("lib/x", "")), st.File("kernel.tar!/lib/x", "")},
	} {
		if err := st.Feed(objects, st.InTree{Tree: tree.New()}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// Many links that each double the work end at the kernel's limit.
func TestLinkBomb(t *testing.T) {
	t.Parallel()
	objects := []st.Object{st.Dir("d", 0o755)}
	for i := range 100 {
		objects = append(objects, st.Symlink(fmt.Sprintf("l%d", i+1), fmt.Sprintf("l%d/../l%d", i, i)))
	}
	tr := build(t, append(objects, st.Symlink("l0", "d"))...)
	if _, _, ok := tr.Resolve("/l100"); ok {
		t.Error("followed more links than the kernel does")
	}
}

func FuzzResolve(f *testing.F) {
	f.Add("usr/lib", "../../etc/passwd", "/a/../b", "a")
	f.Add("/", "..", "//", "x!/y")
	f.Fuzz(func(t *testing.T, link1, link2, path, name string) {
		if name == "" || strings.Contains(name, "..") || strings.HasPrefix(name, "/") || strings.Contains(name, "//") {
			name = "n"
		}
		tr := tree.New()
		for _, o := range []st.Object{
			st.Dir("a", 0o755), st.Symlink("a/l", link1), st.Symlink("m", link2), st.File("a/f", ""), st.Symlink(name, "a/l"),
			st.Nested("k", st.Symlink("z", link1)),
		} {
			e := o.Entry
			if err := tr.Add(&e); err != nil {
				t.Skip()
			}
		}
		for _, p := range []string{path, "/a/l", "/m", "/a/l/" + path, "/k!/z", "/k!/" + path} {
			real, e, ok := tr.Resolve(p)
			if !ok {
				continue
			}
			if !strings.HasPrefix(real, "/") || strings.Contains(real+"/", "/../") || strings.Contains(real, "//") {
				t.Fatalf("Resolve(%q) = %q", p, real)
			}
			if e != nil && tr.Get(real) != e {
				t.Fatalf("Resolve(%q): the entry is not the one at %q", p, real)
			}
			if e != nil && (e.Type == system.TypeSymlink || e.Type == system.TypeHardlink) {
				t.Fatalf("Resolve(%q) stops at a link", p)
			}
			if strings.HasPrefix(p, "/k!/") && !strings.HasPrefix(real, "/k!") {
				t.Fatalf("Resolve(%q) = %q leaves its archive", p, real)
			}
		}
	})
}
