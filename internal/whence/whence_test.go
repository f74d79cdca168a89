package whence

import (
	"bytes"
	"crypto/sha256"
	"strings"
	"testing"
)

// sample is a small index, with names that need care.
func sample() []byte {
	w := NewWriter("os", "amd64")
	w.Component(Component{ID: "init/000", Reference: "example/init:1", Manifest: "sha256:aa"}, []string{"sha256:l1"}, nil)
	w.File(File{Path: "init", Digest: sha256.Sum256([]byte("init")), Layer: 1})
	w.Component(Component{"services/web", "containers/services/web", "containers/services/web/lower", "example/web:1", "sha256:bb"},
		[]string{"sha256:l2", "sha256:l3"}, []Package{{"libc6", "2.36-9", "pkg:deb/debian/libc6@2.36-9"}, {"a\tb", `c\d`, "e\nf"}})
	w.File(File{Path: "usr/bin/web", Digest: sha256.Sum256([]byte("web")), Package: 1, Layer: 2})
	w.File(File{Path: "usr/bin/tab\tand\\n\nline", Digest: sha256.Sum256([]byte("odd")), Package: 2, Layer: 1})
	w.File(File{Path: "init", Digest: sha256.Sum256([]byte("init of web"))})
	return w.Bytes()
}

func TestFind(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]struct {
		component, content, pkg, layer string
		number                         int
	}{
		"init": {"init/000", "init", "", "sha256:l1", 1},
		"containers/services/web/lower/usr/bin/web":               {"services/web", "web", "libc6", "sha256:l3", 2},
		"containers/services/web/lower/usr/bin/tab\tand\\n\nline": {"services/web", "odd", "a\tb", "sha256:l2", 1},
		"containers/services/web/lower/init":                      {"services/web", "init of web", "", "", 0},
		"containers/services/web/lower/usr/bin":                   {},
		"usr/bin/web":                                             {},
		"containers/services/web/lower/usr/bin/web/more":          {},
		"": {},
	} {
		index, o, err := Find(bytes.NewReader(sample()), path)
		if err != nil || len(index.Components) != 2 || index.Name != "os" || index.Arch != "amd64" {
			t.Fatalf("%+v, %v", index, err)
		}
		if o == nil {
			if want.component != "" {
				t.Errorf("%q is not found", path)
			}
			continue
		}
		name := ""
		if o.Package != nil {
			name = o.Package.Name
		}
		if o.Component.ID != want.component || o.File.Digest != sha256.Sum256([]byte(want.content)) || name != want.pkg || o.Layer != want.layer || o.Number != want.number {
			t.Errorf("%q: %+v", path, o)
		}
	}
}

func TestOf(t *testing.T) {
	t.Parallel()
	index, _, err := Find(bytes.NewReader(sample()), "")
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"containers/services/web": "services/web", "containers/services/web/tmp/upper/a": "services/web",
		"containers/services/web2": "", "usr": "", "": ""} {
		got := ""
		if c := index.Of(path); c != nil {
			got = c.ID
		}
		if got != want {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
}

func TestDamaged(t *testing.T) {
	t.Parallel()
	const web = "containers/services/web/lower/usr/bin/web"
	good := string(sample())
	for name, text := range map[string]string{
		"empty":            "",
		"another file":     "hello\n",
		"another version":  strings.Replace(good, "whence\t1", "whence\t2", 1),
		"unknown line":     good + "hello\n",
		"missing field":    good + "package\tname\n",
		"wrong digest":     strings.Replace(good, "\t1\t2\tweb", "A\t1\t2\tweb", 1),
		"package too high": strings.Replace(good, "\t1\t2\tweb", "\t3\t2\tweb", 1),
		"negative layer":   strings.Replace(good, "\t1\t2\tweb", "\t1\t-2\tweb", 1),
		"long line":        good + strings.Repeat("a", maxLine) + "\n",
		"file first":       strings.SplitAfter(good, "\n")[0] + "=abc\t0\t0\tx\n",
	} {
		if _, o, err := Find(strings.NewReader(text), web); err == nil {
			t.Errorf("%s: %+v", name, o)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	want := Digest(sha256.Sum256([]byte("a")))
	if got, err := Parse(want.String()); got != want || err != nil {
		t.Errorf("%s, %v", got, err)
	}
	for _, s := range []string{"", "sha256:", want.String()[7:], want.String()[:70], want.String() + "0", "sha512:" + want.String()[7:]} {
		if d, err := Parse(s); err == nil {
			t.Errorf("%q: %s", s, d)
		}
	}
}

// FuzzFind: no index makes the reader panic.
func FuzzFind(f *testing.F) {
	f.Add(sample(), "init")
	f.Fuzz(func(t *testing.T, b []byte, path string) {
		if index, _, err := Find(bytes.NewReader(b), path); err == nil {
			_ = index.Of(path)
		}
	})
}
