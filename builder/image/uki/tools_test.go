package uki

import (
	"bytes"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func hexOf(b []byte) string { return hex.EncodeToString(b) }

// tool runs a program of another project, and skips the test without it.
func tool(t *testing.T, want int, pkg, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("skipped: %s is not installed; install Debian's %s", name, pkg)
	}
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != want {
		t.Errorf("%s %v: %v, want exit code %d\n%s", name, args, err, want, out)
	}
	return string(out)
}

// toolFiles are a signed and an unsigned image for both architectures, and the
// certificates of two keys.
type toolFiles struct {
	dir    string
	images map[string][]byte
}

func (f toolFiles) path(name string) string { return filepath.Join(f.dir, name) }

func newToolFiles(t *testing.T) toolFiles {
	t.Helper()
	a, b := testKeys()
	f := toolFiles{dir: t.TempDir(), images: map[string][]byte{}}
	for name, stub := range map[string][]byte{"x64": x64Stub(), "aa64": arm64Stub()} {
		machine := map[string]uint16{"x64": 0x8664, "aa64": 0xaa64}[name]
		f.images[name] = build(t, stub, sections(machine))
		f.images[name+".signed"] = sign(t, f.images[name], a)
	}
	changed := bytes.Clone(f.images["x64.signed"])
	cmdline, _ := read(t, changed).Section(".cmdline")
	changed[cmdline.Offset]++
	f.images["x64.changed"] = changed
	for name, data := range f.images {
		writeFile(t, f.path(name), data)
	}
	writeFile(t, f.path("a.crt"), pemOf("CERTIFICATE", a.Certificate().Raw))
	writeFile(t, f.path("b.crt"), pemOf("CERTIFICATE", b.Certificate().Raw))
	key := pemOf("RSA PRIVATE KEY", marshalKey(b))
	writeFile(t, f.path("b.key"), key)
	return f
}

func writeFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// sbverify accepts our signature, and no other.
func TestSbverify(t *testing.T) {
	t.Parallel()
	f := newToolFiles(t)
	for _, name := range []string{"x64", "aa64"} {
		out := tool(t, 0, "sbsigntool", "sbverify", "--cert", f.path("a.crt"), f.path(name+".signed"))
		if !strings.Contains(out, "Signature verification OK") || strings.Contains(out, "warning") {
			t.Error(out)
		}
	}
	tool(t, 1, "sbsigntool", "sbverify", "--cert", f.path("b.crt"), f.path("x64.signed"))
	tool(t, 1, "sbsigntool", "sbverify", "--cert", f.path("a.crt"), f.path("x64"))
	tool(t, 1, "sbsigntool", "sbverify", "--cert", f.path("a.crt"), f.path("x64.changed"))
}

// osslsigncode agrees about the digest, the checksum and the signature.
func TestOsslsigncode(t *testing.T) {
	t.Parallel()
	f := newToolFiles(t)
	for _, name := range []string{"x64", "aa64"} {
		out := tool(t, 0, "osslsigncode", "osslsigncode", "verify", "-CAfile", f.path("a.crt"), "-in", f.path(name+".signed"))
		if !strings.Contains(out, "Signature verification: ok") || !strings.Contains(out, "Number of verified signatures: 1") || strings.Contains(out, "MISMATCH") {
			t.Error(out)
		}
	}
	tool(t, 1, "osslsigncode", "osslsigncode", "verify", "-CAfile", f.path("b.crt"), "-in", f.path("x64.signed"))
	tool(t, 1, "osslsigncode", "osslsigncode", "verify", "-CAfile", f.path("a.crt"), "-in", f.path("x64.changed"))
}

// We accept what sbsign and osslsigncode sign, and sbsign replaces nothing that
// we need.
func TestOtherSigners(t *testing.T) {
	t.Parallel()
	f := newToolFiles(t)
	_, b := testKeys()
	tool(t, 0, "sbsigntool", "sbsign", "--key", f.path("b.key"), "--cert", f.path("b.crt"), "--output", f.path("sbsign"), f.path("x64"))
	tool(t, 0, "osslsigncode", "osslsigncode", "sign", "-h", "sha256", "-key", f.path("b.key"), "-certs", f.path("b.crt"), "-in", f.path("aa64"), "-out", f.path("ossl"))
	for _, name := range []string{"sbsign", "ossl"} {
		data, err := os.ReadFile(f.path(name))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := check(data, b.Certificate()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// objdump sees our sections.
func TestObjdump(t *testing.T) {
	t.Parallel()
	f := newToolFiles(t)
	out := tool(t, 0, "binutils", "objdump", "-h", f.path("x64.signed"))
	for _, name := range single {
		if !strings.Contains(out, " "+name+" ") {
			t.Errorf("no %s in\n%s", name, out)
		}
	}
}
