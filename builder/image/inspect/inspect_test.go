package inspect_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/guest"
	"github.com/seaworthy-os/seaworthy/builder/image"
	"github.com/seaworthy-os/seaworthy/builder/image/inspect"
	"github.com/seaworthy-os/seaworthy/builder/image/inspect/text"
	"github.com/seaworthy-os/seaworthy/builder/image/uki"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/petest"
)

const version = "6.1.0-test (builder@example.test) #1 SMP"

// testKernel is an EFI program with the header of a bzImage.
func testKernel() []byte {
	b := petest.Program("amd64", 5000)
	copy(b[0x1fe:], "\x55\xaa")
	copy(b[0x202:], "HdrS")
	b[0x20e], b[0x20f] = 0, 1 // at 0x300
	b[0x236] = 1              // 64 bits
	copy(b[0x300:], version+"\x00")
	return b
}

var tree = []struct{ path, body string }{
	{"boot/", ""}, {"boot/cmdline", "console=ttyS0 quiet"}, {"boot/kernel", string(testKernel())},
	{"etc/", ""}, {"etc/os-release", "ID=test\nPRETTY_NAME=\"Test \x1b[31mOS\"\n"},
	{"init", guest.VerifiedRoot + "\n" + guest.RootKinds}, // an init that can boot every format
	{"lib/", ""}, {"lib/modules/", ""}, {"lib/modules/6.1.0-test/", ""},
	{"usr/", ""}, {"usr/share/", ""}, {"usr/share/sbom/", ""}, {"usr/share/sbom/a.spdx.json", "{}"},
}

// stubs is a folder with a program in place of systemd's stub.
func stubs(t testing.TB) image.Tools {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "linuxx64.efi.stub"), petest.Stub("amd64"), 0o600); err != nil {
		t.Fatal(err)
	}
	return image.Tools{Dirs: []string{dir}}
}

