package layer

import (
	"archive/tar"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/ocitest"
)

// A hard link and its file have the same metadata. If their headers differ, the last
// one counts for all names, as in containerd: in any layer or tarball, and also if
// a name is removed later.
func TestHardlinkMetadata(t *testing.T) {
	file := ocitest.Exec("f", "x")
	file.Xattrs = map[string]string{"user.a": "1", "user.b": "1"}
	for name, change := range map[string]func(*system.Entry){
		"setuid":         func(e *system.Entry) { e.Mode = 0o4755 },
		"less":           func(e *system.Entry) { e.Mode = 0o600 },
		"world-writable": func(e *system.Entry) { e.Mode = 0o777 },
		"user":           func(e *system.Entry) { e.UID = 7 },
		"group":          func(e *system.Entry) { e.GID = 7 },
		"attribute":      func(e *system.Entry) { e.Xattrs = map[string]string{"security.capability": "x"} },
		"its value":      func(e *system.Entry) { e.Xattrs = map[string]string{"user.a": "2"} },
		"nothing":        func(*system.Entry) {},
	} {
		var header system.Entry
		header.Mode = 0o755
		change(&header)
		link := ocitest.Hardlink("l", "f")
		link.Mode, link.UID, link.GID, link.Xattrs = header.Mode, header.UID, header.GID, header.Xattrs
		other := ocitest.Hardlink("m", "f")
		other.Mode = 0o755
		chain := link
		chain.Link = "m"
		for where, c := range map[string]struct {
			layers []entries
			names  int
		}{
			"one layer":    {[]entries{{file, link}}, 2},
			"above":        {[]entries{{file}, {link}}, 2},
			"chain":        {[]entries{{file, other, chain}}, 3},
			"file removed": {[]entries{{file, link}, {ocitest.Whiteout("f")}}, 1},
			"link removed": {[]entries{{file, link}, {ocitest.Whiteout("l")}}, 1},
			"replaced":     {[]entries{{file, other, link}, {ocitest.File("f", "y")}}, 2},
			"waits":        {[]entries{{ocitest.Dir("d")}, {file, link, ocitest.File("d/x", "")}}, 2},
			"in a tarball": {[]entries{{ocitest.Tarball("k", file, link)}}, 2},
			"by a link":    {[]entries{{ocitest.Symlink("s", "/"), file, func() ocitest.Entry { e := link; e.Link = "s/f"; return e }()}}, 2},
		} {
			t.Run(name+", "+where, func(t *testing.T) {
				r, err := runPass(t, ocitest.ImageOf(c.layers...).Build(), Options{Nested: []string{"k"}})
				if err != nil {
					t.Fatal(err)
				}
				want := map[string]string{"user.a": "1", "user.b": "1"}
				for k, v := range header.Xattrs {
					want[k] = v
				}
				n := 0
				for _, e := range r.Entries {
					if e.Shadowed || e.Type != system.TypeHardlink && (e.Type != system.TypeFile || e.Size != 1 || e.Layer == 1 && where == "replaced") {
						continue
					}
					n++
					same := len(want) == len(e.Xattrs)
					for k, v := range want {
						same = same && e.Xattrs[k] == v
					}
					if e.Mode != header.Mode || e.UID != header.UID || e.GID != header.GID || !same {
						t.Errorf("%s: %04o %d:%d %q", e.Path, e.Mode, e.UID, e.GID, e.Xattrs)
					}
				}
				if n != c.names {
					t.Errorf("%d names, want %d", n, c.names)
				}
			})
		}
	}
}

