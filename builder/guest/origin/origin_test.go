package origin

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/internal/whence"
)

const testMountinfo = `21 1 254:0 / / ro,nodev,relatime - squashfs /dev/dm-0 ro
22 21 0:21 / /run rw,nosuid - tmpfs tmpfs rw,size=10%
30 29 0:40 / / rw,relatime - overlay overlay rw,lowerdir=/containers/services/web/lower,upperdir=/containers/services/web/tmp/upper,workdir=/containers/services/web/tmp/work
31 29 254:0 /containers/services/nginx/rootfs / ro,relatime - squashfs /dev/dm-0 ro
32 31 254:0 /etc/my\040hosts /etc/hosts ro shared:1 master:2 - squashfs /dev/dm-0 ro
33 31 0:41 / / rw - overlay overlay rw,lowerdir=/a:/b
`

// A file is found through the mounts of its process.
func TestPlaceOf(t *testing.T) {
	t.Parallel()
	root := systemRoot{device: "254:0", base: "/"}
	for _, c := range []struct{ mount, path, want, upper, where string }{
		{"21", "/init", "init", "", ""},
		{"30", "/bin/web", "containers/services/web/lower/bin/web", "containers/services/web/tmp/upper/bin/web", ""},
		{"31", "/usr/sbin/nginx", "containers/services/nginx/rootfs/usr/sbin/nginx", "", ""},
		{"32", "/etc/hosts", "etc/my hosts", "", ""},
		{"22", "/run/x", "", "", "a file system of type tmpfs, mounted on /run"},
		{"33", "/x", "", "", "overlay of several folders"},
	} {
		m := mountWithID([]byte(testMountinfo), c.mount)
		if m == nil {
			t.Fatalf("mount %s is not found", c.mount)
		}
		p, err := root.placeOf(m, c.path)
		if err != nil || p.path != c.want || p.known != (c.want != "") || p.upper != c.upper || !strings.Contains(p.where, c.where) {
			t.Errorf("%s: %+v, %v", c.path, p, err)
		}
	}
	if m := mountWithID([]byte(testMountinfo), "99"); m != nil {
		t.Errorf("%+v", m)
	}
	if _, err := root.placeOf(mountWithID([]byte(testMountinfo), "22"), "/runx"); err == nil {
		t.Error("a path outside of its mount is accepted")
	}
	below := systemRoot{device: "254:0", base: "/sub"}
	if p, _ := below.placeOf(mountWithID([]byte(testMountinfo), "21"), "/other"); p.known {
		t.Errorf("%+v", p)
	}
}

// A folder with an index is a system: its files are known, and no others. A changed
// file is found with --verify.
func TestRun(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write := func(name, text string) string {
		p := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	w := whence.NewWriter("os", "amd64")
	w.Component(whence.Component{ID: whence.Files}, nil, nil)
	w.File(whence.File{Path: "etc/motd", Digest: sha256.Sum256([]byte("hello"))})
	w.Component(whence.Component{ID: "services/web", Folder: "containers/services/web", Root: "containers/services/web/rootfs", Reference: "example/web:1", Manifest: "sha256:aa"},
		[]string{"sha256:bb"}, []whence.Package{{Name: "web", Version: "1.0", PURL: "pkg:deb/web@1.0"}})
	w.File(whence.File{Path: "web", Digest: sha256.Sum256([]byte("web")), Package: 1, Layer: 1})
	write(whence.Path, string(w.Bytes()))
	motd, web := write("etc/motd", "hello"), write("containers/services/web/rootfs/web", "WEB")
	added := write("containers/services/web/rootfs/new", "")
	odd := write("a\x1b\u009b\u202e", "")
	link := filepath.Join(root, "link")
	if err := os.Symlink("etc/motd", link); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		want []string
	}{
		{[]string{motd}, whenceFound, []string{"path " + motd, "origin the files section of os.yml", fmt.Sprintf("digest sha256:%x", sha256.Sum256([]byte("hello")))}},
		{[]string{"--verify", link}, whenceFound, []string{"verified yes"}},
		{[]string{web}, whenceFound, []string{"component services/web, there /web", "image example/web:1@sha256:aa", "package web 1.0", "purl pkg:deb/web@1.0", "layer 1 of 1, sha256:bb"}},
		{[]string{"--verify", motd, web}, whenceChanged, []string{"verified yes", "verified NO: the content is sha256:"}},
		{[]string{added}, whenceForeign, []string{"component services/web", "origin not from the image: it was added at run time"}},
		{[]string{filepath.Join(root, whence.Path)}, whenceFound, []string{"the index of the system"}},
		{[]string{filepath.Join(root, "etc")}, whenceFailed, []string{"not a regular file"}},
		{[]string{filepath.Join(root, "none")}, whenceFailed, []string{"no such file"}},
		{[]string{"2147483647"}, whenceFailed, []string{"there is no such process"}},
		{[]string{fmt.Sprint(os.Getpid())}, whenceForeign, []string{"process", "not from the image"}},
		{[]string{fmt.Sprintf("/proc/%d/root/dev/../%s", os.Getpid(), link)}, whenceFound, []string{"the files section"}},
		{[]string{odd}, whenceForeign, []string{`path ` + root + `/a\x1b\u{9b}\u{202e}`}},
		{[]string{"--wrong"}, whenceUsage, []string{"unknown flag --wrong", "Usage:"}},
		{nil, whenceUsage, []string{"Usage:"}},
		{[]string{"--help"}, whenceFound, []string{"Usage:"}},
	} {
		var out bytes.Buffer
		code := Run(append([]string{"--root", root}, c.args...), &out, &out)
		text := strings.Join(strings.Fields(out.String()), " ")
		for _, want := range c.want {
			if !strings.Contains(text, want) {
				t.Errorf("%q: no %q in\n%s", c.args, want, out.String())
			}
		}
		if code != c.code {
			t.Errorf("%q: exit code %d, want %d\n%s", c.args, code, c.code, out.String())
		}
	}
	var out bytes.Buffer
	if code := Run([]string{"--root", t.TempDir(), motd}, &out, &out); code != whenceFailed || !strings.Contains(out.String(), "no index") {
		t.Errorf("%d, %s", code, out.String())
	}
}
