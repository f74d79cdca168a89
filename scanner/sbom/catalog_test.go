package sbom

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/anchore/syft/syft/linux"
	"github.com/anchore/syft/syft/pkg"

	st "github.com/seaworthy-os/seaworthy/scanner/scantest"
)

func TestDebian(t *testing.T) {
	t.Parallel()
	inv := catalog(t, append(st.Debian(map[string][]string{
		"libfoo": {"usr/lib/libfoo.so.1"}, "tool": {"usr/bin/tool", "usr/share/tool/data"},
	}), st.File("opt/unowned", "x"), st.Hardlink("usr/bin/t", "usr/bin/tool")))
	if got, want := names(inv.Packages), []string{"deb libfoo 1.0-1", "deb tool 1.0-1"}; !slices.Equal(got, want) {
		t.Errorf("packages %q, want %q", got, want)
	}
	if inv.Packages[1].PURL != "pkg:deb/debian/tool@1.0-1?arch=amd64&distro=debian-12" {
		t.Errorf("purl %q", inv.Packages[1].PURL)
	}
	if inv.Distro == nil || inv.Distro.ID != "debian" || inv.Distro.VersionID != "12" {
		t.Errorf("distro %+v", inv.Distro)
	}
	// Owned: three files by their lists, two copyrights, the database, the two
	// lists and the two sums. Not: os-release, opt/unowned, the hard link.
	if inv.Coverage.Files != 13 || inv.Coverage.Owned != 10 {
		t.Errorf("coverage %+v", inv.Coverage)
	}
}

// The distribution is read from all forms that os-release may have.
func TestDistro(t *testing.T) {
	t.Parallel()
	const debian = "ID=debian\nVERSION_ID=\"12\"\n"
	for name, c := range map[string]struct {
		objects    []st.Object
		want       string
		unreadable []string
	}{
		"none":             {nil, "none", nil},
		"quotes":           {[]st.Object{st.File("etc/os-release", "# x\nNAME='x y'\nID='alpine'\nVERSION_ID=\"3.20.1\"\n")}, "alpine 3.20.1", nil},
		"a link":           {[]st.Object{st.Symlink("etc/os-release", "../usr/lib/os-release"), st.File("usr/lib/os-release", debian)}, "debian 12", nil},
		"another place":    {[]st.Object{st.File("usr/lib/os-release", debian)}, "debian 12", nil},
		"unstable":         {[]st.Object{st.File("etc/os-release", "ID=debian\nPRETTY_NAME=\"Debian GNU/Linux forky/sid\"\n"), st.File("etc/debian_version", "forky/sid\n")}, "debian ", nil},
		"CentOS 6":         {[]st.Object{st.Symlink("etc/redhat-release", "centos-release"), st.File("etc/centos-release", "CentOS release 6.10 (Final)\n")}, "centos 6.10", nil},
		"no id":            {[]st.Object{st.File("etc/os-release", "NAME=x\n")}, " ", []string{"/etc/os-release"}},
		"empty":            {[]st.Object{st.File("etc/os-release", "")}, "none", []string{"/etc/os-release"}},
		"another name":     {[]st.Object{st.Symlink("etc/os-release", "/srv/x"), st.File("srv/x", debian)}, "debian 12", nil},
		"damaged, twice":   {[]st.Object{st.File("etc/os-release", "\x00"), st.File("usr/lib/os-release", debian)}, "debian 12", nil},
		"busybox is none":  {[]st.Object{st.File("bin/busybox", "BusyBox v1.36.1 (2024)\n")}, "none", nil},
		"a link to itself": {[]st.Object{st.Symlink("etc/os-release", "os-release")}, "none", nil},
	} {
		c2 := collect(t, c.objects)
		inv, err := c2.Catalog(t.Context(), Request{Image: st.Image("docker.io/library/web:1.2", "b2"), TempDir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		got := "none"
		if inv.Distro != nil {
			got = inv.Distro.ID + " " + inv.Distro.VersionID
		}
		if got != c.want || !slices.Equal(inv.UnreadablePaths(), append([]string{}, c.unreadable...)) {
			t.Errorf("%s: %q, %q", name, got, inv.UnreadablePaths())
		}
	}
}

// Images that are made without dpkg have one file for each package.
func TestDebianStatusFolder(t *testing.T) {
	t.Parallel()
	inv := catalog(t, []st.Object{
		st.File("var/lib/dpkg/status.d/base", st.DpkgStatus("base", "12.1")),
		st.File("var/lib/dpkg/status.d/base.md5sums", "d41d8cd98f00b204e9800998ecf8427e  etc/issue\n"),
		st.File("etc/issue", "hello\n"),
	})
	has(t, inv, "deb base 12.1")
	if inv.Coverage.Files != 3 || inv.Coverage.Owned < 2 {
		t.Errorf("coverage %+v", inv.Coverage)
	}
}

const apkDB = `C:Q1p78yvTLG094tHE1+dToJGbmYzQE=
P:musl
V:1.2.4-r2
A:x86_64
S:383459
I:622592
T:the musl c library
U:https://musl.libc.org/
L:MIT
o:musl
F:lib
R:ld-musl-x86_64.so.1
a:0:0:755
Z:Q1VFJRAB0MMrsq1nTyIOkPSxYkSFk=

`

func TestAlpine(t *testing.T) {
	t.Parallel()
	inv := catalog(t, []st.Object{
		st.File("etc/os-release", "ID=alpine\nVERSION_ID=3.18.4\n"),
		st.File("lib/apk/db/installed", apkDB), st.File("lib/ld-musl-x86_64.so.1", "\x7fELF"),
	})
	has(t, inv, "apk musl 1.2.4-r2")
	if !slices.Equal(inv.Packages[0].Licenses, []string{"MIT"}) || inv.Coverage.Owned != 2 {
		t.Errorf("%+v, %+v", inv.Packages[0], inv.Coverage)
	}
}

// rpmHeader is the part of rpm's header that its database contains.
func rpmHeader(tags map[uint32]string) []byte {
	var index, data bytes.Buffer
	for _, tag := range []uint32{1000, 1001, 1002, 1022} {
		for _, v := range []uint32{tag, 6, uint32(data.Len()), 1} {
			_ = binary.Write(&index, binary.BigEndian, v)
		}
		data.WriteString(tags[tag] + "\x00")
	}
	var out bytes.Buffer
	_ = binary.Write(&out, binary.BigEndian, uint32(index.Len()/16))
	_ = binary.Write(&out, binary.BigEndian, uint32(data.Len()))
	out.Write(index.Bytes())
	out.Write(data.Bytes())
	return out.Bytes()
}

func TestRPM(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "rpmdb.sqlite")
	db, err := sql.Open("sqlite", name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)"); err != nil {
		t.Fatal(err)
	}
	blob := rpmHeader(map[uint32]string{1000: "bash", 1001: "5.2.15", 1002: "3.fc39", 1022: "x86_64"})
	if _, err := db.Exec("INSERT INTO Packages (blob) VALUES (?)", blob); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	inv := catalog(t, []st.Object{
		st.File("usr/lib/os-release", "ID=fedora\nVERSION_ID=39\n"), st.File("usr/lib/sysimage/rpm/rpmdb.sqlite", string(content)),
	})
	has(t, inv, "rpm bash 5.2.15-3.fc39")
}

