package pipeline

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"

	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/image"
	"github.com/seaworthy-os/seaworthy/builder/image/uki"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/pipeline/bootfacts"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// CheckBootImage checks that what firmware verifies is what was decided. It looks
// into each verified file with a UKI: the command line and the kernel's version are
// those of the facts, os-release is that of a build, .sbat is the one that was
// measured, kernel and initrd are the files of the same image, a TPM would have the
// registers of the provenance, and the signature is by the certificate of the
// provenance, and by one of certificates if there are any. It adds what it found to
// r.Checked. dir is the folder of the image, "" if only one file of it was verified.
func CheckBootImage(dir string, r *verify.Result, certificates []*x509.Certificate) error {
	want := expected{certificate: r.Certificate, accepted: certificates, parts: map[string]verify.File{}, registers: r.Registers}
	for _, f := range r.Files {
		switch f.Name {
		case r.Name + image.KernelEnding:
			want.parts[".linux"] = f
		case r.Name + image.InitrdEnding:
			want.parts[".initrd"] = f
		}
	}
	var errs []error
	found := false
	for _, f := range r.Files {
		format, ok := ukiFormat(r.Name, f.Name)
		if !ok {
			continue
		}
		found = true
		if dir != "" && want.cmdline == nil {
			if err := want.read(dir, r); err != nil {
				return err
			}
		}
		line, err := want.check(format, f, r.Open(f.Name), r.Arch)
		errs = append(errs, err)
		r.Checked = append(r.Checked, line)
	}
	if !found && certificates != nil {
		return system.Mismatch("nothing of image %s is signed for Secure Boot: it has no UKI", r.Name).
			Suggest("build it with --secure-boot-key, and with a format that has a UKI")
	}
	return errors.Join(errs...)
}

// ukiFormat is the format of a file with a UKI.
func ukiFormat(name, file string) (image.Format, bool) {
	for _, n := range image.Formats(image.HoldsUKI) {
		if f, _ := image.Find(n); name+f.Files[0] == file {
			return f, true
		}
	}
	return image.Format{}, false
}

// maxMeasurements limits the size of measurements.json.
const maxMeasurements = 1 << 20

// signedFile reads a byproduct, whose bytes must be those that the provenance lists.
func signedFile(dir, name string, most int64, r *verify.Result) ([]byte, error) {
	raw, err := bounded.ReadFile(filepath.Join(dir, name), most)
	if err != nil {
		return nil, system.Unusable("%s", name).Because(err)
	}
	if digests.Of(raw) != r.Byproducts[name] {
		return nil, system.Mismatch("%s is not the file that was signed", name).Suggest("get the image again")
	}
	return raw, nil
}

// expected is what a UKI must contain.
type expected struct {
	// cmdline is nil if neither it nor texts are compared.
	cmdline *string
	// programs are the UKIs of the facts, by the name of the file. A file that is not
	// among them is not compared: older versions of this program kept no texts in facts.
	programs map[string]facts.BootProgram
	// texts are the digests of the other sections of text, "" for a missing section.
	texts map[string]string
	// parts are the files of the image that sections must be equal to.
	parts map[string]verify.File
	// registers are those of the provenance, by annotation.
	registers map[string]string
	// certificate is the digest of the signer's, "" if the UKI is not signed.
	certificate string
	// accepted are the certificates that may have signed; nil for any.
	accepted []*x509.Certificate
}

// read reads what the decision is about: the command line and the kernel's version in
// the facts, os-release from the name of the image, and .sbat as the build measured it.
func (e *expected) read(dir string, r *verify.Result) error {
	raw, err := signedFile(dir, factsFile, facts.MaxBytes, r)
	if err != nil {
		return err
	}
	f, err := facts.Decode(bytes.NewReader(raw))
	if err != nil {
		return system.Unusable("%s", factsFile).Because(err)
	}
	e.cmdline = &f.Cmdline.Raw
	e.texts = map[string]string{".osrel": digests.Of([]byte(image.OSRelease(r.Name))), ".uname": ""}
	if f.Kernel.Version != "" {
		e.texts[".uname"] = digests.Of([]byte(f.Kernel.Version))
	}
	e.programs = map[string]facts.BootProgram{}
	for _, file := range f.Boot.Files {
		for _, p := range file.Programs {
			if p.Kind == "uki" && p.OSRelease != "" {
				e.programs[file.Path] = p
			}
		}
	}
	if r.Byproducts[statement.MeasurementsFile] == "" {
		return nil // a version of this program built it that did not measure
	}
	e.texts[".sbat"] = ""
	if raw, err = signedFile(dir, statement.MeasurementsFile, maxMeasurements, r); err != nil {
		return err
	}
	var m measurements
	if err := json.Unmarshal(raw, &m); err != nil {
		return system.Unusable("%s", statement.MeasurementsFile).Because(err)
	}
	for _, s := range m.Sections {
		if s.Name == ".sbat" {
			e.texts[s.Name] = s.Digest
		}
	}
	return nil
}

