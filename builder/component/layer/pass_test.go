package layer

import (
	"archive/tar"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/builder/system/sinktest"
	"github.com/seaworthy-os/seaworthy/internal/ocitest"
)

// The entries that a pass announces for an image of several layers.
func TestSquash(t *testing.T) {
	dir, file, link, hard, wh, opq := ocitest.Dir, ocitest.File, ocitest.Symlink, ocitest.Hardlink, ocitest.Whiteout, ocitest.Opaque
	for _, c := range []struct {
		name   string
		layers []entries // bottom first
		want   []string
	}{
		{"one layer", []entries{{dir("./"), dir("etc/"), file("./etc/who", "me"), link("bin", "usr/bin"), dir("usr")}},
			[]string{"etc dir @0", `etc/who file "me" @0`, "bin symlink -> usr/bin @0", "usr dir @0"}},
		{"no layers", nil, nil},
		{"upper file wins", []entries{{file("a", "old")}, {file("a", "new")}},
			[]string{`a file "new" @1`, `a file "old" @0 shadowed`}},
		{"whiteout", []entries{{dir("d"), file("d/a", "1"), file("d/b", "2")}, {wh("d/a")}},
			[]string{"d dir @0", `d/a file "1" @0 shadowed`, `d/b file "2" @0`}},
		{"whiteout of a folder", []entries{{dir("d"), file("d/a", "1")}, {wh("d")}},
			[]string{"d dir @0 shadowed", `d/a file "1" @0 shadowed`}},
		{"whiteout does not hide its own layer", []entries{{file("a", "old")}, {wh("a"), file("a", "new")}},
			[]string{`a file "new" @1`, `a file "old" @0 shadowed`}},
		{"whiteout after the file of its layer", []entries{{file("a", "old")}, {file("a", "new"), wh("a")}},
			[]string{`a file "new" @1`, `a file "old" @0 shadowed`}},
		{"whiteout in the middle", []entries{{file("a", "0")}, {wh("a")}, {file("b", "2")}},
			[]string{`b file "2" @2`, `a file "0" @0 shadowed`}},
		{"made again above a whiteout", []entries{{dir("d"), file("d/x", "0")}, {wh("d")}, {dir("d"), file("d/y", "2")}},
			[]string{"d dir @2", `d/y file "2" @2`, "d dir @0 shadowed", `d/x file "0" @0 shadowed`}},
		{"opaque", []entries{{dir("d"), file("d/a", "0")}, {dir("d"), opq("d"), file("d/b", "1")}},
			[]string{"d dir @1", `d/b file "1" @1`, "d dir @0 shadowed", `d/a file "0" @0 shadowed`}},
		{"opaque without its folder keeps the lower folder", []entries{{dir("d"), file("d/a", "0")}, {opq("d")}},
			[]string{"d dir @0", `d/a file "0" @0 shadowed`}},
		{"opaque root", []entries{{file("a", "0")}, {{Path: ".wh..wh..opq"}, file("b", "1")}},
			[]string{`b file "1" @1`, `a file "0" @0 shadowed`}},
		{"folder replaced by a file", []entries{{dir("d"), file("d/a", "0")}, {file("d", "1")}},
			[]string{`d file "1" @1`, "d dir @0 shadowed", `d/a file "0" @0 shadowed`}},
		{"folder replaced by a symlink", []entries{{dir("d"), file("d/a", "0")}, {link("d", "/etc")}},
			[]string{"d symlink -> /etc @1", "d dir @0 shadowed", `d/a file "0" @0 shadowed`}},
		{"file replaced by a folder", []entries{{file("d", "0")}, {dir("d"), file("d/a", "1")}},
			[]string{"d dir @1", `d/a file "1" @1`, `d file "0" @0 shadowed`}},
		{"folder, file, folder: the lowest stays away", []entries{{dir("d"), file("d/x", "0")}, {file("d", "1")}, {dir("d"), file("d/y", "2")}},
			[]string{"d dir @2", `d/y file "2" @2`, `d file "1" @1 shadowed`, "d dir @0 shadowed", `d/x file "0" @0 shadowed`}},
		{"symlink replaced by a folder", []entries{{link("d", "/etc")}, {dir("d"), file("d/passwd", "1")}},
			[]string{"d dir @1", `d/passwd file "1" @1`, "d symlink -> /etc @0 shadowed"}},
		{"folder of a lower layer", []entries{{dir("a"), dir("a/b"), file("a/b/c", "0")}, {file("a/b/d", "1")}},
			[]string{"a dir @0", "a/b dir @0", `a/b/d file "1" @1`, `a/b/c file "0" @0`}},
		{"folders in the wrong order", []entries{{file("a/b/c", "x"), dir("a/b"), dir("a")}},
			[]string{"a dir @0", "a/b dir @0", `a/b/c file "x" @0`}},
		{"folder that no layer describes", []entries{{file("b/c/d", "x"), file("a/z", "y")}, {file("b/e", "1")}},
			[]string{"a dir @0", `a/z file "y" @0`, "b dir @1", `b/e file "1" @1`, "b/c dir @0", `b/c/d file "x" @0`}},
		{"folder that a whiteout removed stays implied", []entries{{dir("a"), file("a/x", "0")}, {wh("a")}, {file("a/y", "2")}},
			[]string{"a dir @0 shadowed", `a/x file "0" @0 shadowed`, "a dir @2", `a/y file "2" @2`}},
		{"the same folder twice", []entries{{dir("a"), file("a/b", ""), dir("a/")}},
			[]string{"a dir @0", "a/b file @0"}},
		{"hard links", []entries{{file("a", "x"), hard("b", "a"), hard("c", "./b")}},
			[]string{`a file "x" @0`, "b hardlink -> a @0", "c hardlink -> a @0"}},
		{"hard link to a lower layer", []entries{{file("a", "x"), file("z", "")}, {hard("b", "a")}},
			[]string{`a file "x" @0`, "b hardlink -> a @1", "z file @0"}},
		{"hard link to a link of a lower layer", []entries{{file("a", "x"), hard("b", "a")}, {hard("c", "b")}},
			[]string{`a file "x" @0`, "b hardlink -> a @0", "c hardlink -> a @1"}},
		{"hard link whose file was replaced", []entries{{file("a", "old"), hard("b", "a"), hard("c", "a")}, {file("a", "new")}},
			[]string{`a file "new" @1`, `a file "old" @0 shadowed`, `b file "old" @0`, "c hardlink -> b @0"}},
		{"hard link whose file was removed", []entries{{file("a", "old"), hard("b", "a"), hard("c", "b")}, {wh("a")}},
			[]string{`a file "old" @0 shadowed`, `b file "old" @0`, "c hardlink -> b @0"}},
		{"hard link through a removed link", []entries{{file("a", "old"), hard("b", "a"), hard("c", "b")}, {wh("a")}, {wh("b")}},
			[]string{`a file "old" @0 shadowed`, "b hardlink -> a @0 shadowed", `c file "old" @0`}},
		{"hard link into a lower layer whose file was then replaced", []entries{{file("a", "old")}, {hard("b", "a")}, {file("a", "new")}},
			[]string{`a file "new" @2`, `a file "old" @0 shadowed`, `b file "old" @1`}},
		{"hard link whose removed file's link waits for its folder", []entries{{dir("d")}, {file("a", "old"), hard("d/b", "a"), hard("c", "a")}, {wh("a")}},
			[]string{`a file "old" @1 shadowed`, "d dir @0", `d/b file "old" @1`, "c hardlink -> d/b @1"}},
		{"hard link that was itself replaced", []entries{{file("a", "x"), hard("b", "a")}, {file("b", "new")}},
			[]string{`b file "new" @1`, `a file "x" @0`, "b hardlink -> a @0 shadowed"}},
		{"hard link waits for a file that waits", []entries{{dir("d")}, {file("d/a", "x"), hard("b", "d/a")}},
			[]string{"d dir @0", `d/a file "x" @1`, "b hardlink -> d/a @1"}},
		{"fifo", []entries{{{Path: "f", Type: tar.TypeFifo}}}, []string{"f fifo @0"}},
		{"whiteouts of any type", []entries{{file("a", ""), file("b", ""), file("c", "")}, {wh("a"), hard(".wh.b", ".wh.a"), dir(".wh.c")}},
			[]string{"a file @0 shadowed", "b file @0 shadowed", "c file @0 shadowed"}},
		{"what aufs left", []entries{{dir(".wh..wh.plnk"), file(".wh..wh.aufs", ""), file("a/.wh..wh.x", ""), file("a/b", "")}},
			[]string{".wh..wh.plnk dir @0 shadowed", ".wh..wh.aufs file @0 shadowed", "a/.wh..wh.x file @0 shadowed", "a dir @0", "a/b file @0"}},
		{"device nodes below dev", []entries{{dir("dev"), file("dev/null", "")}, {dir("dev"), ocitest.Device("dev/null", 1, 3), ocitest.Device("dev/a/b", 1, 5)}},
			[]string{"dev dir @1", "dev/null char @1 shadowed", "dev/a/b char @1 shadowed", "dev dir @0 shadowed", "dev/null file @0 shadowed"}},
		{"device nodes elsewhere", []entries{{file("a", "x"), ocitest.Device("b", 8, 0), ocitest.Device("dev", 8, 0)}, {ocitest.Device("a", 0, 0), file("b", "y"), {Path: "srv/dev/sda", Type: tar.TypeBlock, DevMajor: 8}}},
			[]string{"a char @1 shadowed", `b file "y" @1`, "srv/dev/sda block @1 shadowed", `a file "x" @0 shadowed`, "b char @0 shadowed", "dev char @0 shadowed"}},
		{"dots inside names", []entries{{dir("a"), file("a/../b", "x"), file("/../c", "y"), hard("d", "none/../b"), dir("a/..")}},
			[]string{"a dir @0", `b file "x" @0`, `c file "y" @0`, "d hardlink -> b @0"}},
		{"absolute names", []entries{{dir("/"), dir("/a/"), file("/a/b", "x"), hard("//c", "/a/b")}},
			[]string{"a dir @0", `a/b file "x" @0`, "c hardlink -> a/b @0"}},
		{"slash behind the name of a file", []entries{{link("a/", "b"), file("b", "")}}, []string{"a symlink -> b @0", "b file @0"}},
		{"contiguous file", []entries{{{Path: "a", Typeflag: '7'}}}, []string{"a file @0"}},
		{"old typeflag of a file", []entries{{{Path: "a", Typeflag: '\x00'}}}, []string{"a file @0"}},
		{"a name that only looks like a whiteout", []entries{{file("a.wh.b", "x")}}, []string{`a.wh.b file "x" @0`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := runPass(t, ocitest.ImageOf(c.layers...).Build(), Options{})
			if err != nil {
				t.Fatal(err)
			}
			ocitest.WantLines(t, r.Lines, c.want...)
		})
	}
}

