package uki

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// The places of the fields that are read or changed, from the start of the
// header that they are in. The specification is Microsoft's "PE Format".
const (
	dosHeader      = 64   // bytes of the DOS header
	dosPEOffset    = 0x3c // where the PE header begins
	coffHeader     = 24   // bytes of the signature and the COFF header
	coffMachine    = 4
	coffSections   = 6
	coffTime       = 8
	coffSymbols    = 12
	coffNumSyms    = 16
	coffOptSize    = 20
	optMagic       = 0
	optInitialized = 8
	optAlignment   = 32
	optFileAlign   = 36
	optImageSize   = 56
	optHeaderSize  = 60
	optChecksum    = 64
	optNumDirs     = 108
	optDirs        = 112
	dirSize        = 8
	dirSecurity    = 4
	dirDebug       = 6
	allDirs        = 16
	fullOptSize    = optDirs + allDirs*dirSize
	sectionHeader  = 40
	magicPE32Plus  = 0x20b
)

// Limits on what is read. The loader of the firmware has none of these, but an
// image for Linux stays far below them.
const (
	maxPEOffset = 4096
	maxSections = 96
	maxHeaders  = 64 << 10
	// maxImage: sizes and addresses are 32 bits in a PE file.
	maxImage = 1<<32 - 1<<16
)

// machines are the values of the machine field, and our names for them.
var machines = map[uint16]string{0x8664: "amd64", 0xaa64: "arm64"}

// section is one row of the section table.
type section struct {
	name            string
	virtualSize     uint32
	address         uint32
	rawSize         uint32
	rawOffset       uint32
	characteristics uint32
}

// length is the number of bytes of the file that the program sees.
func (s section) length() int64 { return int64(min(s.virtualSize, s.rawSize)) }

func (s section) rawEnd() int64 { return int64(s.rawOffset) + int64(s.rawSize) }

// end is the first address behind the section in memory. The loader ignores
// what the file holds behind the virtual size, unless that is 0.
func (s section) end() int64 {
	if s.virtualSize == 0 {
		return int64(s.address) + int64(s.rawSize)
	}
	return int64(s.address) + int64(s.virtualSize)
}

// put writes the row.
func (s section) put(b []byte) {
	copy(b[:8], make([]byte, 8))
	copy(b[:8], s.name)
	for i, v := range []uint32{s.virtualSize, s.address, s.rawSize, s.rawOffset, 0, 0, 0, s.characteristics} {
		binary.LittleEndian.PutUint32(b[8+4*i:], v)
	}
}

// image is a PE file whose headers are checked: each section lies in the file
// and in the image, and none overlaps another.
type image struct {
	// header is the file up to SizeOfHeaders.
	header []byte
	// pe and opt are the offsets of the PE header and the optional header.
	pe, opt int
	arch    string
	numDirs int
	// least is the least alignment that is accepted.
	least      uint32
	alignment  uint32
	fileAlign  uint32
	headerSize int64
	sections   []section
	size       int64
	// certs is the certificate table: where it begins, 0 for none.
	certs, certsSize int64
}

func (p *image) u16(at int) uint16 { return binary.LittleEndian.Uint16(p.header[at:]) }
func (p *image) u32(at int) uint32 { return binary.LittleEndian.Uint32(p.header[at:]) }

// dir is the offset of a data directory in the header.
func (p *image) dir(n int) int { return p.opt + optDirs + n*dirSize }

// table is the offset of the section table.
func (p *image) table() int { return p.opt + int(p.u16(p.pe+coffOptSize)) }

// bad makes an error about the file. The caller adds its name.
func bad(format string, args ...any) error { return fmt.Errorf(format, args...) }

// minAlign is the least alignment of sections that the specification allows. Some
// programs, such as iPXE, have a smaller one, and firmware starts them.
const minAlign = 512

// parse reads and checks the headers of a PE file of size bytes.
func parse(r io.ReaderAt, size int64) (*image, error) { return parseAligned(r, size, minAlign) }

// parseAligned is parse for sections that are aligned to least bytes or more.
func parseAligned(r io.ReaderAt, size int64, least uint32) (*image, error) {
	if size > maxImage {
		return nil, bad("the file has %d bytes, and a PE file cannot have more than %d", size, maxImage)
	}
	p := &image{size: size, least: least, header: make([]byte, min(size, maxHeaders))}
	if n, err := r.ReadAt(p.header, 0); n < len(p.header) {
		return nil, noEOF(err)
	}
	if len(p.header) < dosHeader || string(p.header[:2]) != "MZ" {
		return nil, bad("not a PE file: it does not begin with MZ")
	}
	offset := p.u32(dosPEOffset)
	if offset < dosHeader || offset > maxPEOffset || int64(offset)+coffHeader+optDirs > int64(len(p.header)) {
		return nil, bad("not a PE file: its PE header would be at offset %#x", offset)
	}
	p.pe, p.opt = int(offset), int(offset)+coffHeader
	if string(p.header[p.pe:p.pe+4]) != "PE\x00\x00" {
		return nil, bad("not a PE file: no PE header at offset %#x", offset)
	}
	var known bool
	if p.arch, known = machines[p.u16(p.pe+coffMachine)]; !known {
		return nil, bad("machine %#x is not known: only amd64 and arm64 are", p.u16(p.pe+coffMachine))
	}
	for _, step := range []func() error{p.readOptional, p.readSections, p.checkRaw, p.checkAddresses, p.readCerts} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	p.header = p.header[:p.headerSize]
	return p, nil
}

