package kbuild

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// What is read from a part of a configuration is what Kconfig gets.
func FuzzConfig(f *testing.F) {
	f.Add([]byte("# CONFIG_A is not set\nCONFIG_B=y\nCONFIG_C=\"x\"\nCONFIG_D=-1\n"))
	f.Add([]byte("CONFIG_A=m\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := join([]Config{{"base", data}}, Config{"policy", nil})
		if err != nil {
			return
		}
		again, err := join([]Config{{"base", p.text()}}, Config{"policy", nil})
		if err != nil || len(again.base) != len(p.base) {
			t.Fatalf("%q: %v", p.text(), err)
		}
		for i, l := range p.base {
			if again.base[i].option != l.option || again.base[i].value != l.value {
				t.Errorf("%+v is now %+v", l, again.base[i])
			}
		}
		if _, err := p.check(data); err != nil && len(p.base) > 0 && bytes.Equal(data, p.text()) && !bytes.Contains(data, []byte("=n\n")) {
			t.Errorf("%q does not keep itself: %v", data, err)
		}
	})
}

// No archive writes outside its folder.
func FuzzUntar(f *testing.F) {
	for _, name := range []string{"linux/main.c", "linux/../../x", "linux/a/b"} {
		var b bytes.Buffer
		tw := tar.NewWriter(&b)
		for _, h := range []*tar.Header{{Name: "linux/a", Typeflag: tar.TypeSymlink, Linkname: ".."}, {Name: name, Typeflag: tar.TypeReg, Size: 1, Mode: 0o755}} {
			if err := tw.WriteHeader(h); err != nil {
				f.Fatal(err)
			}
		}
		_, _ = tw.Write([]byte("x"))
		_ = tw.Close()
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		outer := t.TempDir()
		inner := filepath.Join(outer, "source")
		if err := os.Mkdir(inner, 0o755); err != nil {
			t.Fatal(err)
		}
		root, err := os.OpenRoot(inner)
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close()
		files, err := untar(root, bytes.NewReader(data), "x86")
		if left, _ := os.ReadDir(outer); len(left) != 1 {
			t.Fatalf("files outside the folder: %v", left)
		}
		for name, written := range files {
			if !written {
				continue
			}
			if _, e := os.Lstat(filepath.Join(inner, name)); e != nil && err == nil {
				t.Errorf("%q is listed, but missing", name)
			}
		}
	})
}