// Hostile or broken layers are refused. Each error names the layer and the entry.
func TestRefused(t *testing.T) {
	dir, file, link, hard := ocitest.Dir, ocitest.File, ocitest.Symlink, ocitest.Hardlink
	for _, c := range []struct {
		name   string
		layers []entries
		says   []string
	}{
		{"leaves the tree", []entries{{file("../../init", "evil")}}, []string{`"../../init"`, "leaves the tree"}},
		{"leaves the tree and comes back", []entries{{file("a/../../init", "evil")}}, []string{"leaves the tree"}},
		{"leaves the tree by its last part", []entries{{dir("a/../..")}}, []string{"leaves the tree"}},
		{"root is a file", []entries{{file(".", "x")}}, []string{"the root must be a folder"}},
		{"root is a symlink", []entries{{link("/", "x")}}, []string{"the root must be a folder"}},
		{"through a file", []entries{{file("a", ""), file("a/b", "")}}, []string{`"a/b"`, `through "a", which is a file`}},
		{"through a file of a lower layer", []entries{{file("a", "")}, {dir("a/b")}}, []string{`through "a", which is a file`}},
		{"through a link to a file", []entries{{file("f", ""), link("a", "f")}, {file("a/b", "")}}, []string{`through "f", which is a file`}},
		{"through a fifo", []entries{{{Path: "p", Type: tar.TypeFifo}, file("p/x", "")}}, []string{"which is a fifo"}},
		{"through links in a circle", []entries{{link("a", "b"), link("b", "a")}, {file("a/x", "")}}, []string{`"a/x"`, "more than 40 links"}},
		{"a path that links make too long", []entries{{link("a", strings.Repeat("b/", 2000)), file("a/"+strings.Repeat("c/", 100)+"x", "")}}, []string{"longer than 4096 bytes"}},
		{"hard link to nothing", []entries{{hard("a", "b")}}, []string{`"a"`, `"b", which is not in the image`}},
		{"hard link to a later file", []entries{{hard("a", "b"), file("b", "")}}, []string{"at that time"}},
		{"hard links in a circle", []entries{{hard("a", "b"), hard("b", "a")}}, []string{"at that time"}},
		{"hard link to itself", []entries{{hard("a", "./a")}}, []string{"to itself"}},
		{"hard link to itself by a link", []entries{{file("d/a", ""), link("e", "d"), hard("e/a", "d/a")}}, []string{"at that time"}},
		{"hard link to what its layer removes", []entries{{file("a", "x")}, {ocitest.Whiteout("a"), hard("b", "a")}}, []string{"at that time"}},
		{"sparse file", []entries{{{Path: "a", Typeflag: 'S'}}}, []string{"not a complete tar"}},
		{"too long", []entries{{file(strings.Repeat("a/", 2500)+"x", "")}}, []string{"5001 bytes"}},
		{"a part too long", []entries{{file(strings.Repeat("a", 256), "")}}, []string{"256 bytes"}},
		{"hard link out of the tree", []entries{{hard("a", "../../etc/shadow")}}, []string{`"../../etc/shadow"`, "leaves the tree"}},
		{"hard link to a folder", []entries{{dir("d"), hard("a", "d")}}, []string{"which is a dir"}},
		{"hard link to the root", []entries{{hard("a", ".")}}, []string{"cannot refer to the root folder"}},
		{"whiteout without a target", []entries{{file(".wh.", "")}}, []string{"whiteout without a target"}},
		{"whiteout of dots", []entries{{file("d/.wh...", "")}}, []string{"whiteout without a target"}},
		{"below a whiteout", []entries{{file("d/.wh.a/b", "")}}, []string{"below a whiteout"}},
		{"symlink to nothing", []entries{{link("a", "")}}, []string{"symlink"}},
		{"owner out of range", []entries{{{Path: "a", UID: 1<<32 - 1}}}, []string{"out of range"}},
		{"attribute too large", []entries{{{Path: "a", Xattrs: map[string]string{"user.x": strings.Repeat("x", 70000)}}}}, []string{"user.x"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := runPass(t, ocitest.ImageOf(c.layers...).Build(), Options{})
			wantError(t, err, system.ErrUnusable, append(c.says, "layer ")...)
		})
	}
}

