package recipe

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

func TestReadDeb(t *testing.T) {
	t.Parallel()
	for _, suffix := range []string{"", ".gz", ".xz", ".zst"} {
		deb := debOf(t, suffix, tarEntry{name: "./", typ: tar.TypeDir, mode: 0o755}, tarEntry{name: "./usr/", typ: tar.TypeDir, mode: 0o755},
			tarEntry{name: "./usr/a", content: "hello", mode: 0o755}, tarEntry{name: "./usr/b", typ: tar.TypeSymlink, link: "../etc/x"},
			tarEntry{name: "./usr/c", typ: tar.TypeLink, link: "./usr/a"})
		var got []string
		err := readDeb(bytes.NewReader(deb), func(e *debEntry, r io.Reader) error {
			content, err := io.ReadAll(r)
			got = append(got, strings.Join([]string{e.Type.String(), e.Path, e.Link, string(content)}, " "))
			return err
		})
		want := "dir usr  |file usr/a  hello|symlink usr/b ../etc/x |hardlink usr/c usr/a "
		if err != nil || strings.Join(got, "|") != want {
			t.Errorf("data.tar%s: %q, %v", suffix, got, err)
		}
	}
}

func TestReadDebErrors(t *testing.T) {
	t.Parallel()
	fine := []byte("2.0\n")
	for name, c := range map[string]struct {
		deb  []byte
		want string
	}{
		"leaves upward":     {debOf(t, "", tarEntry{name: "./../../etc/passwd"}), "would leave the image"},
		"leaves inside":     {debOf(t, "", tarEntry{name: "usr/../../x"}), "would leave the image"},
		"absolute":          {debOf(t, "", tarEntry{name: "/etc/passwd"}), "would leave the image"},
		"device":            {debOf(t, "", tarEntry{name: "./dev/mem", typ: tar.TypeChar}), "device"},
		"block device":      {debOf(t, "", tarEntry{name: "./dev/sda", typ: tar.TypeBlock}), "device"},
		"fifo":              {debOf(t, "", tarEntry{name: "./run/p", typ: tar.TypeFifo}), "device or another type"},
		"hard link outward": {debOf(t, "", tarEntry{name: "./a", typ: tar.TypeLink, link: "../../etc/shadow"}), "hard link"},
		"root is a link":    {debOf(t, "", tarEntry{name: ".", typ: tar.TypeSymlink, link: "/"}), "the root"},
		"no ar":             {[]byte("PK\x03\x04 not an ar"), "signature"},
		"empty":             {nil, "signature"},
		"format 3":          {arOf("debian-binary", []byte("3.0\n"), "data.tar", []byte("x")), "format 2"},
		"other first":       {arOf("data.tar", []byte("x")), "format 2"},
		"no data":           {arOf("debian-binary", fine), "the member data.tar is missing"},
		"unknown packing":   {arOf("debian-binary", fine, "data.tar.rar", []byte("x")), "compression"},
		"broken xz":         {arOf("debian-binary", fine, "data.tar.xz", []byte("garbage!")), "data.tar.xz"},
		"cut":               {debOf(t, ".gz", tarEntry{name: "./a", content: strings.Repeat("a", 9000)})[:200], "data.tar.gz"},
	} {
		err := readDeb(bytes.NewReader(c.deb), func(_ *debEntry, r io.Reader) error {
			_, err := io.Copy(io.Discard, r)
			return err
		})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestChangedPackageIsMismatch(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	p := a.add(t, "tool", "1", "", tarEntry{name: "./usr/bin/tool", content: "good"})
	a.add(t, osRelease, "12", "", tarEntry{name: "./usr/lib/os-release", content: "ID=debian\n"})
	evil := debOf(t, ".xz", tarEntry{name: "./usr/bin/tool", content: "evil"})
	if err := os.WriteFile(p.file, evil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := tryBuild(t, a, t.TempDir(), "name: x\nversion: \"1\"\ndebian: {packages: [tool]}\n")
	sum := sha256.Sum256(evil)
	if !errors.Is(err, system.ErrMismatch) || !strings.Contains(err.Error(), hex.EncodeToString(sum[:])) || !strings.Contains(err.Error(), "tool 1") {
		t.Errorf("%v", err)
	}
}

func TestStanzas(t *testing.T) {
	t.Parallel()
	got, err := readStanzas(strings.NewReader("# c\nPackage: a\nDepends: b (>= 1) | c, d:any\nDescription: one\n two\n\n\nPackage: b\n"))
	if err != nil || len(got) != 2 || got[0]["Description"] != "one\n two" || got[1]["Package"] != "b" {
		t.Fatalf("%v %v", got, err)
	}
	rel := relations(got[0]["Depends"])
	if len(rel) != 2 || strings.Join(rel[0], ",") != "b,c" || rel[1][0] != "d" {
		t.Errorf("%v", rel)
	}
	for _, bad := range []string{" first\n", "no field\n", "A: 1\nA: 2\n", "a b: c\n"} {
		if _, err := readStanzas(strings.NewReader(bad)); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func TestIndexed(t *testing.T) {
	t.Parallel()
	good := stanza{"Package": "a1", "Version": "1:2~3", "Architecture": "amd64", "Size": "5", "SHA256": strings.Repeat("0f", 32)}
	if _, err := indexed(good); err != nil {
		t.Fatal(err)
	}
	for field, bad := range map[string]string{"Package": "../../a", "Version": "1/2", "Architecture": "a/b", "Size": "-1", "SHA256": "00"} {
		s := stanza{}
		for k, v := range good {
			s[k] = v
		}
		s[field] = bad
		if _, err := indexed(s); !errors.Is(err, system.ErrUnusable) {
			t.Errorf("%s %q: %v", field, bad, err)
		}
	}
}

func FuzzReadDeb(f *testing.F) {
	f.Add(debOf(f, ".gz", tarEntry{name: "./a", content: "b"}))
	f.Add(debOf(f, ".xz", tarEntry{name: "./a", content: "b"}))
	f.Add(debOf(f, ".zst", tarEntry{name: "./../a", content: "b"}))
	f.Add(arOf("debian-binary", []byte("2.0\n"), "data.tar", tarOf(f, tarEntry{name: "x", typ: tar.TypeChar})))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		_ = readDeb(bytes.NewReader(data), func(e *debEntry, r io.Reader) error {
			if !cleanPath(e.Path) || filepath.IsAbs(e.Path) {
				t.Fatalf("path %q", e.Path)
			}
			_, err := io.CopyN(io.Discard, r, 1<<20)
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return err
		})
	})
}

func FuzzStanzas(f *testing.F) {
	f.Add("Package: a\nDepends: b | c (= 1)\n x\n\n")
	f.Fuzz(func(t *testing.T, s string) {
		stanzas, err := readStanzas(strings.NewReader(s))
		if err != nil {
			return
		}
		for _, st := range stanzas {
			for _, v := range st {
				relations(v)
			}
			if p, err := indexed(st); err == nil && strings.ContainsAny(p.Name+p.Version+p.Architecture, "/\n ") {
				t.Fatalf("%+v", p)
			}
		}
	})
}