// check checks the UKI in a file, and says in words what it checked.
func (e expected) check(format image.Format, f verify.File, file io.ReaderAt, arch string) (string, error) {
	refuse := func(why string, err error) error {
		return system.Mismatch("%s: %s", f.Name, why).Because(err).Suggest("do not boot it, and build the image again")
	}
	program, err := format.OpenUKI(file, f.Size, arch)
	if err != nil {
		return "", refuse("its EFI program cannot be found", err)
	}
	info, err := uki.Read(program, program.Size())
	if err != nil {
		return "", refuse("its EFI program", err)
	}
	text := f.Name + ": its UKI"
	switch {
	case e.cmdline == nil:
		text += " (the command line is not compared for a single file)"
	case info.Cmdline != *e.cmdline:
		return "", refuse(fmt.Sprintf("its UKI has the command line %q, but the decision is about %q", info.Cmdline, *e.cmdline), nil)
	default:
		text += " has the command line of the decision"
	}
	for _, name := range slices.Sorted(maps.Keys(e.texts)) {
		if s, _ := info.Section(name); s.Digest != e.texts[name] {
			return "", refuse(fmt.Sprintf("section %s of its UKI is not the one that the decision is about", name), nil)
		}
	}
	if p, ok := e.programs[f.Name]; ok {
		if name := differs(p, info); name != "" {
			return "", refuse(fmt.Sprintf("section %s of its UKI is not the one that the rules read", name), nil)
		}
	}
	for _, name := range []string{".linux", ".initrd"} {
		part, ok := e.parts[name]
		if !ok {
			continue
		}
		if s, _ := info.Section(name); s.Digest != part.Digest {
			return "", refuse(fmt.Sprintf("section %s of its UKI is not %s", name, part.Name), nil)
		}
		text += ", and " + part.Name
	}
	signer, err := e.signer(program)
	if err != nil {
		return "", refuse("its UKI", err)
	}
	if len(e.registers) == 0 {
		text += " (its build predicted no PCRs)"
	} else {
		m, err := measure(program, program.Size(), nil, nil)
		if err != nil {
			return "", refuse("its EFI program", err)
		}
		for name, value := range m.annotations() {
			if e.registers[name] != value {
				return "", refuse(fmt.Sprintf("its UKI gives %s the value %s, but the provenance has %q", name, value, e.registers[name]), nil)
			}
		}
		text += ", and the PCRs of the provenance"
	}
	if signer == nil {
		return text + "; it is not signed for Secure Boot", nil
	}
	return fmt.Sprintf("%s; signed for Secure Boot by %q, certificate %s", text, signer.Subject.String(), e.certificate), nil
}

// differs names a section of text that is not that of the facts, "" if all are equal.
func differs(p facts.BootProgram, info *uki.Info) string {
	present, generations, problem := bootfacts.SBAT(info.SBAT)
	switch {
	case info.OSRelease != p.OSRelease:
		return ".osrel"
	case info.Uname != p.Uname:
		return ".uname"
	case present != p.SBAT || problem != p.SBATProblem || !slices.Equal(generations, p.Generations):
		return ".sbat"
	}
	return ""
}

// signer checks who signed the UKI. It returns nil if it is not signed, and need
// not be.
func (e expected) signer(program *io.SectionReader) (*x509.Certificate, error) {
	signers, err := uki.Signers(program, program.Size())
	if err != nil {
		return nil, err
	}
	switch {
	case len(signers) == 0 && e.certificate == "" && e.accepted == nil:
		return nil, nil
	case len(signers) == 0:
		return nil, errors.New("it is not signed for Secure Boot")
	case len(signers) > 1:
		return nil, errors.New("it has several signatures, and a build makes one")
	}
	signer := signers[0]
	if d := digests.Of(signer.Raw); d != e.certificate {
		return nil, fmt.Errorf("it is signed by %q (%s), but the provenance names the certificate %q", signer.Subject.String(), d, e.certificate)
	}
	if e.accepted != nil && !slices.ContainsFunc(e.accepted, signer.Equal) {
		return nil, fmt.Errorf("it is signed by %q, which is not a certificate of --secure-boot-cert", signer.Subject.String())
	}
	return signer, nil
}
