package uki

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
)

// MaxStub is the largest stub that is read. systemd's have about 100 KiB.
const MaxStub = 4 << 20

// Stub is systemd's EFI stub: the program that the firmware starts, and which
// starts the kernel. Debian has it in the package systemd-boot-efi, as
// linuxx64.efi.stub and linuxaa64.efi.stub.
type Stub struct {
	image *image
	data  []byte
	// magic is what the stub says of itself, if no section holds it. The image
	// then gets it as a section of its own, as other stubs have it.
	magic string
	// Arch is the Go name of the architecture: amd64 or arm64.
	Arch string
	// Version is systemd's, as the stub tells it: 252.39-1~deb12u2.
	Version string
	// SBAT are the lines by which shim can revoke this stub, "" for none.
	SBAT string
}

// The stub names itself for boot loaders, and says what shim may revoke it by.
// In Debian's stub for arm64 both lie behind the sections.
var (
	loaderInfo = lazyre.New(`#### LoaderInfo: systemd-stub ([0-9A-Za-z.~+_:-]{1,64})(?: \([^#]{0,64}\))? ####`)
	sbatStart  = []byte("sbat,1,SBAT Version,")
)

// ParseStub checks a stub. The caller keeps data as it is.
func ParseStub(data []byte) (*Stub, error) {
	fail := func(err error) error {
		return system.Unusable("the EFI stub is not usable").Because(err).
			Suggest("use linuxx64.efi.stub or linuxaa64.efi.stub of Debian's package systemd-boot-efi")
	}
	if len(data) > MaxStub {
		return nil, fail(bad("it has %d bytes, more than %d", len(data), MaxStub))
	}
	p, err := parse(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fail(err)
	}
	for _, name := range slices.Concat(single, later) {
		if _, ok := p.find(name); ok && name != ".sbat" {
			return nil, fail(bad("it already has a section %s: it is a whole image", name))
		}
	}
	m := loaderInfo.FindSubmatch(data)
	if m == nil {
		return nil, fail(bad("it does not say that it is systemd's stub"))
	}
	s := &Stub{image: p, data: data, Arch: p.arch, Version: string(m[1])}
	if i := bytes.Index(data, m[0]); !slices.ContainsFunc(p.sections, func(sec section) bool {
		return int(sec.rawOffset) <= i && i+len(m[0]) <= int(sec.rawOffset)+int(sec.length())
	}) {
		s.magic = string(m[0])
	}
	if s.SBAT, err = findSBAT(p, data); err != nil {
		return nil, fail(err)
	}
	return s, nil
}

// findSBAT returns the lines of the section .sbat, or without it those that lie
// behind the sections.
func findSBAT(p *image, data []byte) (string, error) {
	var text string
	found := 0
	for _, sec := range p.sections {
		if sec.name != ".sbat" {
			continue
		}
		if found++; found > 1 || sec.virtualSize > sec.rawSize || sec.virtualSize == 0 {
			return "", bad("it has two sections .sbat, or one that is empty or that the file does not hold")
		}
		text = strings.TrimRight(string(data[sec.rawOffset:][:sec.length()]), "\x00")
	}
	if i := bytes.Index(data, sbatStart); found == 0 && i >= 0 {
		line, _, _ := bytes.Cut(data[i:], []byte{0})
		text = string(line)
	}
	if text == "" && found == 0 {
		return "", nil
	}
	_, err := ParseSBAT(text)
	return text, err
}

// major is the first number of a version of systemd, 0 where there is none.
func major(version string) int {
	digits, _, _ := strings.Cut(version, ".")
	end := strings.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' })
	if end >= 0 {
		digits = digits[:end]
	}
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return n
}