func TestLanguages(t *testing.T) {
	t.Parallel()
	var jar bytes.Buffer
	z := zip.NewWriter(&jar)
	for name, text := range map[string]string{
		"META-INF/MANIFEST.MF":                           "Manifest-Version: 1.0\nImplementation-Title: demo\nImplementation-Version: 3.4\n",
		"META-INF/maven/org.example/demo/pom.properties": "groupId=org.example\nartifactId=demo\nversion=3.4\n",
	} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(w, text)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	inv := catalog(t, []st.Object{
		st.File("usr/lib/python3/dist-packages/Foo-1.5.dist-info/METADATA", "Metadata-Version: 2.1\nName: Foo\nVersion: 1.5\nLicense: MIT\n"),
		st.File("usr/lib/python3/dist-packages/Foo-1.5.dist-info/RECORD", "foo/__init__.py,,\n"),
		st.File("usr/lib/python3/dist-packages/foo/__init__.py", "pass\n"),
		st.File("app/node_modules/left-pad/package.json", `{"name":"left-pad","version":"1.3.0","license":"WTFPL"}`),
		st.File("app/node_modules/left-pad/index.js", "module.exports = 1\n"),
		st.File("usr/share/gems/specifications/rake-13.0.gemspec", "Gem::Specification.new do |s|\n  s.name = \"rake\".freeze\n  s.version = \"13.0\"\nend\n"),
		st.File("app/vendor/composer/installed.json", `{"packages":[{"name":"psr/log","version":"1.1.4","type":"library"}]}`),
		st.File("app/vendor/psr/log/x.php", "<?php\n"),
		st.File("app/demo.jar", jar.String()),
	})
	has(t, inv, "python foo 1.5", "npm left-pad 1.3.0", "gem rake 13.0", "php-composer psr/log 1.1.4", "java-archive demo 3.4")
	if inv.Coverage.Files != 9 || inv.Coverage.Owned != 9 {
		t.Errorf("coverage %+v", inv.Coverage)
	}
}

