package pipeline

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/image"
	"github.com/seaworthy-os/seaworthy/builder/image/secureboot"
	"github.com/seaworthy-os/seaworthy/builder/image/uki"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/petest"
	"github.com/seaworthy-os/seaworthy/pipeline/bootfacts"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// A UKI that is not what was decided is refused, also if its digest is signed.
func TestBootImageIsWhatWasDecided(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	keys, err := secureboot.GenerateKeys(secureboot.KeyOptions{Name: "Test", NotBefore: day, NotAfter: day.AddDate(1, 0, 0)})
	if err != nil {
		t.Fatal(err)
	}
	kernel, initrd := petest.Program("amd64", 5000), []byte("initrd")
	unsigned := buildUKI(t, kernel, initrd, "console=ttyS0 quiet")
	var signed bytes.Buffer
	if err := uki.Sign(context.Background(), &signed, bytes.NewReader(unsigned), int64(len(unsigned)), keys.DB); err != nil {
		t.Fatal(err)
	}
	changed := bytes.Replace(signed.Bytes(), []byte("quiet"), []byte("debug"), 1)
	decided, other := "console=ttyS0 quiet", "console=ttyS0 quiet "
	db, kek := keys.DB.Certificate(), keys.KEK.Certificate()
	files := func(kernel, initrd []byte) map[string]verify.File {
		return map[string]verify.File{".linux": {Name: "os-kernel", Digest: digests.Of(kernel)}, ".initrd": {Name: "os-initrd.img", Digest: digests.Of(initrd)}}
	}
	text := func(s string) string { return digests.Of([]byte(s)) }
	info, err := uki.Read(bytes.NewReader(unsigned), int64(len(unsigned)))
	if err != nil || info.SBAT == "" {
		t.Fatalf("%q, %v", info.SBAT, err)
	}
	sbat, _ := info.Section(".sbat")
	texts := map[string]string{".osrel": text("ID=test\n"), ".uname": text("6.1.0-test"), ".sbat": sbat.Digest}
	m, err := measure(bytes.NewReader(signed.Bytes()), int64(signed.Len()), keys.DB, nil)
	if err != nil {
		t.Fatal(err)
	}
	registers := m.annotations()
	if len(registers) != 3 {
		t.Fatalf("registers %v", registers)
	}
	// without is a map in which one member differs.
	without := func(m map[string]string, name, value string) map[string]string {
		m = maps.Clone(m)
		m[name] = value
		return m
	}
	fact := func(change func(*facts.BootProgram)) map[string]facts.BootProgram {
		p := facts.BootProgram{OSRelease: "ID=test\n", Uname: "6.1.0-test"}
		p.SBAT, p.Generations, p.SBATProblem = bootfacts.SBAT(info.SBAT)
		if change != nil {
			change(&p)
		}
		return map[string]facts.BootProgram{"os.efi": p}
	}
	good := expected{cmdline: &decided, texts: texts, programs: fact(nil), registers: registers, parts: files(kernel, initrd), certificate: digests.Of(db.Raw), accepted: []*x509.Certificate{kek, db}}
	for name, c := range map[string]struct {
		program []byte
		change  func(*expected)
		want    string
	}{
		"good":                          {signed.Bytes(), func(*expected) {}, ""},
		"any certificate":               {signed.Bytes(), func(e *expected) { e.accepted = nil }, ""},
		"not signed":                    {unsigned, func(e *expected) { e.certificate, e.accepted = "", nil }, ""}, // its registers are the same
		"one file":                      {signed.Bytes(), func(e *expected) { e.cmdline, e.texts = nil, nil }, ""},
		"another command line":          {signed.Bytes(), func(e *expected) { e.cmdline = &other }, `has the command line "console=ttyS0 quiet", but the decision is about "console=ttyS0 quiet "`},
		"another os-release":            {signed.Bytes(), func(e *expected) { e.texts = without(texts, ".osrel", text("ID=test")) }, "section .osrel of its UKI is not the one"},
		"another version":               {signed.Bytes(), func(e *expected) { e.texts = without(texts, ".uname", text("6.1.0-tesu")) }, "section .uname of its UKI is not the one"},
		"no version":                    {signed.Bytes(), func(e *expected) { e.texts = without(texts, ".uname", "") }, "section .uname of its UKI is not the one"},
		"another SBAT":                  {signed.Bytes(), func(e *expected) { e.texts = without(texts, ".sbat", text("")) }, "section .sbat of its UKI is not the one"},
		"rules read another os-release": {signed.Bytes(), func(e *expected) { e.programs = fact(func(p *facts.BootProgram) { p.OSRelease = "ID=other\n" }) }, "section .osrel of its UKI is not the one that the rules read"},
		"rules read another version":    {signed.Bytes(), func(e *expected) { e.programs = fact(func(p *facts.BootProgram) { p.Uname = "6.1" }) }, "section .uname of its UKI is not the one that the rules read"},
		"rules read another SBAT":       {signed.Bytes(), func(e *expected) { e.programs = fact(func(p *facts.BootProgram) { p.Generations[0].Generation++ }) }, "section .sbat of its UKI is not the one that the rules read"},
		"another PCR 4":                 {signed.Bytes(), func(e *expected) { e.registers = without(registers, "pcr4", registers["pcr11"]) }, "its UKI gives pcr4 the value"},
		"no PCR 9":                      {signed.Bytes(), func(e *expected) { e.registers = without(registers, "pcr9", "") }, "its UKI gives pcr9 the value"},
		"another PCR 11":                {signed.Bytes(), func(e *expected) { e.registers = without(registers, "pcr11", registers["pcr4"]) }, "its UKI gives pcr11 the value"},
		"another kernel":                {signed.Bytes(), func(e *expected) { e.parts = files(initrd, initrd) }, "section .linux of its UKI is not os-kernel"},
		"another initrd":                {signed.Bytes(), func(e *expected) { e.parts = files(kernel, kernel) }, "section .initrd of its UKI is not os-initrd.img"},
		"certificate is missing":        {unsigned, func(e *expected) { e.accepted = nil }, "it is not signed for Secure Boot"},
		"unsigned, but required":        {unsigned, func(e *expected) { e.certificate = "" }, "it is not signed for Secure Boot"},
		"another certificate":           {signed.Bytes(), func(e *expected) { e.certificate, e.accepted = digests.Of(kek.Raw), nil }, "but the provenance names the certificate"},
		"no certificate was meant":      {signed.Bytes(), func(e *expected) { e.certificate, e.accepted = "", nil }, "but the provenance names the certificate"},
		"not accepted":                  {signed.Bytes(), func(e *expected) { e.accepted = []*x509.Certificate{kek} }, "not a certificate of --secure-boot-cert"},
		"changed afterwards":            {changed, func(e *expected) { e.cmdline = nil }, "the signature of the EFI image is not valid"},
		"not a UKI":                     {kernel, func(*expected) {}, "no section .linux"},
	} {
		e := good
		c.change(&e)
		format, _ := image.Find("uki")
		line, err := e.check(format, verify.File{Name: "os.efi", Size: int64(len(c.program))}, bytes.NewReader(c.program), "amd64")
		switch {
		case c.want == "" && (err != nil || line == ""):
			t.Errorf("%s: %q, %v", name, line, err)
		case c.want != "" && (!errors.Is(err, system.ErrMismatch) || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func buildUKI(t *testing.T, kernel, initrd []byte, cmdline string) []byte {
	t.Helper()
	stub, err := uki.ParseStub(petest.Stub("amd64"))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := uki.Build(&out, stub, uki.Sections{OSRelease: "ID=test\n", Cmdline: cmdline, Uname: "6.1.0-test", SBAT: "test,1,Test,test,1,https://example.test\n",
		Kernel: &uki.Content{ReaderAt: bytes.NewReader(kernel), Size: int64(len(kernel))},
		Initrd: &uki.Content{ReaderAt: bytes.NewReader(initrd), Size: int64(len(initrd))}}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
