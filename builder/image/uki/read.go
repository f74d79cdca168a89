package uki

import (
	"crypto/sha256"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// single are the sections that Build writes; an image has each at most once.
var single = []string{".osrel", ".cmdline", ".uname", ".sbat", ".linux", ".initrd"}

// later are sections of other tools that stubs read too.
var later = []string{".ucode", ".splash", ".dtb", ".pcrsig", ".pcrpkey", ".profile", ".dtbauto", ".hwids", ".efifw"}

// Info describes an image.
type Info struct {
	// Arch is the Go name of the architecture.
	Arch string `json:"arch"`
	// Stub is the version of systemd's stub, "" if it is another stub.
	Stub     string    `json:"stub,omitempty"`
	Sections []Section `json:"sections"`
	// The sections that hold text, "" where they are missing.
	OSRelease string `json:"osRelease,omitempty"`
	Cmdline   string `json:"cmdline,omitempty"`
	Uname     string `json:"uname,omitempty"`
	SBAT      string `json:"sbat,omitempty"`
	// Signed: there is a signature. CheckSignature says whose.
	Signed bool `json:"signed"`
}

// Section is one section of an image, without what fills it up to its place.
type Section struct {
	Name   string `json:"name"`
	Offset int64  `json:"offset"`
	Size   int64  `json:"size"`
	// Digest is sha256:HEX of the section's bytes.
	Digest string `json:"digest"`
}

// Section returns the section of a name.
func (i *Info) Section(name string) (Section, bool) {
	at := slices.IndexFunc(i.Sections, func(s Section) bool { return s.Name == name })
	if at < 0 {
		return Section{}, false
	}
	return i.Sections[at], true
}

// Read describes the image in the first size bytes of r. Texts come from the
// image: a caller makes them safe before a terminal shows them.
func Read(r io.ReaderAt, size int64) (*Info, error) {
	p, err := parse(r, size)
	if err != nil {
		return nil, invalid(err)
	}
	if _, ok := p.find(".linux"); !ok {
		return nil, invalid(bad("it has no section .linux: it is an EFI program, and not a Unified Kernel Image"))
	}
	info := &Info{Arch: p.arch, Signed: p.certs > 0}
	if err := info.read(r, p, true, true); err != nil {
		return nil, invalid(err)
	}
	return info, nil
}

// ReadProgram describes any EFI program. It needs no section .linux, and accepts
// small alignments, and repeated sections, as images with several profiles have
// them. A text is that of the first section of its name. withDigests says whether
// sections get digests. Do not decide with it what may boot.
func ReadProgram(r io.ReaderAt, size int64, withDigests bool) (*Info, error) {
	p, err := parseAligned(r, size, 1)
	if err != nil {
		return nil, err
	}
	info := &Info{Arch: p.arch, Signed: p.certs > 0}
	return info, info.read(r, p, false, withDigests)
}

// read reads the sections. If strict, no section that stubs read is repeated or
// cut off.
func (i *Info) read(r io.ReaderAt, p *image, strict, withDigests bool) error {
	texts := map[string]*string{".osrel": &i.OSRelease, ".cmdline": &i.Cmdline, ".uname": &i.Uname, ".sbat": &i.SBAT}
	budget := int64(MaxStub)
	for _, s := range p.sections {
		if strict && (slices.Contains(single, s.name) || slices.Contains(later, s.name) && s.name != ".dtbauto") {
			if _, twice := i.Section(s.name); twice {
				return bad("it has two sections %s", s.name)
			}
			if s.virtualSize > s.rawSize {
				return bad("section %s has %d bytes, but the file holds %d", s.name, s.virtualSize, s.rawSize)
			}
		}
		data := io.NewSectionReader(r, int64(s.rawOffset), s.length())
		digest, err := sum(data, withDigests)
		if err != nil {
			return err
		}
		i.Sections = append(i.Sections, Section{s.name, int64(s.rawOffset), s.length(), digest})
		if text := texts[s.name]; text != nil && *text == "" {
			if *text, err = readText(data, s.name); err != nil {
				return err
			}
		} else if i.Stub == "" && !slices.Contains(single, s.name) && !slices.Contains(later, s.name) && s.length() <= budget {
			budget -= s.length()
			b := make([]byte, s.length())
			if _, err := data.ReadAt(b, 0); err != nil && err != io.EOF {
				return err
			}
			if m := loaderInfo.FindSubmatch(b); m != nil {
				i.Stub = string(m[1])
			}
		}
	}
	return nil
}

// sum reads a whole section, and returns its digest if that is wanted.
func sum(section *io.SectionReader, wanted bool) (string, error) {
	h, to := sha256.New(), io.Discard
	if wanted {
		to = h
	}
	if n, err := io.Copy(to, section); err != nil || n < section.Size() {
		return "", noEOF(err)
	}
	if !wanted {
		return "", nil
	}
	return digests.Sum(h), nil
}

// readText reads a section of text, without the zeros that may end it.
func readText(r *io.SectionReader, name string) (string, error) {
	if r.Size() > maxText {
		return "", bad("section %s has %d bytes of text: the limit is %d", name, r.Size(), maxText)
	}
	b := make([]byte, r.Size())
	if n, err := r.ReadAt(b, 0); n < len(b) {
		return "", noEOF(err)
	}
	text := strings.TrimRight(string(b), "\x00")
	if !utf8.ValidString(text) || strings.Contains(text, "\x00") {
		return "", bad("section %s is not text", name)
	}
	return text, nil
}
