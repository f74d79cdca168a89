package files

import (
	"fmt"
	"testing"

	"github.com/seaworthy-os/seaworthy/scanner/facts"
	st "github.com/seaworthy-os/seaworthy/scanner/scantest"
	"github.com/seaworthy-os/seaworthy/scanner/tree"
)

func links(t *testing.T, root bool, objects ...st.Object) facts.Inventory {
	t.Helper()
	tr := tree.New()
	s := NewSink(tr)
	if err := st.Feed(objects, st.InTree{Tree: tr}, s); err != nil {
		t.Fatal(err)
	}
	s.ListLinks(root)
	inv, err := s.Inventory()
	if err != nil {
		t.Fatal(err)
	}
	return inv
}

func shown(inv facts.Inventory) (out []string) {
	for _, l := range inv.Links {
		out = append(out, l.Path+" "+l.Target)
	}
	return out
}

// Links that lead elsewhere are listed, if the files of the image become those
// of the host. Hundreds of links to programs are left out.
func TestLinks(t *testing.T) {
	t.Parallel()
	objects := []st.Object{
		st.Symlink("bin", "usr/bin"), st.File("usr/bin/busybox", "x"), st.Symlink("usr/bin/sh", "busybox"), st.Symlink("etc/localtime", "../usr/share/utc"),
		st.File("usr/share/utc", "x"), st.Symlink("srv/all", "/"), st.Symlink("srv/key", "/etc/key"), st.File("etc/key", "x"), st.Symlink("usr/x", "/srv/file"),
		st.File("srv/file", "x"), st.Symlink("srv/gone", "/run/x.sock"), st.Symlink("var/run", "/run"), st.Shadowed(st.Symlink("srv/old", "/")),
		st.Nested("kernel.tar", st.Symlink("lib/modules/1/build", "/usr/src")), st.Nested("kernel.tar", st.Symlink("sbin/a", "b")), st.Nested("kernel.tar", st.File("sbin/b", "x")),
	}
	expect(t, "links", shown(links(t, true, objects...)),
		"/bin usr/bin", "/lib/modules/1/build /usr/src", "/srv/all /", "/srv/gone /run/x.sock", "/srv/key /etc/key", "/usr/x /srv/file")
	expect(t, "links of a container", shown(links(t, false, objects...)), "/lib/modules/1/build /usr/src")
}

func TestManyLinks(t *testing.T) {
	t.Parallel()
	var objects []st.Object
	for i := range facts.MaxListed + 1 {
		objects = append(objects, st.Symlink(fmt.Sprintf("srv/%d", i), "/"))
	}
	if inv := links(t, true, objects...); len(inv.Links) != facts.MaxListed || !inv.Truncated {
		t.Errorf("%d links, truncated: %t", len(inv.Links), inv.Truncated)
	}
}