func TestGoProgram(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("this test needs the go command to build a program")
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module example.org/hello\n\ngo 1.24\n", "main.go": "package main\n\nfunc main() { println(1) }\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// Stripped, as our programs are: syft then reports a missing detail.
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", "hello", ".")
	build.Dir, build.Env = dir, append(os.Environ(), "GOFLAGS=-mod=mod", "CGO_ENABLED=0", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	program, err := os.ReadFile(filepath.Join(dir, "hello"))
	if err != nil {
		t.Fatal(err)
	}
	inv := catalog(t, []st.Object{st.Mode("init", 0o755, string(program))})
	if got := names(inv.Packages); !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, "go-module example.org/hello ") }) ||
		!slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, "go-module stdlib go1.") }) {
		t.Errorf("packages %q", got)
	}
	if inv.Coverage.Owned != 1 || len(inv.UnreadablePaths()) != 0 {
		t.Errorf("coverage %+v, unreadable %v", inv.Coverage, inv.Unreadable)
	}
}

// A program that belongs to no package is recognised by its bytes. The same
// program in a package is only listed as that package.
func TestBinariesOnceOnly(t *testing.T) {
	t.Parallel()
	busybox := "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9) + "\x02\x00\x3e\x00" + "BusyBox v1.36.1 (2023-06-02) multi-call binary\x00"
	inv := catalog(t, []st.Object{st.Mode("bin/[", 0o755, busybox), st.Hardlink("bin/busybox", "bin/["), st.Hardlink("bin/sh", "bin/[")})
	has(t, inv, "binary busybox 1.36.1")
	objects := st.Debian(map[string][]string{"busybox": {"bin/busybox"}})
	for i, o := range objects {
		if o.Path == "bin/busybox" {
			objects[i] = st.Mode("bin/busybox", 0o755, busybox)
		}
	}
	if got := names(catalog(t, objects).Packages); !slices.Equal(got, []string{"deb busybox 1.0-1"}) {
		t.Errorf("packages %q", got)
	}
}