// build writes the tree in a format: file name -> content. It is nil if a tool is
// missing.
func build(t testing.TB, format string) map[string][]byte {
	t.Helper()
	tools := stubs(t)
	if _, err := image.Require([]string{format}, "amd64", tools, false); err != nil {
		return nil
	}
	dir := t.TempDir()
	s, err := image.New([]string{format}, image.Options{Dir: dir, Stem: "os", Time: time.Unix(0, 0), Arch: "amd64", Tools: tools})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range tree {
		e := system.Entry{Path: strings.TrimSuffix(f.path, "/"), Type: system.TypeFile, Mode: 0o644, Size: int64(len(f.body))}
		if strings.HasSuffix(f.path, "/") {
			e.Type, e.Mode = system.TypeDir, 0o755
		}
		w, err := s.Entry(&system.RootEntry{Entry: e})
		if err != nil {
			t.Fatal(err)
		}
		if w == nil {
			continue
		}
		if _, err := w.Write([]byte(f.body)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Kernel(image.Kernel{Zstd: true, Version: "6.1.0-test"}); err != nil {
		t.Fatal(err)
	}
	names, err := s.Close()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, n := range names {
		if out[n], err = os.ReadFile(filepath.Join(dir, n)); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func describe(t testing.TB, name string, content []byte) *inspect.Report {
	t.Helper()
	r, err := inspect.Describe(name, bytes.NewReader(content), int64(len(content)), inspect.Options{})
	if err != nil {
		t.Fatal(err)
	}
	checkSchema(t, r)
	return r
}

// all lists an item and what is inside.
func all(it *inspect.Item) []*inspect.Item {
	out := []*inspect.Item{it}
	for _, in := range it.Contents {
		out = append(out, all(in)...)
	}
	return out
}

// Whatever the format, the kernel, the command line, os-release and the SBOM are
// found, and nothing is damaged.
func TestOurFormats(t *testing.T) {
	t.Parallel()
	for _, format := range image.Formats() {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			files := build(t, format)
			if files == nil {
				t.Skip("a tool of this format is not installed")
			}
			found := map[string]bool{}
			for name, content := range files {
				if strings.HasSuffix(name, "-cmdline") {
					found["command line"] = true // a text, and not an image
					continue
				}
				r := describe(t, name, content)
				for _, it := range all(r.Item) {
					for _, p := range it.Problems {
						t.Errorf("%s: %s %s: problem: %s", name, it.Kind, it.Path, p)
					}
					found["kernel"] = found["kernel"] || it.Kernel != nil && it.Kernel.Version == version
					found["os-release"] = found["os-release"] || it.Root != nil && it.Root.OSRelease["ID"] == "test"
					found["modules"] = found["modules"] || it.Root != nil && slices.Contains(it.Root.Modules, "6.1.0-test")
					found["SBOM"] = found["SBOM"] || it.Root != nil && len(it.Root.SBOMs) == 1 && it.Root.SBOMs[0].Path == "usr/share/sbom/a.spdx.json"
					for _, c := range it.Cmdlines {
						found["command line"] = found["command line"] || strings.Contains(c.Text, "console=ttyS0 quiet")
					}
				}
				var out bytes.Buffer
				if err := text.Write(&out, r); err != nil || strings.Contains(out.String(), "\x1b") {
					t.Errorf("%v, or the text has control characters: %q", err, out.String())
				}
			}
			want := []string{"kernel", "command line", "os-release", "modules", "SBOM"}
			if format == "uki" {
				want = append(want, "kernel")
			}
			for _, what := range want {
				if !found[what] {
					t.Errorf("the %s is not found", what)
				}
			}
		})
	}
}

// The kinds from the outside to the kernel.
func TestKindsInside(t *testing.T) {
	t.Parallel()
	for format, want := range map[string]string{
		"tar":               "tar kernel",
		"docker":            "tar tar kernel",
		"tar-kernel-initrd": "tar initrd kernel",
		"uki":               "uki initrd kernel",
		"raw-efi":           "disk fat uki initrd kernel",
		"qcow2-efi":         "qcow2 disk fat uki initrd kernel",
		"iso-efi":           "iso fat uki initrd kernel",
		"gcp":               "compressed tar disk fat initrd kernel",
		"vmdk":              "vmdk disk fat initrd kernel",
		"dynamic-vhd":       "vhd disk fat initrd kernel",
		"iso-bios":          "iso initrd kernel",
	} {
		for name, content := range build(t, format) {
			var got []string
			for _, it := range all(describe(t, name, content).Item) {
				if it.Kind != "" {
					got = append(got, it.Kind)
				}
			}
			// The order of kernel and initrd differs.
			if i := slices.Index(got, "initrd"); i >= 0 {
				slices.Sort(got[len(got)-2:])
			}
			if s := strings.Join(got, " "); !strings.HasPrefix(s, want) && s != want {
				t.Errorf("%s: %s, want %s", format, s, want)
			}
		}
	}
}

func TestPartition(t *testing.T) {
	t.Parallel()
	r := describe(t, "x", build(t, "raw-efi")["os-efi.img"])
	if r.Table == nil || r.Table.Type != "gpt" || len(r.Contents) != 1 {
		t.Fatalf("%+v", r.Item)
	}
	p := r.Contents[0]
	if p.Partition.TypeName != "EFI system partition" || p.Partition.Name != "EFI system" || p.Partition.Start != 1<<20 || p.FileSystem.Type != "FAT32" || p.FileSystem.Label != "SEAWORTHY" {
		t.Errorf("%+v %+v", p.Partition, p.FileSystem)
	}
	if len(p.Files) != 1 || p.Files[0].Path != "EFI/BOOT/BOOTX64.EFI" {
		t.Errorf("%+v", p.Files)
	}
	uki := p.Contents[0]
	if uki.EFI.Stub != "252" || !strings.Contains(uki.EFI.SBAT, "stub,1,Test") || uki.EFI.Uname != "6.1.0-test" || len(uki.EFI.Signatures) != 0 {
		t.Errorf("%+v", uki.EFI)
	}
}

// A description without digests visits the same items.
func TestNoDigests(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"raw-efi", "iso-efi", "qcow2-efi"} {
		for name, content := range build(t, format) {
			read := func(o inspect.Options) (string, []string) {
				var visited []string
				o.Visit = func(it *inspect.Item, _ *io.SectionReader) { visited = append(visited, it.Kind+" "+it.Path) }
				r, err := inspect.Describe(name, bytes.NewReader(content), int64(len(content)), o)
				if err != nil {
					t.Fatal(err)
				}
				raw, err := json.Marshal(r)
				if err != nil {
					t.Fatal(err)
				}
				return string(raw), visited
			}
			with, want := read(inspect.Options{})
			without, got := read(inspect.Options{NoDigests: true})
			if !slices.Equal(got, want) || len(got) < 4 {
				t.Errorf("%s: %q, want %q", format, got, want)
			}
			if a, b := strings.Count(with, "sha256:"), strings.Count(without, "sha256:"); a < 5 || b != 1 { // that of an SBOM
				t.Errorf("%s: %d digests, and %d in %s", format, a, b, without)
			}
		}
	}
}

func TestNotUnderstood(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{"": "is empty", "hello, this is a text": "has 21 bytes and begins with 68656c6c6f"} {
		_, err := inspect.Describe("x", strings.NewReader(content), int64(len(content)), inspect.Options{})
		var e *system.Error
		if !errors.Is(err, system.ErrUnusable) || !errors.As(err, &e) || !strings.Contains(err.Error(), want) || e.Next == "" {
			t.Errorf("%q: %v", content, err)
		}
	}
}

// A truncated image is described as far as it goes, and what is damaged is said.
func TestTruncated(t *testing.T) {
	t.Parallel()
	for format, want := range map[string]string{
		"raw-efi": "the second partition table is missing or damaged", "qcow2-efi": "damaged", "iso-efi": "it is truncated",
		"uki": "the file is truncated", "tar": "the archive is damaged", "gcp": "can be decompressed",
	} {
		for name, content := range build(t, format) {
			cut := content[:len(content)/2]
			raw, err := json.Marshal(describe(t, name, cut))
			if err != nil || !strings.Contains(string(raw), want) {
				t.Errorf("%s: %v; there is no problem %q in %.900s", format, err, want, raw)
			}
		}
	}
}

// signer is a key with a certificate.
func signer(t *testing.T, name string) *uki.KeyPair {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0)}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := uki.NewKeyPair(key, cert)
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

