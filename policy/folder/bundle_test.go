package folder

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/policytest"
)

// tarEntry is one entry of a hostile archive.
type tarEntry struct {
	tar.Header
	content string
}

func archive(t *testing.T, entries ...tarEntry) []byte {
	t.Helper()
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	w := tar.NewWriter(zip)
	for _, e := range entries {
		h := e.Header
		h.Mode, h.Size = 0o644, int64(len(e.content))
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(e.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// sparse returns an archive whose files contain only holes, 2 MiB each.
func sparse(t *testing.T, count int) []byte {
	t.Helper()
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	add := func(name string, kind byte, content string) {
		h := make([]byte, 512)
		for at, s := range map[int]string{0: name, 100: "0000644", 108: "0000000", 116: "0000000", 124: fmt.Sprintf("%011o", len(content)), 136: "00000000000", 148: "        ", 257: "ustar\x0000"} {
			copy(h[at:], s)
		}
		h[156] = kind
		sum := 0
		for _, b := range h {
			sum += int(b)
		}
		copy(h[148:], fmt.Sprintf("%06o\x00 ", sum))
		_, err := zip.Write(slices.Concat(h, []byte(content), make([]byte, -len(content)&511)))
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range count {
		name := fmt.Sprintf("a%03d.rego", i)
		add("pax", 'x', "22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n"+"29 GNU.sparse.name="+name+"\n"+"31 GNU.sparse.realsize=2097152\n")
		add(name, '0', "0\n"+strings.Repeat("\x00", 510)) // a map of no pieces
	}
	if _, err := zip.Write(make([]byte, 1024)); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestHostileBundles(t *testing.T) {
	reg := func(name, content string) tarEntry {
		return tarEntry{tar.Header{Typeflag: tar.TypeReg, Name: name}, content}
	}
	good := archive(t, reg("a.rego", "package a\n"))
	var many []tarEntry
	for range GuestLimits.entries + 1 {
		many = append(many, tarEntry{Header: tar.Header{Typeflag: tar.TypeDir, Name: "d"}})
	}
	for name, c := range map[string]struct {
		raw  []byte
		word string
	}{
		"nothing":          {nil, "not gzip"},
		"no gzip":          {[]byte("package a"), "not gzip"},
		"not a tar":        {gzipped(t, strings.Repeat("x", 2000)), "not a tar"},
		"truncated":        {good[:len(good)-20], ""},
		"flipped":          {slices.Concat(good[:len(good)-5], []byte{1, 2, 3, 4, 5}), ""},
		"upward":           {archive(t, reg("../a.rego", "x")), "leaves the bundle"},
		"upward within":    {archive(t, reg("a/../../b.rego", "x")), "leaves the bundle"},
		"upward folder":    {archive(t, tarEntry{Header: tar.Header{Typeflag: tar.TypeDir, Name: "../up"}}), "leaves the bundle"},
		"two slashes":      {archive(t, reg("//etc/a.rego", "x")), "leaves the bundle"},
		"backslash":        {archive(t, reg(`a\b.rego`, "x")), "not a valid path"},
		"control sequence": {archive(t, reg("a\x1b[2J.rego", "x")), "not a valid path"},
		"right to left":    {archive(t, reg("a\u202eoger.rego", "x")), "not a valid path"},
		"not UTF-8":        {archive(t, reg("a\xff.rego", "x")), "not a valid path"},
		"empty name":       {archive(t, reg("", "x")), "not a valid path"},
		"symbolic link":    {archive(t, tarEntry{Header: tar.Header{Typeflag: tar.TypeSymlink, Name: "a.rego", Linkname: "/etc/shadow"}}), "not a regular file"},
		"hard link":        {archive(t, tarEntry{Header: tar.Header{Typeflag: tar.TypeLink, Name: "a.rego", Linkname: "b.rego"}}), "not a regular file"},
		"device":           {archive(t, tarEntry{Header: tar.Header{Typeflag: tar.TypeChar, Name: "a.rego"}}), "not a regular file"},
		"duplicate":        {archive(t, reg("a.rego", "x"), reg("a.rego", "y")), "duplicate path"},
		"twice, otherwise": {archive(t, reg("a.rego", "x"), reg("./a.rego", "y")), "duplicate path"},
		"large file":       {archive(t, reg("a.rego", strings.Repeat("x", GuestLimits.fileBytes+1))), "larger"},
		"bomb":             {archive(t, reg("a.txt", strings.Repeat("\x00", maxInflated+1))), "after decompression"},
		"bomb that is read": {archive(t, reg("a.rego", "x"), reg("b.txt", strings.Repeat("\x00", maxInflated/2)), reg("c.txt", strings.Repeat("\x00", maxInflated/2))),
			"after decompression"},
		"holes":            {sparse(t, 100), "have more than 8 MiB"},
		"entries":          {archive(t, many...), "entries"},
		"two streams":      {slices.Concat(good, good), "more data after"},
		"data after files": {slices.Concat(good, []byte("x")), "more data after"},
		"large":            {make([]byte, MaxBundle+1), "more than"},
	} {
		t.Run(name, func(t *testing.T) {
			files, err := ReadBundle(c.raw)
			if err == nil {
				t.Fatalf("read %v", slices.Sorted(maps.Keys(files)))
			}
			policytest.WantError(t, err, system.ErrUnusable, c.word)
		})
	}
}

func gzipped(t *testing.T, s string) []byte {
	t.Helper()
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	if _, err := zip.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func FuzzReadBundle(f *testing.F) {
	good, err := (&Tree{Modules: []File{{Path: "a.rego", Content: []byte("package a\n")}}}).Bundle()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte{0x1f, 0x8b})
	f.Fuzz(func(t *testing.T, raw []byte) {
		files, err := ReadBundle(raw)
		if err == nil {
			if _, err := FromFiles(files, "x/", GuestLimits); err != nil {
				policytest.WantError(t, err, system.ErrInput)
			}
		}
	})
}