func TestKernelPackage(t *testing.T) {
	t.Parallel()
	module := elfModule("name=virtio_net\x00license=GPL\x00vermagic=6.1.0-41-amd64 SMP mod_unload \x00")
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte(strings.ReplaceAll(module, "virtio_net", "overlay_fs"))); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	objects := []st.Object{
		st.File("kernel", "bzImage"), st.File("config", "CONFIG_X=y"),
		st.File("var/lib/dpkg/status.d/linux-image-6.1.0-41-amd64", st.DpkgStatus("linux-image-6.1.0-41-amd64", "6.1.158-1")),
		st.Nested("kernel.tar", st.File("lib/modules/6.1.0-41-amd64/virtio_net.ko", module)),
		st.Nested("kernel.tar", st.File("lib/modules/6.1.0-41-amd64/overlay.ko.gz", packed.String())),
	}
	c := collect(t, objects)
	inv, err := c.Catalog(t.Context(), Request{Image: st.Image("docker.io/seaworthy/kernel:1", "a1"), TempDir: t.TempDir(), Kernel: &Kernel{
		Path: "/kernel", Version: "6.1.0-41-amd64", Arch: "amd64", Digest: "sha256:00", Owned: []string{"/kernel", "/config"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	has(t, inv, "linux-kernel linux-kernel 6.1.0-41-amd64", "linux-kernel-module virtio_net 6.1.0-41-amd64", "linux-kernel-module overlay_fs 6.1.0-41-amd64")
	if inv.KernelPackage != "linux-image-6.1.0-41-amd64 6.1.158-1" {
		t.Errorf("package %q", inv.KernelPackage)
	}
	for _, p := range inv.Packages {
		if p.Name == KernelName && p.PURL != "pkg:deb/linux-image-6.1.0-41-amd64@6.1.158-1?arch=amd64" {
			t.Errorf("purl %q", p.PURL)
		}
	}
	if inv.Coverage.Files != 5 || inv.Coverage.Owned != 5 {
		t.Errorf("coverage %+v", inv.Coverage)
	}
	spdx, err := inv.SPDX(Stamp{})
	if err != nil || !bytes.Contains(spdx, []byte(`"checksumValue":"00"`)) {
		t.Errorf("the kernel's digest is not in its document: %v", err)
	}
}

// A kernel that was compiled has the package of its source, and names the files that say
// how it was compiled.
func TestCompiledKernel(t *testing.T) {
	t.Parallel()
	c := collect(t, []st.Object{
		st.File("kernel", "bzImage"), st.File("kernel.sources", "init/main.c\n"),
		st.File("var/lib/dpkg/status.d/linux-source-6.12", st.DpkgStatus("linux-source-6.12", "6.12.117-1")),
	})
	inv, err := c.Catalog(t.Context(), Request{Image: st.Image("docker.io/seaworthy/kernel:1", "a1"), TempDir: t.TempDir(), Kernel: &Kernel{
		Path: "/kernel", Version: "6.12.117-seaworthy", Arch: "amd64", Digest: "sha256:00", Owned: []string{"/kernel", "/kernel.sources"}, Evidence: []string{"/kernel.sources"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if inv.KernelPackage != "linux-source-6.12 6.12.117-1" || inv.Coverage.Files != inv.Coverage.Owned {
		t.Errorf("package %q, coverage %+v", inv.KernelPackage, inv.Coverage)
	}
	spdx, err1 := inv.SPDX(Stamp{})
	cdx, err2 := inv.CycloneDX(Stamp{})
	for name, doc := range map[string][]byte{"SPDX": spdx, "CycloneDX": cdx} {
		if !bytes.Contains(doc, []byte("/kernel.sources")) {
			t.Errorf("%s does not name the compiled files: %v %v", name, err1, err2)
		}
	}
}

// elfModule is a 64-bit relocatable file with one section, .modinfo.
func elfModule(modinfo string) string {
	names := "\x00.modinfo\x00.shstrtab\x00"
	var b bytes.Buffer
	le := func(vs ...any) {
		for _, v := range vs {
			_ = binary.Write(&b, binary.LittleEndian, v)
		}
	}
	b.WriteString("\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9))
	at := uint64(64 + len(modinfo) + len(names))
	le(uint16(1), uint16(62), uint32(1), uint64(0), uint64(0), at, uint32(0), uint16(64), uint16(0), uint16(0), uint16(64), uint16(3), uint16(2))
	b.WriteString(modinfo + names)
	le([8]uint64{})
	le(uint32(1), uint32(1), uint64(2), uint64(0), uint64(64), uint64(len(modinfo)), uint32(0), uint32(0), uint64(1), uint64(0))
	le(uint32(10), uint32(3), uint64(0), uint64(0), uint64(64+len(modinfo)), uint64(len(names)), uint32(0), uint32(0), uint64(1), uint64(0))
	return b.String()
}

// A database that cannot be read must not hide packages.
func TestUnreadableDatabase(t *testing.T) {
	t.Parallel()
	for name, objects := range map[string][]st.Object{
		"rpm that is not a database":   {st.File("usr/lib/sysimage/rpm/rpmdb.sqlite", "no database")},
		"link to content that went by": {st.File("a/blob", st.DpkgStatus("x", "1")), st.Symlink("var/lib/dpkg/status", "/a/blob")},
		"dpkg entry without a version": {st.File("var/lib/dpkg/status", "Package: x\nStatus: install ok installed\nInstalled-Size: many many\nVersion 1\n\x00\n")},
	} {
		c := collect(t, objects)
		inv, err := c.Catalog(t.Context(), Request{Image: st.Image("docker.io/library/web:1", "b2"), TempDir: t.TempDir()})
		if err == nil && len(inv.Packages) == 0 {
			t.Errorf("%s: no error, no packages", name)
		}
	}
}

// An unreadable file of another kind is reported, and the other files count.
func TestUnreadableFile(t *testing.T) {
	t.Parallel()
	inv := catalog(t, append(st.Debian(map[string][]string{"tool": nil}), st.File("app/bad.jar", "PK\x03\x04 and no more")))
	has(t, inv, "deb tool 1.0-1")
	if len(inv.Unreadable) != 1 || inv.Unreadable[0].Path != "/app/bad.jar" {
		t.Errorf("unreadable %+v", inv.Unreadable)
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := collect(t, nil).Catalog(ctx, Request{Image: st.Image("docker.io/library/web:1", "b2"), TempDir: t.TempDir()}); err == nil {
		t.Error("the catalogers ran after the context ended")
	}
}

func TestNoTemporaryFilesLeft(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := collect(t, st.Debian(map[string][]string{"tool": nil}))
	if _, err := c.Catalog(t.Context(), Request{Image: st.Image("docker.io/library/web:1", "b2"), TempDir: dir}); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

// dpkg's packages belong to the distribution in os-release, even if it does not
// declare that it is like Debian.
func TestDpkgNamespace(t *testing.T) {
	t.Parallel()
	for release, want := range map[string]string{
		"ID=ubuntu\nVERSION_ID=\"22.04\"\n":                         "pkg:deb/ubuntu/tool@1.0-1?arch=amd64&distro=ubuntu-22.04",
		"ID='ubuntu'\nVERSION_ID='22.04'\n":                         "pkg:deb/ubuntu/tool@1.0-1?arch=amd64&distro=ubuntu-22.04",
		"ID=ubuntu\nID_LIKE=debian\nVERSION_ID=\"22.04\"\n":         "pkg:deb/ubuntu/tool@1.0-1?arch=amd64&distro=ubuntu-22.04",
		"ID=kali\nPRETTY_NAME=x\n":                                  "pkg:deb/kali/tool@1.0-1?arch=amd64&distro=kali",
		"ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian 12\"\n": "pkg:deb/debian/tool@1.0-1?arch=amd64&distro=debian-12",
	} {
		inv := catalog(t, []st.Object{
			st.File("etc/os-release", release),
			st.File("var/lib/dpkg/status", "Package: tool\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.0-1\n"),
		})
		if len(inv.Packages) != 1 || inv.Packages[0].PURL != want {
			t.Errorf("%q: %+v, want %s", release, inv.Packages, want)
		}
	}
	source := debPURL(pkg.DpkgDBEntry{Package: "libtool", Version: "1.0-1+b1", Architecture: "amd64", Source: "tool", SourceVersion: "1.0-1"}, &linux.Release{ID: "ubuntu", VersionID: "22.04"})
	if want := "pkg:deb/ubuntu/libtool@1.0-1%2Bb1?arch=amd64&distro=ubuntu-22.04&upstream=tool%401.0-1"; source != want {
		t.Errorf("%s, want %s", source, want)
	}
}

// Package files that are not installed, and lists of packages of which none was
// found, are reported as unreadable.
func TestUnopened(t *testing.T) {
	t.Parallel()
	node := st.File("app/node_modules/a/package.json", `{"name":"a","version":"1.0.0"}`)
	python := st.File("usr/lib/python3/site-packages/Foo_Bar-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: Foo_Bar\nVersion: 1.0\n")
	for name, c := range map[string]struct {
		objects []st.Object
		want    []string
	}{
		"wheel":                       {[]st.Object{st.File("opt/foo-1.0-py3-none-any.whl", "PK")}, []string{"/opt/foo-1.0-py3-none-any.whl"}},
		"wheel of what is installed":  {[]st.Object{python, st.File("opt/foo_bar-1.0-py3-none-any.whl", "PK")}, nil},
		"wheel of another version":    {[]st.Object{python, st.File("opt/foo_bar-1.0.1-py3-none-any.whl", "PK")}, []string{"/opt/foo_bar-1.0.1-py3-none-any.whl"}},
		"owned by the distribution":   {st.Debian(map[string][]string{"wheels": {"usr/share/foo-1.0-py3-none-any.whl"}}), nil},
		"Debian's":                    {append(st.Debian(map[string][]string{"tool": nil}), st.File("a/tool_1.0-1_amd64.deb", "x"), st.File("a/other_1.0_all.deb", "x")), []string{"/a/other_1.0_all.deb"}},
		"rpm of what is installed":    {append(st.Debian(map[string][]string{"tool": nil}), st.File("a/tool-1.0-1.x86_64.rpm", "x"), st.File("a/tool-1.0-2.x86_64.rpm", "x")), []string{"/a/tool-1.0-2.x86_64.rpm"}},
		"suffix in capitals":          {[]st.Object{st.File("opt/A.JAR", "PK"), st.File("opt/B.Whl", "PK")}, []string{"/opt/A.JAR", "/opt/B.Whl"}},
		"an unpacked egg":             {[]st.Object{st.Dir("opt/a.egg", 0o755), st.File("opt/a.egg/x.py", "x")}, nil},
		"lock file":                   {[]st.Object{st.File("app/package-lock.json", "{}"), st.File("app/Cargo.lock", "x")}, []string{"/app/Cargo.lock", "/app/package-lock.json"}},
		"lock file of what was found": {[]st.Object{node, st.File("app/package-lock.json", "{}"), st.File("app/yarn.lock", "x")}, nil},
		"lock file within a package":  {[]st.Object{node, st.File("app/node_modules/a/Cargo.lock", "x")}, nil},
	} {
		if got := catalog(t, c.objects).UnreadablePaths(); !slices.Equal(got, append([]string{}, c.want...)) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