// The meaning of these layers depends on the order in which they are unpacked.
func TestPlan(t *testing.T) {
	dir, file, link, hard, wh := ocitest.Dir, ocitest.File, ocitest.Symlink, ocitest.Hardlink, ocitest.Whiteout
	setuid := file("b", "x")
	setuid.Mode = 0o4755
	for _, c := range []struct {
		name   string
		layers []entries // bottom first
		want   []string
	}{
		{"below a link", []entries{{dir("usr"), dir("usr/lib"), link("lib", "usr/lib")}, {file("lib/x", "1")}},
			[]string{"usr dir @0", "usr/lib dir @0", `usr/lib/x file "1" @1`, "lib symlink -> usr/lib @0"}},
		{"below a link of the same layer", []entries{{link("lib", "usr/lib"), file("lib/x", "1")}},
			[]string{"lib symlink -> usr/lib @0", "usr dir @0", "usr/lib dir @0", `usr/lib/x file "1" @0`}},
		{"links stay in the root", []entries{{link("a", "/"), link("b", "../../..")}, {file("a/x", "1"), file("b/y", "2")}},
			[]string{`x file "1" @1`, `y file "2" @1`, "a symlink -> / @0", "b symlink -> ../../.. @0"}},
		{"whiteout below a link", []entries{{dir("usr"), file("usr/x", "0"), link("a", "usr")}, {wh("a/x")}},
			[]string{"usr dir @0", `usr/x file "0" @0 shadowed`, "a symlink -> usr @0"}},
		{"the same file by two names", []entries{{dir("usr"), link("a", "usr")}, {file("usr/x", "1")}, {file("a/x", "2")}},
			[]string{`usr/x file "1" @1 shadowed`, "usr dir @0", `usr/x file "2" @2`, "a symlink -> usr @0"}},
		{"a link that a folder then replaces", []entries{{link("a", "b")}, {file("a/x", "1")}, {dir("a")}},
			[]string{"a dir @2", "a symlink -> b @0 shadowed", "b dir @1", `b/x file "1" @1`}},
		{"a link in place of a folder's content", []entries{{file("a/x", "1"), link("a", "b")}},
			[]string{`a/x file "1" @0 shadowed`, "a symlink -> b @0"}},
		{"file twice", []entries{{file("a", "1"), file("a", "2")}},
			[]string{`a file "1" @0 shadowed`, `a file "2" @0`}},
		{"folder twice", []entries{{dir("a"), file("a/x", ""), {Path: "a", Type: tar.TypeDir, Mode: 0o1777}}},
			[]string{"a dir @0 shadowed", "a dir 1777 @0", "a/x file @0"}},
		{"file, then folder, then file", []entries{{file("a", "1"), dir("a"), file("a/x", "2"), file("a", "3")}},
			[]string{`a file "1" @0 shadowed`, "a dir @0 shadowed", `a/x file "2" @0 shadowed`, `a file "3" @0`}},
		{"hard link to a symlink", []entries{{dir("d"), link("s", "x"), hard("d/t", "s")}},
			[]string{"d dir @0", "d/t symlink -> x @0", "s symlink -> x @0"}},
		{"hard link to a symlink of a lower layer", []entries{{link("s", "x")}, {hard("a", "s")}},
			[]string{"a symlink -> x @0", "s symlink -> x @0"}},
		{"hard link to a fifo", []entries{{{Path: "f", Type: tar.TypeFifo}, hard("g", "f")}},
			[]string{"f fifo @0", "g fifo @0"}},
		{"hard link of aufs", []entries{{dir(".wh..wh.plnk"), file("/.wh..wh.plnk/1.2", "x"), hard("b", "/.wh..wh.plnk/1.2"), hard("a", ".wh..wh.plnk/1.2")}},
			[]string{".wh..wh.plnk dir @0 shadowed", `a file "x" @0`, "b hardlink -> a @0"}},
		{"hard link that makes its file setuid", []entries{{file("a", "x")}, {{Path: "b", Type: tar.TypeLink, Link: "a", Mode: 0o4755}}},
			[]string{`a file 4755 "x" @0`, "b hardlink -> a 4755 @0"}},
		{"hard link that takes setuid away", []entries{{setuid, {Path: "c", Type: tar.TypeLink, Link: "b", Mode: 0o755}}},
			[]string{`b file "x" @0`, "c hardlink -> b @0"}},
		{"opaque whiteout below a link", []entries{{dir("usr"), file("usr/x", "0"), link("a", "usr")}, {file("a/y", "1"), ocitest.Opaque("a")}},
			[]string{"usr dir @0", `usr/y file "1" @1`, `usr/x file "0" @0 shadowed`, "a symlink -> usr @0"}},
		{"only an opaque whiteout below a link", []entries{{dir("usr"), file("usr/x", "0"), link("a", "usr")}, {ocitest.Opaque("a")}},
			[]string{"usr dir @0", `usr/x file "0" @0 shadowed`, "a symlink -> usr @0"}},
		{"a node by two names", []entries{{ocitest.Device("srv/a", 1, 3), hard("srv/b", "srv/a"), hard("c", "srv/b")}},
			[]string{"srv/a char @0 shadowed"}},
		{"a node below dev by two names", []entries{{ocitest.Device("dev/a", 1, 3), hard("dev/b", "dev/a")}},
			[]string{"dev/a char @0 shadowed"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := runPass(t, ocitest.ImageOf(c.layers...).Build(), Options{})
			if err != nil {
				t.Fatal(err)
			}
			ocitest.WantLines(t, r.Lines, c.want...)
			if !r.planned {
				t.Error("one pass was enough")
			}
		})
	}
}
