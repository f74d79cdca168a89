package secureboot

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/image/uki"
)

// Firmware with our keys starts what is signed with them, and nothing else.
func TestBootEnforced(t *testing.T) {
	t.Parallel()
	m := newMachine(t, amd64)
	if runtime.GOARCH != "amd64" {
		t.Skip("skipped: the test program is init of a machine for amd64")
	}
	// A slow machine can fail the test that the kernel makes of its timers.
	unsigned := m.image(componentKernel(t, "amd64"), testInitrd(t), "console=ttyS0 no_timer_check panic=-1 -- "+asInit)
	signed := m.sign(unsigned, m.keys.DB)
	digest, err := uki.Digest(bytes.NewReader(signed), int64(len(signed)))
	if err != nil {
		t.Fatal(err)
	}
	revoked, bySigner := enrolment(m.keys), enrolment(m.keys)
	revoked.RevokedImages = [][sha256.Size]byte{digest}
	bySigner.RevokedCertificates = append(bySigner.RevokedCertificates, m.keys.DB.Certificate())
	for _, c := range []struct {
		name  string
		image []byte
		enrol Enrolment
		want  string
	}{
		{"signed", signed, enrolment(m.keys), ran},
		{"unsigned", unsigned, enrolment(m.keys), refused},
		{"other key", m.sign(unsigned, generateKeys("Other").DB), enrolment(m.keys), refused},
		{"changed command line", m.changed(signed, ".cmdline"), enrolment(m.keys), refused},
		{"changed initrd", m.changed(signed, ".initrd"), enrolment(m.keys), refused},
		{"revoked image", signed, revoked, refused},
		{"revoked signer", signed, bySigner, refused},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := m.of(t)
			found, console := m.boot(c.name, c.image, m.variables(c.enrol), ran, refused)
			if found != c.want {
				t.Errorf("%q\n%s", found, console)
			}
			if found == ran {
				m.comparePCR(signed, console)
			}
		})
	}
}

// Firmware without keys accepts our signed changes: systemd-boot hands them over.
func TestBootEnrols(t *testing.T) {
	t.Parallel()
	m := newMachine(t, amd64)
	loader, err := os.ReadFile("/usr/lib/systemd/boot/efi/systemd-bootx64.efi")
	if err != nil {
		t.Skip("skipped: no systemd-bootx64.efi; install Debian's systemd-boot-efi")
	}
	m.files["loader/loader.conf"] = []byte("secure-boot-enroll force\n")
	vars := variables(t, enrolment(m.keys))
	for name, signer := range map[string]*uki.KeyPair{"PK": m.keys.PK, "KEK": m.keys.PK, "db": m.keys.KEK} {
		if m.files["loader/keys/auto/"+name+".auth"], err = Auth(t.Context(), vars[name], testTime, false, signer); err != nil {
			t.Fatal(err)
		}
	}
	if found, console := m.boot("enrol", loader, m.empty, restarts, "Failed to", "rror enrolling"); found != restarts {
		t.Fatalf("%q\n%s", found, console)
	}
	store, err := os.ReadFile(filepath.Join(m.dir, "enrol", "vars.fd"))
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range vars {
		if !bytes.Contains(store, v.Data) {
			t.Errorf("%s is not enrolled", name)
		}
	}
	if found, console := m.boot("enforced", loader, store, restarts, refused); found != refused {
		t.Errorf("an unsigned program: %q\n%s", found, console)
	}
}

// The same for arm64. The kernel ends with a panic: it has no init that runs.
func TestBootEnforcedARM64(t *testing.T) {
	t.Parallel()
	m := newMachine(t, arm64)
	const panics = "Kernel panic"
	unsigned := m.image(componentKernel(t, "arm64"), []byte("no initrd"), "console=ttyAMA0 panic=-1")
	signed := m.sign(unsigned, m.keys.DB)
	vars := m.variables(enrolment(m.keys))
	for _, c := range []struct {
		name  string
		image []byte
		want  string
	}{{"signed", signed, panics}, {"unsigned", unsigned, refused}, {"changed command line", m.changed(signed, ".cmdline"), refused}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if found, console := m.of(t).boot(c.name, c.image, vars, panics, refused); found != c.want {
				t.Errorf("%q\n%s", found, console)
			}
		})
	}
}

// comparePCR compares our predictions with what the machine has measured.
func (m *machine) comparePCR(image []byte, console string) {
	m.t.Helper()
	if !m.tpm {
		m.t.Log("the PCRs are not compared: swtpm is not installed")
		return
	}
	r := bytes.NewReader(image)
	info, err := uki.Read(r, r.Size())
	if err != nil {
		m.t.Fatal(err)
	}
	digest, err := uki.Digest(r, r.Size())
	if err != nil {
		m.t.Fatal(err)
	}
	vars, err := enrolment(m.keys).Variables()
	if err != nil {
		m.t.Fatal(err)
	}
	pcr7, err := PCR7(vars, m.keys.DB.Certificate())
	pcr9, err9 := info.PCR9()
	pcr11, err11 := info.PCR11()
	if err := errors.Join(err, err9, err11); err != nil {
		m.t.Fatal(err)
	}
	for i, want := range []uki.Register{uki.PCR4(digest), pcr7, pcr9, pcr11} {
		if text := fmt.Sprintf("PCR %d: %X", want.PCR, want.Value()); want.PCR != predicted[i] || !strings.Contains(console, text) {
			m.t.Errorf("the machine has not measured %s:\n%s", text, console)
		}
	}
}
