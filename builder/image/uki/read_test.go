package uki

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
)

func TestRead(t *testing.T) {
	t.Parallel()
	b := build(t, x64Stub(), sections(0x8664))
	info := read(t, b)
	if info.Arch != "amd64" || info.Stub != "252.39-1~test" || info.OSRelease != "ID=test\n" || info.Cmdline != "console=ttyS0 quiet" ||
		info.Uname != "6.1.0-test" || info.SBAT != testSBAT || info.Signed {
		t.Errorf("%+v", info)
	}
	for name, want := range map[string][]byte{".linux": testKernel(0x8664, 5000), ".initrd": bytes.Repeat([]byte("initrd"), 777)} {
		s, ok := info.Section(name)
		if !ok || s.Digest != digests.Of(want) || s.Size != int64(len(want)) || !bytes.Equal(b[s.Offset:s.Offset+s.Size], want) {
			t.Errorf("%s is %+v", name, s)
		}
	}
	a, _ := testKeys()
	if !read(t, sign(t, b, a)).Signed {
		t.Error("a signed image is not called signed")
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	twice := makePE(0x8664, 16, row{".linux", 0x1000, "a"}, row{".cmdline", 0x2000, "good"}, row{".cmdline", 0x3000, "evil"})
	one := func(name, contents string) []byte {
		return makePE(0x8664, 16, row{".linux", 0x1000, "a"}, row{name, 0x2000, contents})
	}
	short := one(".initrd", "x")
	binary.LittleEndian.PutUint32(short[0x80+coffHeader+fullOptSize+sectionHeader+8:], 513)
	binary.LittleEndian.PutUint32(short[0x80+coffHeader+optImageSize:], 0x3000)
	for _, c := range []struct {
		data []byte
		text string
	}{
		{[]byte("MZ"), "not a PE file"},
		{x64Stub(), "no section .linux"},
		{twice, "two sections .cmdline"},
		{short, ".initrd has 513 bytes, but the file holds 512"},
		{one(".cmdline", strings.Repeat("a", maxText+1)), "65537 bytes of text"},
		{one(".osrel", "a\x00b"), ".osrel is not text"},
		{one(".uname", "\xff"), ".uname is not text"},
	} {
		_, err := Read(bytes.NewReader(c.data), int64(len(c.data)))
		wantError(t, err, system.ErrUnusable, c.text)
	}
	// The file is shorter than its owner says.
	b := build(t, x64Stub(), sections(0x8664))
	_, err := Read(bytes.NewReader(b[:len(b)-600]), int64(len(b)))
	wantError(t, err, system.ErrUnusable, "unexpected EOF")
}

// extend is the value of a register that was extended by these contents.
func extend(parts ...string) string {
	pcr := make([]byte, sha256.Size)
	for _, p := range parts {
		d := sha256.Sum256([]byte(p))
		next := sha256.Sum256(append(pcr, d[:]...))
		pcr = next[:]
	}
	return hex.EncodeToString(pcr)
}

func value(r Register, err error) (string, error) {
	v := r.Value()
	return hex.EncodeToString(v[:]), err
}

// The kernel measures the command line in UTF-16, and then the initrd.
func TestPCR9(t *testing.T) {
	t.Parallel()
	s := sections(0x8664)
	s.Cmdline = "quiet"
	info := read(t, build(t, x64Stub(), s))
	if pcr, err := value(info.PCR9()); err != nil || pcr != extend("q\x00u\x00i\x00e\x00t\x00\x00\x00", strings.Repeat("initrd", 777)) {
		t.Errorf("%s, %v", pcr, err)
	}
	for _, version := range []string{"", "6.0.9", "5.10.0-26-amd64", "x"} {
		info.Uname = version
		_, err := info.PCR9()
		wantError(t, err, system.ErrUnusable, "kernel version")
	}
	for _, version := range []string{"6.1", "6.10.3+", "7.0-rc1"} {
		info.Uname = version
		if _, err := info.PCR9(); err != nil {
			t.Errorf("%s: %v", version, err)
		}
	}
	info.Stub = "251"
	_, err := info.PCR9()
	wantError(t, err, system.ErrUnusable, `stub "251"`)
}

// The values are those of a machine that was started once; see TestBootEnforced.
func TestPCR4(t *testing.T) {
	t.Parallel()
	digest := sha256.Sum256([]byte("image"))
	if pcr, _ := value(PCR4(digest), nil); pcr != extend("Calling EFI Application from Boot Option", "\x00\x00\x00\x00", "image") {
		t.Error(pcr)
	}
}

// The register is extended by name and contents, in the stub's order, and by
// what its version measures.
func TestPCR11(t *testing.T) {
	t.Parallel()
	s := sections(0x8664)
	kernel := string(testKernel(0x8664, 5000))
	initrd := strings.Repeat("initrd", 777)
	info := read(t, build(t, x64Stub(), s))
	old := extend(".linux\x00", kernel, ".osrel\x00", "ID=test\n", ".cmdline\x00", "console=ttyS0 quiet", ".initrd\x00", initrd)
	if pcr, err := value(info.PCR11()); err != nil || pcr != old {
		t.Errorf("version 252: %s, %v", pcr, err)
	}
	info.Stub = "254.26-1"
	newer := extend(".linux\x00", kernel, ".osrel\x00", "ID=test\n", ".cmdline\x00", "console=ttyS0 quiet", ".initrd\x00", initrd,
		".uname\x00", "6.1.0-test", ".sbat\x00", testSBAT+"\x00")
	if pcr, err := value(info.PCR11()); err != nil || pcr != newer {
		t.Errorf("version 254: %s, %v", pcr, err)
	}
	info.Stub = "251"
	_, err := info.PCR11()
	wantError(t, err, system.ErrUnusable, `stub "251"`)
	info.Stub, info.Sections = "257", append(info.Sections, Section{Name: ".profile"})
	_, err = info.PCR11()
	wantError(t, err, system.ErrUnusable, "section .profile")
}

func TestMajor(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]int{"252.39-1~deb12u2": 252, "257~rc1": 257, "254": 254, "": 0, "v252": 0} {
		if got := major(version); got != want {
			t.Errorf("%q: %d", version, got)
		}
	}
}

// FuzzRead: no image makes the reader panic, or read outside of the file.
func FuzzRead(f *testing.F) {
	f.Add(build(f, x64Stub(), sections(0x8664)))
	f.Add(build(f, arm64Stub(), sections(0xaa64)))
	f.Add(x64Stub())
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bytes.NewReader(b)
		info, err := Read(r, int64(len(b)))
		if err == nil {
			for _, s := range info.Sections {
				if s.Size > 0 && digests.Of(b[s.Offset:s.Offset+s.Size]) != s.Digest {
					t.Errorf("%s has another digest", s.Name)
				}
			}
			_, _ = info.PCR9()
			_, _ = info.PCR11()
		}
		_, _ = CheckSignature(r, int64(len(b)), nil)
	})
}

// FuzzStub: a stub that is accepted gives an image that is accepted.
func FuzzStub(f *testing.F) {
	f.Add(x64Stub())
	f.Add(arm64Stub())
	f.Fuzz(func(t *testing.T, b []byte) {
		stub, err := ParseStub(b)
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := Build(&out, stub, sections(map[string]uint16{"amd64": 0x8664, "arm64": 0xaa64}[stub.Arch])); err != nil {
			return
		}
		p, err := parse(bytes.NewReader(out.Bytes()), int64(out.Len()))
		if err == nil {
			err = p.checkSignable()
		}
		if err != nil {
			t.Fatal(err)
		}
		read(t, out.Bytes())
	})
}
