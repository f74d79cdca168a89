package uki

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

const testSBAT = "sbat,1,SBAT Version,sbat,1,https://example.test/SBAT.md\nstub,1,Test,stub,1,https://example.test\n"

// row is a section of a test stub; its contents fill it to 512 bytes.
type row struct {
	name     string
	address  uint32
	contents string
}

// makePE makes a PE file as compilers do: the sections, then a symbol table.
func makePE(machine uint16, dirs int, rows ...row) []byte {
	const peAt, headers = 0x80, 0x400
	b := make([]byte, headers)
	u16 := func(at, v int) { binary.LittleEndian.PutUint16(b[at:], uint16(v)) }
	u32 := func(at, v int) { binary.LittleEndian.PutUint32(b[at:], uint32(v)) }
	copy(b, "MZ")
	u32(dosPEOffset, peAt)
	copy(b[peAt:], "PE\x00\x00")
	u16(peAt+coffMachine, int(machine))
	u16(peAt+coffSections, len(rows))
	u32(peAt+coffTime, 1700000000)
	u16(peAt+coffOptSize, optDirs+dirs*dirSize)
	opt := peAt + coffHeader
	u16(opt+optMagic, magicPE32Plus)
	u32(opt+optAlignment, 512)
	u32(opt+optFileAlign, 512)
	u32(opt+optHeaderSize, headers)
	u32(opt+optNumDirs, dirs)
	u32(opt+optChecksum, 12345)
	end := 0
	for i, r := range rows {
		s := section{name: r.name, virtualSize: uint32(len(r.contents)), address: r.address, rawOffset: uint32(len(b)), characteristics: flagData | flagRead}
		raw := make([]byte, align(int64(len(r.contents)), 512))
		copy(raw, r.contents)
		s.rawSize = uint32(len(raw))
		s.put(b[opt+optDirs+dirs*dirSize+i*sectionHeader:])
		b = append(b, raw...)
		end = int(s.address) + len(r.contents)
	}
	u32(opt+optImageSize, end)
	u32(peAt+coffSymbols, len(b))
	u32(peAt+coffNumSyms, 1)
	return append(b, "symbols and their names"...)
}

const testInfo = "#### LoaderInfo: systemd-stub 252.39-1~test ####"

// x64Stub is like Debian's for amd64: 16 data directories, and a .sbat that has
// no room to grow.
func x64Stub() []byte {
	return makePE(0x8664, 16, row{".text", 0x1000, strings.Repeat("code", 300)}, row{".sbat", 0x3000, testSBAT + "\x00"}, row{".sdmagic", 0x3100, testInfo})
}

// arm64Stub is like Debian's for arm64: 6 data directories, and what it says of
// itself lies behind the sections.
func arm64Stub() []byte {
	b := makePE(0xaa64, 6, row{".text", 0x1000, strings.Repeat("code", 300)}, row{".data", 0x2000, "more data"})
	return append(b, "\x00"+testSBAT+"\x00"+testInfo...)
}

// testKernel is a kernel with an EFI stub, of about n bytes.
func testKernel(machine uint16, n int) []byte {
	return makePE(machine, 6, row{".text", 0x1000, strings.Repeat("kernel", n/6)})
}

func content(b []byte) *Content { return &Content{bytes.NewReader(b), int64(len(b))} }

func mustStub(t testing.TB, data []byte) *Stub {
	t.Helper()
	s, err := ParseStub(data)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// sections are those of a small system.
func sections(machine uint16) Sections {
	return Sections{OSRelease: "ID=test\n", Cmdline: "console=ttyS0 quiet", Uname: "6.1.0-test",
		Kernel: content(testKernel(machine, 5000)), Initrd: content(bytes.Repeat([]byte("initrd"), 777))}
}

func build(t testing.TB, stub []byte, s Sections) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := Build(&out, mustStub(t, stub), s); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func read(t testing.TB, b []byte) *Info {
	t.Helper()
	info, err := Read(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func sign(t testing.TB, b []byte, s Signer) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := Sign(t.Context(), &out, bytes.NewReader(b), int64(len(b)), s); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// testKeys makes two keys once; they take a while.
var testKeys = sync.OnceValues(func() (a, b *KeyPair) {
	return newKeyPair("CN a"), newKeyPair("CN b")
})

func newKeyPair(name string) *KeyPair {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	k, err := NewKeyPair(key, selfSigned(name, key.Public(), key))
	if err != nil {
		panic(err)
	}
	return k
}

func selfSigned(name string, public, key any) *x509.Certificate {
	t := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<32, 0)}
	der, err := x509.CreateCertificate(rand.Reader, t, t, public, key)
	if err != nil {
		panic(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return c
}

// debianStub is the stub of an installed systemd-boot-efi. SEAWORTHY_STUBS names
// another folder, which can also have the one for another architecture.
func debianStub(t *testing.T, name string) []byte {
	t.Helper()
	for _, dir := range []string{os.Getenv("SEAWORTHY_STUBS"), "/usr/lib/systemd/boot/efi"} {
		if b, err := os.ReadFile(filepath.Join(dir, name)); err == nil && dir != "" {
			return b
		}
	}
	t.Skipf("skipped: no %s; install Debian's systemd-boot-efi", name)
	return nil
}

// wantError requires an error of a kind, with a text in it and a next step.
func wantError(t *testing.T, err, kind error, text string) {
	t.Helper()
	if !errors.Is(err, kind) || !strings.Contains(err.Error(), text) {
		t.Errorf("error %v, want one with %q", err, text)
	}
	var e *system.Error
	if errors.As(err, &e) && e.Next == "" {
		t.Errorf("error %v has no next step", err)
	}
}

func marshalKey(k *KeyPair) []byte { return x509.MarshalPKCS1PrivateKey(k.key) }
