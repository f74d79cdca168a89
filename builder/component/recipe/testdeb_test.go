package recipe

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"debug/elf"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// tarEntry is a file unless typ says otherwise.
type tarEntry struct {
	name, content, link string
	typ                 byte
	mode                int64
}

func tarOf(t testing.TB, entries ...tarEntry) []byte {
	t.Helper()
	var b bytes.Buffer
	tw := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Typeflag: e.typ, Linkname: e.link, Mode: e.mode, Size: int64(len(e.content))}
		if h.Typeflag == 0 {
			h.Typeflag = tar.TypeReg
		}
		if h.Mode == 0 {
			h.Mode = 0o644
		}
		if err := tw.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(tw, e.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func compress(t testing.TB, suffix string, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch suffix {
	case "":
		return data
	case ".gz":
		w = gzip.NewWriter(&b)
	case ".xz":
		w, err = xz.NewWriter(&b)
	case ".zst":
		w, err = zstd.NewWriter(&b)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func arOf(members ...any) []byte {
	b := bytes.NewBufferString("!<arch>\n")
	for i := 0; i < len(members); i += 2 {
		data := members[i+1].([]byte)
		fmt.Fprintf(b, "%-16s%-12d%-6d%-6d%-8s%-10d`\n", members[i], 0, 0, 0, "100644", len(data))
		b.Write(data)
		if len(data)%2 == 1 {
			b.WriteByte('\n')
		}
	}
	return b.Bytes()
}

func debOf(t testing.TB, suffix string, entries ...tarEntry) []byte {
	t.Helper()
	return arOf("debian-binary", []byte("2.0\n"), "control.tar.gz", []byte("x"),
		"data.tar"+suffix, compress(t, suffix, tarOf(t, entries...)))
}

// archive is a package source with the packages of a test.
type archive struct {
	dir      string
	packages map[string]*debPackage
	sum      string // of the lists
}

func newArchive(t testing.TB) *archive {
	return &archive{dir: t.TempDir(), packages: map[string]*debPackage{}}
}

// add makes a package; depends is its Depends field.
func (a *archive) add(t testing.TB, name, version, depends string, entries ...tarEntry) *debPackage {
	t.Helper()
	data := debOf(t, ".xz", entries...)
	sum := sha256.Sum256(data)
	p := &debPackage{file: filepath.Join(a.dir, name+".deb"), index: stanza{"Package": name, "Version": version,
		"Architecture": "amd64", "Depends": depends, "Maintainer": "Nobody <nobody@example.com>", "Description": "a test"}}
	p.Package = Package{Name: name, Version: version, Architecture: "amd64", Size: int64(len(data)), SHA256: hex.EncodeToString(sum[:])}
	if err := os.WriteFile(p.file, data, 0o644); err != nil {
		t.Fatal(err)
	}
	a.packages[name] = p
	return p
}

func (a *archive) open(context.Context, *Recipe, func(string)) (packageSource, func(), error) {
	return a, func() {}, nil
}

func (a *archive) lists() string { return a.sum }

func (a *archive) resolve(_ context.Context, wants []string, depends bool) ([]*debPackage, error) {
	var stanzas []stanza
	for _, name := range sortedKeys(a.packages) {
		p := a.packages[name]
		s := stanza{"Size": fmt.Sprint(p.Size), "SHA256": p.SHA256}
		for k, v := range p.index {
			s[k] = v
		}
		stanzas = append(stanzas, s)
		if depends && name != osRelease {
			wants = append(wants, name)
		}
	}
	return match(wants, stanzas)
}

func (a *archive) fetch(_ context.Context, packages []*debPackage) error {
	for _, p := range packages {
		p.file = filepath.Join(a.dir, p.Name+".deb")
	}
	return nil
}

// elfFile makes an ELF file with .modinfo, or with an interpreter and needed
// libraries. "RUNPATH=FOLDERS" among these names the folders of its own libraries.
func elfFile(typ elf.Type, modinfo []string, interp string, needed ...string) string {
	type section struct {
		name string
		typ  elf.SectionType
		link uint32
		data []byte
	}
	sections := []section{{}}
	if modinfo != nil {
		sections = append(sections, section{".modinfo", elf.SHT_PROGBITS, 0, []byte(strings.Join(modinfo, "\x00") + "\x00")})
	}
	if len(needed) > 0 {
		str, dyn := []byte{0}, []byte{}
		for _, n := range needed {
			tag := elf.DT_NEEDED
			if folders, ok := strings.CutPrefix(n, "RUNPATH="); ok {
				tag, n = elf.DT_RUNPATH, folders
			}
			dyn = binary.LittleEndian.AppendUint64(dyn, uint64(tag))
			dyn = binary.LittleEndian.AppendUint64(dyn, uint64(len(str)))
			str = append(append(str, n...), 0)
		}
		dyn = append(dyn, make([]byte, 16)...)
		sections = append(sections, section{".dynstr", elf.SHT_STRTAB, 0, str})
		sections = append(sections, section{".dynamic", elf.SHT_DYNAMIC, uint32(len(sections) - 1), dyn})
	}
	names := []byte{0}
	offsets := make([]uint32, len(sections)+1)
	for i, s := range append(sections[1:len(sections):len(sections)], section{name: ".shstrtab"}) {
		offsets[i+1] = uint32(len(names))
		names = append(append(names, s.name...), 0)
	}
	sections = append(sections, section{".shstrtab", elf.SHT_STRTAB, 0, names})

	body := make([]byte, 64+56)
	var prog elf.Prog64
	if interp != "" {
		prog = elf.Prog64{Type: uint32(elf.PT_INTERP), Off: uint64(len(body)), Filesz: uint64(len(interp) + 1)}
		body = append(append(body, interp...), 0)
	}
	var heads bytes.Buffer
	for i, s := range sections {
		_ = binary.Write(&heads, binary.LittleEndian, elf.Section64{Name: offsets[i], Type: uint32(s.typ), Link: s.link,
			Off: uint64(len(body)), Size: uint64(len(s.data))})
		body = append(body, s.data...)
	}
	var head bytes.Buffer
	h := elf.Header64{Type: uint16(typ), Machine: uint16(elf.EM_X86_64), Version: 1, Ehsize: 64, Phoff: 64, Phentsize: 56, Phnum: 1,
		Shoff: uint64(len(body)), Shentsize: 64, Shnum: uint16(len(sections)), Shstrndx: uint16(len(sections) - 1)}
	copy(h.Ident[:], elf.ELFMAG)
	h.Ident[elf.EI_CLASS], h.Ident[elf.EI_DATA], h.Ident[elf.EI_VERSION] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), 1
	_ = binary.Write(&head, binary.LittleEndian, h)
	_ = binary.Write(&head, binary.LittleEndian, prog)
	copy(body, head.Bytes())
	return string(append(body, heads.Bytes()...))
}
