package uki

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// Content is a file that is copied into the image.
type Content struct {
	io.ReaderAt
	// Size is the exact number of bytes of the file.
	Size int64
}

// reader reads the content, and what follows it.
func (c *Content) reader() *io.SectionReader { return io.NewSectionReader(c.ReaderAt, 0, c.Size+1) }

// Sections are what an image holds beside the stub.
type Sections struct {
	// OSRelease is /etc/os-release: the name that boot menus show.
	OSRelease string
	// Cmdline is the kernel's command line. Under Secure Boot the stub accepts
	// no other.
	Cmdline string
	// Uname is the version of the kernel, "" to leave it out.
	Uname string
	// SBAT are lines of COMPONENT,GENERATION,VENDOR,NAME,VERSION,URL that are
	// added to the stub's, "" for none.
	SBAT string
	// Kernel is a kernel with an EFI stub of its own. Initrd may be nil.
	Kernel, Initrd *Content
}

// The flags of a section: what it holds, and how it is mapped.
const (
	flagCode    = 0x00000020
	flagData    = 0x00000040
	flagExecute = 0x20000000
	flagRead    = 0x40000000
)

// pageSize is what the addresses of new sections are multiples of.
const pageSize = 4096

// maxText bounds each section of text, maxCmdline the command line: kernels
// have room for 2048 bytes with the 0 at the end.
const (
	maxText    = 64 << 10
	maxCmdline = 2047
)

// part is a section of the output, and where its bytes come from.
type part struct {
	section
	from io.Reader
	size int64
}

// Build writes an unsigned image. All of its bytes depend on stub and s alone.
func Build(w io.Writer, stub *Stub, s Sections) error {
	sbat, err := s.check(stub)
	if err != nil {
		return err
	}
	if err := checkKernel(s.Kernel, stub.Arch); err != nil {
		return err
	}
	parts := stubParts(stub, sbat)
	add := func(name string, from io.Reader, size int64, flags uint32) {
		parts = append(parts, part{section{name: name, characteristics: flags}, from, size})
	}
	for _, t := range []struct{ name, text string }{
		{".sdmagic", stub.magic}, {".osrel", s.OSRelease}, {".cmdline", s.Cmdline}, {".uname", s.Uname}, {".sbat", sbat},
	} {
		if t.text != "" && !slices.ContainsFunc(parts, func(p part) bool { return p.name == t.name }) {
			add(t.name, strings.NewReader(t.text), int64(len(t.text)), flagData|flagRead)
		}
	}
	if s.Initrd != nil {
		add(".initrd", s.Initrd.reader(), s.Initrd.Size, flagData|flagRead)
	}
	// The kernel comes last: some stubs start it where it lies, and it may then
	// unpack itself over what follows.
	add(".linux", s.Kernel.reader(), s.Kernel.Size, flagCode|flagExecute|flagRead)
	header, err := layout(stub.image, parts)
	if err != nil {
		return err
	}
	return write(w, header, parts)
}

// check finds mistakes in the sections, all at once, and returns the lines of
// .sbat.
func (s Sections) check(stub *Stub) (string, error) {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, system.BadInput(format, args...)) }
	if s.Kernel == nil || s.Kernel.Size <= 0 {
		bad("the image has no kernel")
	}
	if s.Initrd != nil && s.Initrd.Size <= 0 {
		bad("the initrd is empty")
	}
	if s.OSRelease == "" || len(s.OSRelease) > maxText || !utf8.ValidString(s.OSRelease) || strings.Contains(s.OSRelease, "\x00") {
		bad("os-release is empty, longer than %d bytes, or not text", maxText)
	}
	if len(s.Cmdline) > maxCmdline {
		bad("the command line has %d bytes: kernels have room for %d", len(s.Cmdline), maxCmdline)
	}
	for _, t := range []struct{ name, text string }{{"command line", s.Cmdline}, {"kernel's version", s.Uname}} {
		if i := strings.IndexFunc(t.text, func(r rune) bool { return r < ' ' || r > '~' }); i >= 0 {
			bad("the %s has a character that is not printable ASCII, at byte %d", t.name, i)
		}
	}
	if len(s.Uname) > 256 {
		bad("the kernel's version has %d bytes: the limit is 256", len(s.Uname))
	}
	sbat := stub.SBAT
	if s.SBAT != "" {
		sbat += s.SBAT
		if !strings.HasPrefix(sbat, "sbat,1,") {
			sbat = "sbat,1,SBAT Version,sbat,1,https://github.com/rhboot/shim/blob/main/SBAT.md\n" + sbat
		}
		if _, err := ParseSBAT(sbat); err != nil {
			bad("%v", err)
		}
	}
	return sbat, errors.Join(errs...)
}

