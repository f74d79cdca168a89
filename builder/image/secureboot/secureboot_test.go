package secureboot

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/image/uki"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

var (
	testTime  = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	testOwner = mustGUID("01234567-89ab-cdef-0123-456789abcdef")
)

var testKeys = sync.OnceValue(func() *Keys { return generateKeys("Test") })

func generateKeys(name string) *Keys {
	k, err := GenerateKeys(KeyOptions{Name: name, NotBefore: testTime, NotAfter: testTime.AddDate(20, 0, 0)})
	if err != nil {
		panic(err)
	}
	return k
}

// enrolment is of one key of each kind.
func enrolment(k *Keys) Enrolment {
	return Enrolment{Owner: testOwner, PK: k.PK.Certificate(), KEK: []*x509.Certificate{k.KEK.Certificate()}, DB: []*x509.Certificate{k.DB.Certificate()}}
}

func variables(t *testing.T, e Enrolment) map[string]Variable {
	t.Helper()
	vars, err := e.Variables()
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]Variable{}
	for _, v := range vars {
		m[v.Name] = v
	}
	return m
}

func TestGUID(t *testing.T) {
	t.Parallel()
	const s = "8be4df61-93ca-11d2-aa0d-00e098032b8c"
	g, err := ParseGUID(s)
	if err != nil || g.String() != s || g[0] != 0x61 || g[8] != 0xaa {
		t.Errorf("%v %x %v", g, g[:], err)
	}
	for _, bad := range []string{"", s[1:], strings.ReplaceAll(s, "-", ""), strings.ReplaceAll(s, "-", "_"), "x" + s[1:], s + "00"} {
		if _, err := ParseGUID(bad); !errors.Is(err, system.ErrInput) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestGenerateKeys(t *testing.T) {
	t.Parallel()
	k := testKeys()
	for name, pair := range map[string]*uki.KeyPair{"PK": k.PK, "KEK": k.KEK, "db": k.DB} {
		c := pair.Certificate()
		if c.Subject.CommonName != "Test "+name || !c.NotBefore.Equal(testTime) || !c.NotAfter.Equal(testTime.AddDate(20, 0, 0)) {
			t.Errorf("%s: %v from %v to %v", name, c.Subject, c.NotBefore, c.NotAfter)
		}
		if err := c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		key, cert, err := pair.PEM()
		if err != nil {
			t.Fatal(err)
		}
		if again, err := uki.ParseKeyPair(key, cert); err != nil || !again.Certificate().Equal(c) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, o := range []KeyOptions{{}, {Name: "a"}, {Name: "a", NotBefore: testTime, NotAfter: testTime}, {Name: strings.Repeat("a", 61), NotAfter: testTime}} {
		if _, err := GenerateKeys(o); !errors.Is(err, system.ErrInput) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

func TestEnrolmentNeedsAllKeys(t *testing.T) {
	t.Parallel()
	e := enrolment(testKeys())
	for _, change := range []func(*Enrolment){func(e *Enrolment) { e.PK = nil }, func(e *Enrolment) { e.KEK = nil }, func(e *Enrolment) { e.DB = nil }} {
		less := e
		change(&less)
		if _, err := less.Variables(); !errors.Is(err, system.ErrInput) {
			t.Errorf("%v", err)
		}
	}
	if _, dbx := variables(t, e)["dbx"]; dbx {
		t.Error("there is a dbx, and nothing is revoked")
	}
}

// tool runs a program of another project, and skips the test without it.
func tool(t *testing.T, pkg, name string, args ...string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("skipped: %s is not installed; install Debian's %s", name, pkg)
	}
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "TZ=UTC", "LC_ALL=C")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

// efitools makes the same lists, and the same signed changes.
func TestEfitools(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	compare := func(name string, ours []byte) {
		t.Helper()
		theirs, err := os.ReadFile(path(name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(ours, theirs) {
			t.Errorf("%s: %d bytes, theirs has %d", name, len(ours), len(theirs))
		}
	}
	k := testKeys()
	for name, pair := range map[string]*uki.KeyPair{"PK": k.PK, "KEK": k.KEK, "db": k.DB} {
		key, cert, err := pair.PEM()
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, path(name+".key"), key)
		writeFile(t, path(name+".crt"), cert)
	}
	e := enrolment(k)
	e.RevokedCertificates = []*x509.Certificate{k.DB.Certificate()}
	vars := variables(t, e)
	for _, c := range []struct {
		name, cert, by string
		signer         *uki.KeyPair
		add            bool
	}{{"PK", "PK", "PK", k.PK, false}, {"KEK", "KEK", "PK", k.PK, false}, {"db", "db", "KEK", k.KEK, false}, {"dbx", "db", "KEK", k.KEK, true}} {
		tool(t, "efitools", "cert-to-efi-sig-list", "-g", testOwner.String(), path(c.cert+".crt"), path(c.name+".esl"))
		compare(c.name+".esl", vars[c.name].Data)
		args := []string{"-g", vars[c.name].GUID.String(), "-t", "2026-01-02 03:04:05", "-k", path(c.by + ".key"), "-c", path(c.by + ".crt"), c.name, path(c.name + ".esl"), path(c.name + ".auth")}
		if c.add {
			args = append([]string{"-a"}, args...)
		}
		tool(t, "efitools", "sign-efi-sig-list", args...)
		auth, err := Auth(t.Context(), vars[c.name], testTime, c.add, c.signer)
		if err != nil {
			t.Fatal(err)
		}
		compare(c.name+".auth", auth)
	}
}

func writeFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// template is an empty store of size bytes, as firmware has it.
func template(size int) []byte {
	b := bytes.Repeat([]byte{0xff}, size+100)
	clear(b[:100])
	copy(b[16:], guidSystemNV[:])
	binary.LittleEndian.PutUint64(b[32:], uint64(len(b)))
	copy(b[40:], "_FVH")
	binary.LittleEndian.PutUint16(b[48:], 72)
	copy(b[72:], guidAuthVariables[:])
	binary.LittleEndian.PutUint32(b[88:], uint32(size))
	b[92], b[93] = storeFormatted, storeHealthy
	var sum uint16
	for i := 0; i < 72; i += 2 {
		sum += binary.LittleEndian.Uint16(b[i:])
	}
	binary.LittleEndian.PutUint16(b[50:], -sum)
	return b
}

func TestVariableStore(t *testing.T) {
	t.Parallel()
	e := enrolment(testKeys())
	e.RevokedImages = [][sha256.Size]byte{{1}, {2}}
	vars, err := e.Variables()
	if err != nil {
		t.Fatal(err)
	}
	empty := template(16 << 10)
	store, err := VariableStore(empty, vars, testTime)
	if err != nil {
		t.Fatal(err)
	}
	// Variables of an earlier store are gone.
	again, err := VariableStore(store, vars, testTime)
	if err != nil || !bytes.Equal(again, store) || len(store) != len(empty) {
		t.Errorf("a store made from a store differs: %v", err)
	}
	for _, v := range append(vars, Variable{"SecureBootEnable", guidEnable, []byte{1}}) {
		if !bytes.Contains(store, append(append(append(v.GUID[:], utf16Bytes(v.Name)...), 0, 0), v.Data...)) {
			t.Errorf("%s is not in the store", v.Name)
		}
	}
	for _, c := range []struct {
		change func([]byte) []byte
		text   string
	}{
		{func([]byte) []byte { return nil }, "does not begin with a firmware volume"},
		{func(b []byte) []byte { return make([]byte, len(b)) }, "does not begin with a firmware volume"},
		{func(b []byte) []byte { b[0] = 1; return b }, "checksum"},
		{func(b []byte) []byte { b[48] = 0xff; return b }, "wrong length"},
		{func(b []byte) []byte { b[49] = 0xff; return b }, "wrong length"},
		{func(b []byte) []byte { b[72]++; return b }, "not a healthy store"},
		{func(b []byte) []byte { b[93] = 0; return b }, "not a healthy store"},
		{func(b []byte) []byte { b[91] = 0xff; return b }, "are longer than the store"},
		{func(b []byte) []byte { return b[:len(b)/2] }, "are longer than the store"},
	} {
		_, err := VariableStore(c.change(bytes.Clone(empty)), vars, testTime)
		if !errors.Is(err, system.ErrUnusable) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("error %v, want one with %q", err, c.text)
		}
	}
	if _, err := VariableStore(template(1024), vars, testTime); !errors.Is(err, system.ErrInput) || !strings.Contains(err.Error(), "room for 996") {
		t.Error(err)
	}
	if _, err := VariableStore(empty, vars, time.Time{}); !errors.Is(err, system.ErrInput) {
		t.Error(err)
	}
}

// FuzzVariableStore: no template makes the writer panic.
func FuzzVariableStore(f *testing.F) {
	f.Add(template(4096))
	vars := []Variable{{"db", guidDatabase, []byte("data")}}
	f.Fuzz(func(t *testing.T, b []byte) {
		out, err := VariableStore(b, vars, testTime)
		if err == nil && len(out) != len(b) {
			t.Error("the store has another size")
		}
	})
}
