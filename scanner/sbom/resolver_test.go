package sbom

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/anchore/syft/syft/file"
	"github.com/bmatcuk/doublestar/v4"

	"github.com/seaworthy-os/seaworthy/builder/system"
	st "github.com/seaworthy-os/seaworthy/scanner/scantest"
)

func paths(locations []file.Location) []string {
	var out []string
	for _, l := range locations {
		out = append(out, l.RealPath+" as "+l.AccessPath)
	}
	slices.Sort(out)
	return out
}

func TestResolver(t *testing.T) {
	t.Parallel()
	r := collect(t, []st.Object{
		st.Dir("usr/lib/python3", 0o755), st.File("usr/lib/python3/METADATA", "Name: x\n"),
		st.Symlink("lib", "usr/lib"), st.Symlink("opt", "/lib/python3"),
		st.File("usr/bin/python3.11", "\x7fELF"), st.Symlink("usr/bin/python3", "python3.11"), st.Hardlink("usr/bin/py", "usr/bin/python3.11"),
		st.Symlink("usr/bin/python-outside", "../../../../../usr/bin/python3.12"),
		st.Symlink("usr/bin/python-loop", "python-loop"),
		st.Dir("usr/bin/python-dir", 0o755),
		st.Symlink("var", "data"), st.File("data/lib/dpkg/status", "Package: x\n"),
	}).Resolver()
	for _, c := range []struct {
		glob string
		want []string
	}{
		{"**/python*", []string{"/usr/bin/python3.11 as /usr/bin/python3"}},
		{"**/lib/dpkg/status", []string{"/data/lib/dpkg/status as /data/lib/dpkg/status"}},
		{"**/var/lib/dpkg/status", []string{"/data/lib/dpkg/status as /var/lib/dpkg/status"}},
		{"/var/lib/dpkg/*", []string{"/data/lib/dpkg/status as /var/lib/dpkg/status"}},
		{"/var/lib/dpkg/{status,available}", []string{"/data/lib/dpkg/status as /var/lib/dpkg/status"}},
		{"/var/lib/{dpkg,rpm}/s*", []string{"/data/lib/dpkg/status as /var/lib/dpkg/status"}},
		{"**/opt/METADATA", []string{"/usr/lib/python3/METADATA as /opt/METADATA"}},
		{"**/lib/**/METADATA", []string{"/usr/lib/python3/METADATA as /usr/lib/python3/METADATA"}},
		{"**/nothing/*", nil},
		{"**/*.md5sums", nil},
	} {
		got, err := r.FilesByGlob(c.glob)
		if err != nil || !slices.Equal(paths(got), c.want) {
			t.Errorf("FilesByGlob(%q) = %q, %v; want %q", c.glob, paths(got), err, c.want)
		}
	}
	if _, err := r.FilesByGlob("**/[x"); err == nil {
		t.Error("a malformed pattern is accepted")
	}
	got, err := r.FilesByPath("/opt/METADATA", "/usr/lib/python3/METADATA", "/usr/bin", "/usr/bin/python-loop", "usr/bin/py")
	if want := []string{"/usr/bin/py as /usr/bin/py", "/usr/lib/python3/METADATA as /opt/METADATA"}; err != nil || !slices.Equal(paths(got), want) {
		t.Errorf("FilesByPath = %q, %v; want %q", paths(got), err, want)
	}
	if got := r.RelativeFileByPath(file.Location{}, "/var/lib/dpkg/status"); got == nil || string(got.Reference().RealPath) != "/data/lib/dpkg/status" {
		t.Errorf("RelativeFileByPath = %v", got)
	}
	if !r.HasPath("/opt") || r.HasPath("/usr/bin/python-outside") {
		t.Error("HasPath")
	}
	rc, err := r.FileContentsByLocation(location("/data/lib/dpkg/status", "/var/lib/dpkg/status"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(rc)
	if err != nil || string(text) != "Package: x\n" {
		t.Errorf("content %q, %v", text, err)
	}
	if m, err := r.FileMetadataByLocation(location("/usr/bin/python3.11", "/x")); err != nil || m.Path != "/usr/bin/python3.11" || m.Size() != 4 || m.IsDir() {
		t.Errorf("metadata %+v, %v", m, err)
	}
	if m, err := r.FileMetadataByLocation(location("/usr", "/usr")); err != nil || !m.IsDir() {
		t.Errorf("metadata of an implied folder %+v, %v", m, err)
	}
	n := 0
	for range r.AllLocations(t.Context()) {
		n++
	}
	if n != r.tree.Len() {
		t.Errorf("%d locations of %d", n, r.tree.Len())
	}
}

// The build machine has an /etc/os-release, an /etc/passwd and usually
// packages. None of them may appear.
func TestNothingOfTheHost(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"/etc/os-release", "../../../../../../etc/os-release", "/usr/lib/os-release", "/proc/self/root/etc/os-release"} {
		inv := catalog(t, []st.Object{
			st.Dir("etc", 0o755), st.Symlink("etc/os-release", target), st.Symlink("usr", "/usr"), st.Symlink("var", "/../var"),
			st.Symlink("proc", "/proc"), st.Symlink("bin", "/bin"), st.Symlink("host", "/"),
		})
		if inv.Distro != nil || len(inv.Packages) != 0 {
			t.Errorf("link to %q: %+v, %d packages", target, inv.Distro, len(inv.Packages))
		}
	}
}

func TestBigFilesCostNothing(t *testing.T) {
	t.Parallel()
	const size = 512 << 20
	c := collect(t, []st.Object{
		{Entry: system.Entry{Path: "data/model.bin", Type: system.TypeFile, Size: size}, Content: st.Zeros{}},
		{Entry: system.Entry{Path: "data/status", Type: system.TypeFile, Size: size}, Content: st.Zeros{}}, // wanted by name, but too large
	})
	if len(c.store.blobs) != 0 || c.store.spill != nil {
		t.Errorf("kept %d contents", len(c.store.blobs))
	}
	if _, err := c.Resolver().FileContentsByLocation(location("/data/status", "")); err == nil {
		t.Error("a content that was not kept is read")
	}
}

func TestLargeContentsAreSpilled(t *testing.T) {
	t.Parallel()
	program := "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9) + "\x02\x00\x3e\x00" + strings.Repeat("x", 2*maxSmall)
	var objects []st.Object
	small := strings.Repeat("y", maxSmall)
	for i := range memoryBudget/maxSmall + 2 {
		objects = append(objects, st.File("d"+string(rune('A'+i))+"/METADATA", small))
	}
	c := collect(t, append(objects, st.File("bin/tool", program), st.File("usr/bin/text", strings.Repeat("z", 5000))))
	if c.store.used > memoryBudget || c.store.spill == nil || c.store.has("/usr/bin/text") {
		t.Errorf("%d bytes in memory, spill %v", c.store.used, c.store.spill)
	}
	for p, want := range map[string]string{"/bin/tool": program, "/dA/METADATA": small, objects[len(objects)-1].Path: small} {
		rc, err := c.Resolver().FileContentsByLocation(location("/"+strings.TrimPrefix(p, "/"), ""))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(rc); err != nil || string(got) != want {
			t.Errorf("%s: %d bytes of %d, %v", p, len(got), len(want), err)
		}
	}
	if got, err := c.Resolver().FilesByMIMEType("application/x-executable", "application/x-elf"); err != nil || len(got) != 1 {
		t.Errorf("programs: %v, %v", got, err)
	}
}

func FuzzGlob(f *testing.F) {
	for _, g := range []string{"**/a*", "/a/{b,c}/*.x", "**/{a,b{c,d}}/e", "/a/b", "**", "*", "[a-c]/*", `\a/b`, "**/a/**/b", "{", "}", "{a", "/a/b/*"} {
		f.Add(g)
	}
	all := []string{"a/b", "a/c.x", "a/b.x", "b/e", "bc/e", "a/x/y/b", "a/b.d/f.x"}
	var objects []st.Object
	for _, p := range all {
		objects = append(objects, st.File(p+"z", "1"))
		objects = append(objects, st.File(p+".f/g", "1"))
	}
	r := collect(f, objects).Resolver()
	f.Fuzz(func(t *testing.T, glob string) {
		if len(glob) > 200 {
			t.Skip()
		}
		got, err := r.FilesByGlob(glob)
		if err != nil {
			t.Skip()
		}
		var want []string
		for _, p := range r.names {
			ok, merr := doublestar.Match(glob, p)
			if merr != nil {
				t.Skip()
			}
			if ok {
				want = append(want, p+" as "+p)
			}
		}
		if glob != "" && strings.HasPrefix(glob, "/") && strings.Contains(glob, "..") || strings.Contains(glob, "//") || strings.Contains(glob, "./") {
			t.Skip() // a path with dots is looked up, and not only matched
		}
		if !slices.Equal(paths(got), want) {
			t.Fatalf("FilesByGlob(%q) = %q, matching one by one gives %q", glob, paths(got), want)
		}
	})
}
