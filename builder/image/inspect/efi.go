package inspect

import (
	"io"
	"slices"

	"github.com/seaworthy-os/seaworthy/builder/image/uki"
	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// EFI describes an EFI program. Of a Unified Kernel Image, the sections of the
// parts have digests.
type EFI struct {
	Arch string `json:"arch"`
	// Stub is the version of systemd's stub.
	Stub     string        `json:"stub,omitempty"`
	Sections []uki.Section `json:"sections,omitempty"`
	// Uname is the kernel's version as the image says it.
	Uname string `json:"uname,omitempty"`
	SBAT  string `json:"sbat,omitempty"`
	// OSRelease is the text of .osrel. Its fields are in Root.
	OSRelease string `json:"-"`
	// Loader is the boot loader in the program: a kind of Loader.
	Loader     string      `json:"loader,omitempty"`
	Signatures []Signature `json:"signatures,omitempty"`
}

// Signature is an Authenticode signature.
type Signature struct {
	// Signer is the subject of the certificate. Anyone can make a certificate with
	// this subject.
	Signer string `json:"signer,omitempty"`
	// Certificate is the digest of the certificate, sha256:HEX.
	Certificate string `json:"certificate,omitempty"`
	Issuer      string `json:"issuer,omitempty"`
	Algorithm   string `json:"algorithm,omitempty"`
	// Valid: the signature is of this program, and was made with the signer's key.
	Valid bool `json:"valid"`
	// Trusted: the certificate is one of those that the user gave.
	Trusted bool   `json:"trusted"`
	Problem string `json:"problem,omitempty"`
}

var efiKinds = []kind{
	{"uki", "Unified Kernel Image", func(c *content) bool { return isPE(c) && hasSection(c, ".linux") }, describeUKI},
	{"efi", "EFI program", isPE, describeEFI},
}

// isPE recognises the header that the field at 0x3c gives the place of.
func isPE(c *content) bool {
	if !c.at(0, "MZ") || len(c.head) < 64 {
		return false
	}
	at := int(c.head[0x3c]) | int(c.head[0x3d])<<8
	return c.at(0x3e, "\x00\x00") && c.at(at, "PE\x00\x00")
}

// hasSection looks for a row of the section table by its name alone, so that a
// damaged image has the right kind.
func hasSection(c *content, name string) bool {
	at := int(c.head[0x3c]) | int(c.head[0x3d])<<8
	if at+24 > len(c.head) {
		return false
	}
	table := at + 24 + int(c.head[at+20]) + int(c.head[at+21])<<8
	for range int(c.head[at+6]) + int(c.head[at+7])<<8 {
		if c.at(table, name+"\x00") || len(name) == 8 && c.at(table, name) {
			return true
		}
		if table += 40; table > len(c.head) {
			return false
		}
	}
	return false
}

func describeEFI(w *walker, it *Item, s *io.SectionReader) {
	if info := w.efiProgram(it, s); info != nil {
		it.EFI.Loader = loaderProgram(s)
		it.cmdline(".cmdline", info.Cmdline) // of an addon for a UKI
	}
}

// efiProgram describes what all EFI programs have.
func (w *walker) efiProgram(it *Item, s *io.SectionReader) *uki.Info {
	if w.hashed -= s.Size(); w.hashed < 0 {
		it.problem("the files are too large: not all are read")
		return nil
	}
	info, err := uki.ReadProgram(s, s.Size(), !w.o.NoDigests)
	if info == nil {
		it.problem("the EFI program cannot be read: %v", err)
		return nil
	}
	if err != nil {
		it.problem("the EFI program cannot be read completely: %v", err)
	}
	it.EFI = &EFI{Arch: info.Arch, Stub: info.Stub, Sections: info.Sections, Uname: info.Uname, SBAT: info.SBAT, OSRelease: info.OSRelease}
	signatures, err := uki.Signatures(s, s.Size())
	if err != nil {
		it.problem("the signature cannot be read: %v", err)
	}
	for _, sig := range signatures {
		out := Signature{Algorithm: sig.Algorithm(), Valid: sig.Problem == "", Problem: sig.Problem}
		if sig.Signer != nil {
			out.Signer, out.Issuer, out.Certificate = sig.Signer.Subject.String(), sig.Signer.Issuer.String(), digests.Of(sig.Signer.Raw)
			for _, c := range w.o.Certificates {
				out.Trusted = out.Trusted || out.Valid && c.Equal(sig.Signer)
			}
		}
		it.EFI.Signatures = append(it.EFI.Signatures, out)
	}
	return info
}

// looked are the sections of a Unified Kernel Image that are images themselves.
var looked = []string{".linux", ".initrd"}

func describeUKI(w *walker, it *Item, s *io.SectionReader) {
	info := w.efiProgram(it, s)
	if info == nil {
		return
	}
	it.cmdline(".cmdline", info.Cmdline)
	if info.OSRelease != "" {
		it.Root = &Root{OSRelease: osRelease(info.OSRelease)}
	}
	for _, section := range info.Sections {
		if !slices.Contains(looked, section.Name) || w.o.BootOnly {
			continue
		}
		if in := w.inside(it, section.Name, part(s, section.Offset, section.Size)); in != nil {
			in.Digest = section.Digest
		}
	}
}