// The metadata of an entry is that of the tar.
func TestMetadata(t *testing.T) {
	img := ocitest.ImageOf(entries{
		{Path: "ping", Mode: 0o104755, UID: 7, GID: 70000, Content: "x", Xattrs: map[string]string{"security.capability": "\x01\x00\x02"}},
		ocitest.Device("null", 1, 3),
	})
	var got []*system.Entry
	sink := sinktest.SinkFunc(func(e *system.Entry) { got = append(got, e) })
	if err := imageOf(t, img.Build()).Pass(context.Background(), Options{Devices: true}, sink); err != nil {
		t.Fatal(err)
	}
	p, n := got[0], got[1]
	if p.Mode != 0o4755 || p.UID != 7 || p.GID != 70000 || p.Size != 1 || p.Xattrs["security.capability"] != "\x01\x00\x02" {
		t.Errorf("%+v", p)
	}
	if n.Type != system.TypeChar || n.DevMajor != 1 || n.DevMinor != 3 {
		t.Errorf("%+v", n)
	}
}

func TestNested(t *testing.T) {
	dir, file := ocitest.Dir, ocitest.File
	modules := ocitest.Tarball("kernel.tar", file("lib/modules/6/x.ko", "ko"), dir("lib"), ocitest.Hardlink("lib/modules/6/y.ko", "lib/modules/6/x.ko"))
	want := []string{"kernel file \"bz\" @0"}
	inner := []string{"kernel.tar!lib dir @0", "kernel.tar!lib/modules dir @0", "kernel.tar!lib/modules/6 dir @0",
		`kernel.tar!lib/modules/6/x.ko file "ko" @0`, "kernel.tar!lib/modules/6/y.ko hardlink -> lib/modules/6/x.ko @0"}

	for _, wanted := range []bool{false, true} {
		img := imageOf(t, ocitest.ImageOf(entries{file("kernel", "bz"), modules, file("lib", "not a folder here")}).Build())
		r := sinktest.NewRecorder(t)
		tarball := "kernel.tar file \"3072 bytes\" @0"
		if !wanted {
			r.Unwanted = func(e *system.Entry) bool { return e.Path == "kernel.tar" }
			tarball = "kernel.tar file @0"
		}
		if err := img.Pass(context.Background(), Options{Nested: []string{"kernel.tar", "./none.tar"}}, r); err != nil {
			t.Fatal(err)
		}
		w := append(append(append([]string{}, want...), tarball), inner...)
		ocitest.WantLines(t, r.Lines, append(w, `lib file "not a folder here" @0`)...)
	}

	for name, c := range map[string]struct {
		e    ocitest.Entry
		says string
	}{
		"leaves the tree":   {ocitest.Tarball("kernel.tar", file("../init", "")), "leaves the tree"},
		"through a file":    {ocitest.Tarball("kernel.tar", file("lib", "/"), file("lib/x", "")), `through "lib"`},
		"device below dev":  {ocitest.Tarball("kernel.tar", ocitest.Device("dev/x", 1, 1)), "device"},
		"aufs":              {ocitest.Tarball("kernel.tar", file(".wh..wh.plnk/x", "")), "whiteout"},
		"link to the image": {ocitest.Tarball("kernel.tar", ocitest.Hardlink("x", "kernel")), "not in the image"},
		"device":            {ocitest.Tarball("kernel.tar", ocitest.Device("x", 1, 1)), "device"},
		"whiteout":          {ocitest.Tarball("kernel.tar", ocitest.Whiteout("x")), "whiteout"},
		"no tar":            {file("kernel.tar", strings.Repeat("no tar ", 100)), "not a complete tar"},
		"cut short":         {file("kernel.tar", string(ocitest.Tar(entries{file("a", "12345")})[:514])), "not a complete tar"},
		"bytes after it":    {file("kernel.tar", string(ocitest.Tar(nil))+"more"), "bytes after the end"},
		"a symlink":         {ocitest.Symlink("kernel.tar", "/dev/zero"), "it is a symlink, but must be a tarball"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := runPass(t, ocitest.ImageOf(entries{file("kernel", ""), c.e}).Build(), Options{Nested: []string{"kernel.tar"}, Devices: true})
			wantError(t, err, system.ErrUnusable, c.says, "kernel.tar")
		})
	}
}

// The error of a sink ends the pass at once, and Finish is not called.
func TestSinkFails(t *testing.T) {
	img := imageOf(t, ocitest.ImageOf(entries{ocitest.File("a", "1"), ocitest.File("b", "2"), ocitest.File("c", "3")}).Build())
	first, second := sinktest.NewRecorder(t), sinktest.NewRecorder(t)
	second.Fail = "b"
	err := img.Pass(context.Background(), Options{}, first, second)
	if sink := (*SinkError)(nil); !errors.As(err, &sink) || err.Error() != "sink fails at b" {
		t.Errorf("error %v", err)
	}
	first.Ended(err)
	second.Ended(err)
	ocitest.WantLines(t, second.Lines, `a file "1" @0`)

	ctx, cancel := context.WithCancel(context.Background())
	stop := sinktest.SinkFunc(func(e *system.Entry) { cancel() })
	if err := img.Pass(ctx, Options{}, stop); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