// checkKernel requires an EFI stub in the kernel, for the stub's architecture.
func checkKernel(c *Content, arch string) error {
	head := make([]byte, min(c.Size, maxPEOffset+coffHeader))
	if _, err := io.ReadFull(c.reader(), head); err != nil {
		return system.Unusable("cannot read the kernel").Because(noEOF(err))
	}
	notEFI := func() error {
		return system.BadInput("the kernel has no EFI stub: firmware cannot start it").
			Suggest("use a kernel with CONFIG_EFI_STUB=y, and on arm64 one that is not compressed with gzip")
	}
	if len(head) < dosHeader || string(head[:2]) != "MZ" {
		return notEFI()
	}
	at := int64(binary.LittleEndian.Uint32(head[dosPEOffset:]))
	if at+coffHeader > int64(len(head)) || string(head[at:at+4]) != "PE\x00\x00" {
		return notEFI()
	}
	machine := binary.LittleEndian.Uint16(head[at+coffMachine:])
	if machines[machine] != arch {
		return system.BadInput("the kernel is for machine %#x, and the EFI stub for %s", machine, arch).
			Suggest("use a kernel and a stub for the same architecture")
	}
	return nil
}

// stubParts are the sections of the stub, without a .sbat that changes.
func stubParts(stub *Stub, sbat string) []part {
	var parts []part
	for _, s := range stub.image.sections {
		if s.name == ".sbat" && sbat != stub.SBAT {
			continue
		}
		raw := stub.data[:0]
		if s.rawSize > 0 {
			raw = stub.data[s.rawOffset:s.rawEnd()]
		}
		parts = append(parts, part{s, bytes.NewReader(raw), int64(len(raw))})
	}
	return parts
}

// layout gives each part its place, and makes the headers: the stub's, with a
// longer table of sections and room for a signature.
func layout(p *image, parts []part) ([]byte, error) {
	table := p.opt + fullOptSize
	used := int64(table + len(parts)*sectionHeader)
	headerSize := max(p.headerSize, align(used, int64(p.fileAlign)))
	first := int64(maxImage)
	for _, s := range p.sections {
		first = min(first, int64(s.address))
	}
	if headerSize > first || len(parts) > maxSections {
		return nil, system.Unusable("the EFI stub has no room for %d sections in its headers", len(parts)).
			Suggest("leave out the version of the kernel, or use another stub")
	}
	address, offset, data := headerSize, headerSize, int64(0)
	for _, s := range p.sections {
		address = max(address, s.end())
	}
	for i := range parts {
		s := &parts[i]
		if s.size > maxImage {
			return nil, tooLarge()
		}
		if s.address == 0 {
			address = align(address, pageSize)
			s.address, s.virtualSize = uint32(address), uint32(s.size)
			address += s.size
		}
		raw := align(s.size, int64(p.fileAlign))
		if address > maxImage || offset+raw > maxImage {
			return nil, tooLarge()
		}
		s.rawSize, s.rawOffset = uint32(raw), 0
		if raw > 0 {
			s.rawOffset = uint32(offset)
		}
		offset += raw
		if s.characteristics&flagData != 0 {
			data += raw
		}
	}
	header := make([]byte, headerSize)
	copy(header, p.header[:p.dir(p.numDirs)])
	put32 := func(at int, v int64) { binary.LittleEndian.PutUint32(header[at:], uint32(v)) }
	binary.LittleEndian.PutUint16(header[p.pe+coffSections:], uint16(len(parts)))
	binary.LittleEndian.PutUint16(header[p.pe+coffOptSize:], fullOptSize)
	// The symbols are left out: they lie behind the sections, where signers
	// disagree about what to hash. Nor is there a date.
	put32(p.pe+coffTime, 0)
	put32(p.pe+coffSymbols, 0)
	put32(p.pe+coffNumSyms, 0)
	put32(p.opt+optInitialized, min(data, maxImage))
	put32(p.opt+optImageSize, align(address, max(pageSize, int64(p.alignment))))
	put32(p.opt+optHeaderSize, headerSize)
	put32(p.opt+optChecksum, 0)
	put32(p.opt+optNumDirs, allDirs)
	// A signature of the stub says nothing about the image, and debugging data
	// have moved.
	for _, n := range []int{dirSecurity, dirDebug} {
		put32(p.dir(n), 0)
		put32(p.dir(n)+4, 0)
	}
	for i, s := range parts {
		s.put(header[table+i*sectionHeader:])
	}
	return header, nil
}

func tooLarge() error {
	return system.BadInput("the image would be larger than 4 GiB").Suggest("make the initrd smaller")
}

// write copies all parts to w, each filled up to its place.
func write(w io.Writer, header []byte, parts []part) error {
	if _, err := w.Write(header); err != nil {
		return err
	}
	for _, p := range parts {
		n, err := io.Copy(w, io.LimitReader(p.from, p.size))
		if err != nil {
			return fmt.Errorf("section %s: %w", p.name, err)
		}
		if n < p.size {
			return system.Unusable("section %s: the file has %d bytes, and not %d", p.name, n, p.size).Suggest("build again: the file changed while it was read")
		}
		var more [1]byte
		if n, err := io.ReadFull(p.from, more[:]); n > 0 {
			return system.Unusable("section %s: the file has more than %d bytes", p.name, p.size).Suggest("build again: the file changed while it was read")
		} else if !errors.Is(err, io.EOF) {
			return fmt.Errorf("section %s: %w", p.name, err)
		}
		if _, err := w.Write(make([]byte, int64(p.rawSize)-p.size)); err != nil {
			return err
		}
	}
	return nil
}