// A signature is trusted only with the signer's own certificate, not with another
// one of the same name, and only if it is valid.
func TestTrusted(t *testing.T) {
	t.Parallel()
	a, other := signer(t, "CN a"), signer(t, "CN a")
	program := build(t, "uki")["os.efi"]
	var signed bytes.Buffer
	if err := uki.Sign(t.Context(), &signed, bytes.NewReader(program), int64(len(program)), a); err != nil {
		t.Fatal(err)
	}
	changed := bytes.Clone(signed.Bytes())
	changed[bytes.Index(changed, []byte("console="))] = 'C'
	for _, c := range []struct {
		content        []byte
		cert           *uki.KeyPair
		valid, trusted bool
		text           string
	}{
		{signed.Bytes(), a, true, true, "valid, by a certificate that you gave"},
		{signed.Bytes(), other, true, false, "but not by a certificate that you gave"},
		{changed, a, false, false, "not valid"},
	} {
		o := inspect.Options{Certificates: []*x509.Certificate{c.cert.Certificate()}}
		r, err := inspect.Describe("x", bytes.NewReader(c.content), int64(len(c.content)), o)
		if err != nil {
			t.Fatal(err)
		}
		checkSchema(t, r)
		s := r.EFI.Signatures
		if len(s) != 1 || s[0].Signer != "CN=CN a" || s[0].Valid != c.valid || s[0].Trusted != c.trusted {
			t.Errorf("%+v", s)
		}
		var out bytes.Buffer
		if err := text.Write(&out, r); err != nil || !strings.Contains(out.String(), c.text) {
			t.Errorf("%v, %s", err, out.String())
		}
	}
}