func (p *image) readOptional() error {
	if m := p.u16(p.opt + optMagic); m != magicPE32Plus {
		return bad("not a PE32+ file: its magic number is %#x", m)
	}
	p.alignment, p.fileAlign = p.u32(p.opt+optAlignment), p.u32(p.opt+optFileAlign)
	if !powerOfTwo(p.fileAlign) || p.fileAlign < p.least || p.fileAlign > 64<<10 {
		return bad("file alignment %#x is not a power of two from %#x to 0x10000", p.fileAlign, p.least)
	}
	if !powerOfTwo(p.alignment) || p.alignment < p.least || p.alignment > 2<<20 {
		return bad("section alignment %#x is not a power of two from %#x to 0x200000", p.alignment, p.least)
	}
	p.headerSize = int64(p.u32(p.opt + optHeaderSize))
	if p.headerSize > int64(len(p.header)) {
		return bad("the headers have %d bytes, more than the file or the limit of %d", p.headerSize, maxHeaders)
	}
	dirs, optSize := p.u32(p.opt+optNumDirs), int(p.u16(p.pe+coffOptSize))
	if dirs > allDirs || optSize < optDirs+int(dirs)*dirSize {
		return bad("%d data directories do not fit in an optional header of %d bytes", dirs, optSize)
	}
	p.numDirs = int(dirs)
	return nil
}

func (p *image) readSections() error {
	n, table := int(p.u16(p.pe+coffSections)), p.table()
	if n > maxSections {
		return bad("%d sections are more than %d", n, maxSections)
	}
	if int64(table+n*sectionHeader) > p.headerSize {
		return bad("the table of %d sections does not fit in the headers of %d bytes", n, p.headerSize)
	}
	for i := range n {
		row := table + i*sectionHeader
		name := string(bytes.TrimRight(p.header[row:row+8], "\x00"))
		if strings.Trim(name, printable) != "" {
			return bad("section %d has the name %q", i, name)
		}
		p.sections = append(p.sections, section{
			name: name, virtualSize: p.u32(row + 8), address: p.u32(row + 12),
			rawSize: p.u32(row + 16), rawOffset: p.u32(row + 20), characteristics: p.u32(row + 36),
		})
	}
	return nil
}

// printable are the characters that the name of a section may have.
const printable = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._$/-"

// checkRaw requires that the bytes of sections are in the file, in the order of
// the table, and do not overlap.
func (p *image) checkRaw() error {
	last, at := "the headers", p.headerSize
	for _, s := range p.sections {
		if s.rawSize == 0 {
			continue
		}
		if int64(s.rawOffset) < at {
			return bad("section %s at %#x overlaps %s, or comes before it", s.name, s.rawOffset, last)
		}
		if s.rawEnd() > p.size {
			return bad("section %s ends at %#x, and the file at %#x: the file is truncated", s.name, s.rawEnd(), p.size)
		}
		last, at = "section "+s.name, s.rawEnd()
	}
	return nil
}

// checkAddresses requires that no section overlaps another in memory.
func (p *image) checkAddresses() error {
	byAddress := slices.Clone(p.sections)
	slices.SortStableFunc(byAddress, func(a, b section) int { return cmp.Compare(a.address, b.address) })
	last, at := "the headers", p.headerSize
	for _, s := range byAddress {
		if int64(s.address) < at {
			return bad("section %s overlaps %s in memory, at %#x", s.name, last, s.address)
		}
		last, at = "section "+s.name, s.end()
	}
	if size := p.u32(p.opt + optImageSize); at > int64(size) {
		return bad("section %s ends at address %#x, and the image at %#x", strings.TrimPrefix(last, "section "), at, size)
	}
	return nil
}

// readCerts finds the certificate table, which must be the end of the file.
func (p *image) readCerts() error {
	if p.numDirs <= dirSecurity {
		return nil
	}
	p.certs, p.certsSize = int64(p.u32(p.dir(dirSecurity))), int64(p.u32(p.dir(dirSecurity)+4))
	if p.certs == 0 && p.certsSize == 0 {
		return nil
	}
	switch {
	case p.certs < p.rawEnd() || p.certs%8 != 0 || p.certsSize < 8:
		return bad("the signature at %#x, of %d bytes, is not behind the sections", p.certs, p.certsSize)
	case p.certs+p.certsSize != p.size:
		return bad("the signature ends at %#x, and the file at %#x", p.certs+p.certsSize, p.size)
	}
	return nil
}

// rawEnd is the offset behind the last section.
func (p *image) rawEnd() int64 {
	end := p.headerSize
	for _, s := range p.sections {
		if s.rawSize > 0 {
			end = max(end, s.rawEnd())
		}
	}
	return end
}

// find returns the first section of a name.
func (p *image) find(name string) (section, bool) {
	i := slices.IndexFunc(p.sections, func(s section) bool { return s.name == name })
	if i < 0 {
		return section{}, false
	}
	return p.sections[i], true
}

func powerOfTwo(n uint32) bool { return n > 0 && n&(n-1) == 0 }

// align rounds up to a multiple of a power of two.
func align(n, to int64) int64 { return (n + to - 1) &^ (to - 1) }

// noEOF names the end of a file that came too early.
func noEOF(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// invalid is an error about an image that cannot be used.
func invalid(err error) error {
	return system.Unusable("the EFI image is not valid").Because(err).Suggest("use a Unified Kernel Image for amd64 or arm64")
}
