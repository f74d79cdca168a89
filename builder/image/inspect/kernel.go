package inspect

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Kernel describes a Linux kernel.
type Kernel struct {
	// Format is bzImage, Image, "EFI zboot" or vmlinux.
	Format string `json:"format"`
	Arch   string `json:"arch,omitempty"`
	// Version is the kernel's own text: release, builder, compiler, date.
	Version string `json:"version,omitempty"`
}

const banner = "Linux version "

var kernelKinds = []kind{
	{"kernel", "Linux kernel", isBzImage, describeBzImage},
	{"kernel", "Linux kernel", func(c *content) bool { return c.at(56, "ARMd") }, describeImage("arm64")},
	{"kernel", "Linux kernel", func(c *content) bool { return c.at(56, "RSC\x05") }, describeImage("riscv64")},
	{"kernel", "Linux kernel", func(c *content) bool { return c.at(0, "MZ") && c.at(4, "zimg") }, describeZboot},
	{"kernel", "Linux kernel", isVmlinux, describeVmlinux},
}

func isBzImage(c *content) bool { return c.at(0x202, "HdrS") && c.at(0x1fe, "\x55\xaa") }

func describeBzImage(w *walker, it *Item, s *io.SectionReader) {
	it.Kernel = &Kernel{Format: "bzImage", Arch: "amd64"}
	if b, err := read(s, 0x20e, 2); err == nil {
		if at := int64(binary.LittleEndian.Uint16(b)); at > 0 {
			it.Kernel.Version = cString(s, at+0x200)
		}
	}
	if b, err := read(s, 0x236, 2); err == nil && binary.LittleEndian.Uint16(b)&1 == 0 {
		it.Kernel.Arch = "386"
	}
	w.kernelProgram(it, s)
}

// kernelProgram adds the signature of a kernel that is an EFI program too.
func (w *walker) kernelProgram(it *Item, s *io.SectionReader) {
	if c, _ := contentOf(s, 4096); isPE(c) { // what is missing is not recognised
		w.efiProgram(it, s)
		if it.EFI != nil {
			it.EFI.Sections = nil // a kernel's own are of no interest
		}
	}
}

// cString is the text at a place, up to a zero.
func cString(s *io.SectionReader, at int64) string {
	b := make([]byte, 512)
	n, _ := s.ReadAt(b, at)
	text, _, _ := bytes.Cut(b[:n], []byte{0})
	return strings.TrimSpace(string(text))
}

// describeImage is for kernels that are not compressed.
func describeImage(arch string) func(*walker, *Item, *io.SectionReader) {
	return func(w *walker, it *Item, s *io.SectionReader) {
		it.Kernel = &Kernel{Format: "Image", Arch: arch}
		w.kernelProgram(it, s)
		w.findBanner(it, part(s, 0, maxKernel))
	}
}

// maxKernel is the part of a kernel in which its banner is looked for.
const maxKernel = 1 << 30

// maxVmlinux is where the banner of an ELF program is looked for, to tell a kernel
// from other programs.
const maxVmlinux = 64 << 20

var elfMachines = map[uint16]string{62: "amd64", 183: "arm64", 243: "riscv64", 3: "386", 40: "arm", 22: "s390x", 21: "ppc64le"}

// isVmlinux recognises an ELF executable with the kernel's banner.
func isVmlinux(c *content) bool {
	if !c.at(0, "\x7fELF\x02\x01") || len(c.head) < 64 || c.Size() < 1<<20 {
		return false
	}
	version, err := findBanner(io.NewSectionReader(c, 0, min(c.Size(), maxVmlinux)))
	return err == nil && version != ""
}

func describeVmlinux(w *walker, it *Item, s *io.SectionReader) {
	it.Kernel = &Kernel{Format: "vmlinux"}
	if b, err := read(s, 18, 2); err == nil {
		it.Kernel.Arch = elfMachines[binary.LittleEndian.Uint16(b)]
	}
	w.findBanner(it, part(s, 0, maxKernel))
}

// describeZboot is for kernels that decompress themselves (the kernel's
// drivers/firmware/efi/libstub/zboot-header.S).
func describeZboot(w *walker, it *Item, s *io.SectionReader) {
	it.Kernel = &Kernel{Format: "EFI zboot"}
	w.kernelProgram(it, s)
	if it.EFI != nil {
		it.Kernel.Arch = it.EFI.Arch
	}
	h, err := read(s, 8, 48)
	if err != nil {
		it.problem("the header of the kernel is truncated")
		return
	}
	at, size := int64(binary.LittleEndian.Uint32(h)), int64(binary.LittleEndian.Uint32(h[4:]))
	payload := part(s, at, size)
	head, err := read(payload, 0, 8)
	c := compressionOf(head)
	if err != nil || c == nil {
		name, _, _ := bytes.Cut(h[16:], []byte{0})
		it.problem("the kernel's compression %q is not understood", name)
		return
	}
	it.Compression = c.name
	r, err := c.reader(payload)
	if err != nil {
		it.problem("the kernel cannot be decompressed: %v", err)
		return
	}
	defer r.Close()
	w.findBanner(it, w.count(r))
}

// findBanner sets the version from the kernel's banner.
func (w *walker) findBanner(it *Item, r io.Reader) {
	version, err := findBanner(r)
	if err != nil {
		it.problem("the kernel cannot be read: %v", err)
	}
	if it.Kernel.Version = version; version == "" && err == nil {
		it.problem("the kernel does not say its version")
	}
}

// findBanner reads until the banner. A banner has digits: the format text of the
// same words has not.
func findBanner(r io.Reader) (string, error) {
	const longest = 512
	b := make([]byte, 0, 1<<20)
	for {
		n, err := io.ReadFull(r, b[len(b):cap(b)])
		b = b[:len(b)+n]
		end := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		for at := 0; ; {
			i := bytes.Index(b[at:], []byte(banner))
			if i < 0 || !end && at+i+longest > len(b) {
				break
			}
			at += i + len(banner)
			text, _, _ := bytes.Cut(b[at:min(at+longest, len(b))], []byte{0})
			if len(text) > 0 && text[0] >= '0' && text[0] <= '9' {
				return strings.TrimSpace(string(text)), nil
			}
		}
		switch {
		case end:
			return "", nil
		case err != nil:
			return "", fmt.Errorf("reading the kernel: %w", err)
		}
		keep := copy(b, b[len(b)-longest:])
		b = b[:keep]
	}
}
