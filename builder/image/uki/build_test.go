package uki

import (
	"bytes"
	"debug/pe"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// Go's own reader of PE files sees what was put in.
func TestBuild(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		arch    string
		machine uint16
		stub    []byte
		names   []string
	}{
		{"amd64", 0x8664, x64Stub(), []string{".text", ".sbat", ".sdmagic", ".osrel", ".cmdline", ".uname", ".initrd", ".linux"}},
		{"arm64", 0xaa64, arm64Stub(), []string{".text", ".data", ".sdmagic", ".osrel", ".cmdline", ".uname", ".sbat", ".initrd", ".linux"}},
	} {
		b := build(t, c.stub, sections(c.machine))
		if again := build(t, c.stub, sections(c.machine)); !bytes.Equal(b, again) {
			t.Errorf("%s: two builds differ", c.arch)
		}
		f, err := pe.NewFile(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		opt := f.OptionalHeader.(*pe.OptionalHeader64)
		if f.Machine != c.machine || f.TimeDateStamp != 0 || f.PointerToSymbolTable != 0 || f.NumberOfSymbols != 0 || f.SizeOfOptionalHeader != 240 {
			t.Errorf("%s: header %+v", c.arch, f.FileHeader)
		}
		if opt.NumberOfRvaAndSizes != 16 || opt.CheckSum != 0 {
			t.Errorf("%s: optional header %+v", c.arch, opt)
		}
		want := map[string]string{".osrel": "ID=test\n", ".cmdline": "console=ttyS0 quiet", ".uname": "6.1.0-test", ".text": strings.Repeat("code", 300),
			".linux": string(testKernel(c.machine, 5000)), ".initrd": strings.Repeat("initrd", 777)}
		var names []string
		next := int64(opt.SizeOfHeaders)
		for _, s := range f.Sections {
			names = append(names, s.Name)
			if int64(s.Offset) != next {
				t.Errorf("%s: %s begins at %#x, want %#x", c.arch, s.Name, s.Offset, next)
			}
			next += int64(s.Size)
			data, err := s.Data()
			if err != nil {
				t.Fatal(err)
			}
			if w, ok := want[s.Name]; ok && string(data[:s.VirtualSize]) != w {
				t.Errorf("%s: %s holds other bytes", c.arch, s.Name)
			}
			if slices.Contains(single, s.Name) && s.Name != ".sbat" && s.VirtualAddress%0x1000 != 0 {
				t.Errorf("%s: %s has address %#x", c.arch, s.Name, s.VirtualAddress)
			}
			if s.VirtualAddress+s.VirtualSize > opt.SizeOfImage {
				t.Errorf("%s: %s ends behind the image", c.arch, s.Name)
			}
		}
		if next != int64(len(b)) || opt.SizeOfImage%0x1000 != 0 {
			t.Errorf("%s: sections end at %#x, the file at %#x", c.arch, next, len(b))
		}
		if !slices.Equal(names, c.names) {
			t.Errorf("%s: sections %v", c.arch, names)
		}
	}
}

// The stub's lines of .sbat stay; lines that are added need a new place.
func TestBuildAddsToSBAT(t *testing.T) {
	t.Parallel()
	const ours = "seaworthy,1,Seaworthy,seaworthy,1,https://example.test\n"
	for _, stub := range [][]byte{x64Stub(), arm64Stub()} {
		s := sections(binary.LittleEndian.Uint16(stub[0x80+coffMachine:]))
		s.SBAT = ours
		info := read(t, build(t, stub, s))
		if info.SBAT != testSBAT+ours {
			t.Errorf("%s: .sbat is %q", info.Arch, info.SBAT)
		}
	}
	bare := makePE(0x8664, 16, row{".text", 0x1000, testInfo})
	s := sections(0x8664)
	s.SBAT = ours
	if got := read(t, build(t, bare, s)).SBAT; !strings.HasPrefix(got, "sbat,1,") || !strings.HasSuffix(got, ours) {
		t.Errorf("without a .sbat in the stub: %q", got)
	}
	if got := read(t, build(t, bare, sections(0x8664))).SBAT; got != "" {
		t.Errorf("with none at all: %q", got)
	}
}

func TestBuildRefuses(t *testing.T) {
	t.Parallel()
	stub := mustStub(t, x64Stub())
	long := func(n int) *Content { return &Content{strings.NewReader(strings.Repeat("x", n)), 3000} }
	for _, c := range []struct {
		change func(*Sections)
		kind   error
		text   string
	}{
		{func(s *Sections) { s.Kernel = nil }, system.ErrInput, "no kernel"},
		{func(s *Sections) { s.Kernel = content([]byte("\x1f\x8b compressed")) }, system.ErrInput, "no EFI stub"},
		{func(s *Sections) { s.Kernel = content(append([]byte("MZ"), make([]byte, 100)...)) }, system.ErrInput, "no EFI stub"},
		{func(s *Sections) { s.Kernel = content(testKernel(0xaa64, 100)) }, system.ErrInput, "machine 0xaa64, and the EFI stub for amd64"},
		{func(s *Sections) { s.Kernel.Size++ }, system.ErrUnusable, "section .linux: the file has"},
		{func(s *Sections) { s.Kernel.Size-- }, system.ErrUnusable, "section .linux: the file has more than"},
		{func(s *Sections) { s.Initrd = long(2999) }, system.ErrUnusable, "has 2999 bytes, and not 3000"},
		{func(s *Sections) { s.Initrd = long(3001) }, system.ErrUnusable, "more than 3000 bytes"},
		{func(s *Sections) { s.Initrd.Size = 1 << 32 }, system.ErrInput, "larger than 4 GiB"},
		{func(s *Sections) { s.Initrd.Size = 1<<63 - 1 }, system.ErrInput, "larger than 4 GiB"},
		{func(s *Sections) { s.Initrd.Size = 0 }, system.ErrInput, "initrd is empty"},
		{func(s *Sections) { s.Initrd.ReaderAt = failing{} }, errDisk, "section .initrd"},
		{func(s *Sections) { s.OSRelease = "" }, system.ErrInput, "os-release"},
		{func(s *Sections) { s.OSRelease = "a\x00b" }, system.ErrInput, "os-release"},
		{func(s *Sections) { s.Cmdline = "a\nb" }, system.ErrInput, "command line has a character that is not printable ASCII, at byte 1"},
		{func(s *Sections) { s.Cmdline = strings.Repeat("a", 2048) }, system.ErrInput, "2048 bytes: kernels have room for 2047"},
		{func(s *Sections) { s.Uname = "6.1\x00" }, system.ErrInput, "kernel's version has"},
		{func(s *Sections) { s.SBAT = "seaworthy,x,a,b,c,d\n" }, system.ErrInput, "line 3 of .sbat"},
		{func(s *Sections) { s.SBAT = "seaworthy,1,a,b,c,d" }, system.ErrInput, "newline"},
	} {
		s := sections(0x8664)
		c.change(&s)
		err := Build(io.Discard, stub, s)
		if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("error %v, want one with %q", err, c.text)
		}
	}
	// All mistakes in the texts are reported at once.
	err := Build(io.Discard, stub, Sections{Cmdline: "\x01", Uname: "\x01"})
	if n := strings.Count(err.Error(), "\n"); n != 3 {
		t.Errorf("not all four mistakes: %v", err)
	}
}

var errDisk = errors.New("the disk is gone")

type failing struct{}

// ReadAt fails after two bytes.
func (failing) ReadAt(p []byte, at int64) (int, error) { return copy(p, "ab"[min(at, 2):]), errDisk }

// A stub whose first section follows its headers has no room for more.
func TestBuildNeedsRoomForSections(t *testing.T) {
	t.Parallel()
	rows := []row{{".text", 0x2000, testInfo}}
	for i := range 10 {
		rows = append(rows, row{".x" + string(rune('a'+i)), uint32(0x3000 + i*0x1000), "x"})
	}
	full := makePE(0x8664, 16, rows...)
	if len(read(t, build(t, full, sections(0x8664))).Sections) != 16 {
		t.Error("the headers did not grow to the first section")
	}
	rows[0].address = 0x400
	wantError(t, Build(io.Discard, mustStub(t, makePE(0x8664, 16, rows...)), sections(0x8664)), system.ErrUnusable, "no room for 16 sections")
}

func TestParseStubRefuses(t *testing.T) {
	t.Parallel()
	edit := func(change func(b []byte) []byte) []byte { return change(x64Stub()) }
	u32 := func(at int, v uint32) []byte {
		return edit(func(b []byte) []byte { binary.LittleEndian.PutUint32(b[at:], v); return b })
	}
	const opt, table = 0x80 + coffHeader, 0x80 + coffHeader + fullOptSize
	for _, c := range []struct {
		data []byte
		text string
	}{
		{nil, "does not begin with MZ"},
		{[]byte("\x7fELF"), "does not begin with MZ"},
		{[]byte("MZ"), "does not begin with MZ"},
		{u32(dosPEOffset, 1<<31), "PE header would be at offset 0x80000000"},
		{u32(dosPEOffset, 0x90), "no PE header at offset 0x90"},
		{edit(func(b []byte) []byte { b[0x80+coffMachine] = 0x4c; return b }), "only amd64 and arm64"},
		{edit(func(b []byte) []byte { b[opt+1] = 1; return b }), "not a PE32+ file"},
		{edit(func(b []byte) []byte { return b[:0x500] }), "the file is truncated"},
		{edit(func(b []byte) []byte { return b[:0x3ff] }), "the headers have 1024 bytes"},
		{u32(opt+optFileAlign, 3), "file alignment 0x3"},
		{u32(opt+optAlignment, 0), "section alignment 0x0"},
		{u32(opt+optHeaderSize, 0xffffffff), "the headers have 4294967295 bytes"},
		{u32(opt+optNumDirs, 17), "17 data directories"},
		{u32(opt+optImageSize, 0x2000), "and the image at 0x2000"},
		{u32(0x80+coffSections, 97), "97 sections"},
		{u32(0x80+coffSections, 40), "table of 40 sections does not fit"},
		{u32(table+20, 0x200), ".text at 0x200 overlaps the headers"},
		{u32(table+sectionHeader+20, 0x500), ".sbat at 0x500 overlaps section .text"},
		{u32(table+sectionHeader+12, 0x1100), "overlaps section .text in memory, at 0x1100"},
		{u32(table+12, 0xfffffff0), "and the image at"},
		{u32(table+16, 0xfffffff0), "the file is truncated"},
		{u32(table, 0x0a0a0a0a), "has the name"},
		{u32(opt+optDirs+dirSecurity*8+4, 100), "is not behind the sections"},
		{makePE(0x8664, 16, row{".text", 0x1000, "no systemd"}), "does not say that it is systemd's stub"},
		{build(t, x64Stub(), sections(0x8664)), "it is a whole image"},
		{make([]byte, MaxStub+1), "more than 4194304"},
	} {
		_, err := ParseStub(c.data)
		wantError(t, err, system.ErrUnusable, c.text)
	}
}

// Debian's stubs of systemd 252 and 257 tell their version and their .sbat.
func TestDebianStubs(t *testing.T) {
	t.Parallel()
	for name, machine := range map[string]uint16{"linuxx64.efi.stub": 0x8664, "linuxaa64.efi.stub": 0xaa64} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stub := debianStub(t, name)
			b := build(t, stub, sections(machine))
			info := read(t, b)
			if major(info.Stub) < 252 || !strings.HasPrefix(info.SBAT, "sbat,1,") || !strings.Contains(info.SBAT, "\nsystemd") {
				t.Errorf("version %q, .sbat %q", info.Stub, info.SBAT)
			}
			kernel, _ := info.Section(".linux")
			if kernel.Digest != digests.Of(testKernel(machine, 5000)) {
				t.Error("the kernel has another digest")
			}
		})
	}
}

// The memory that a build takes does not grow with the initrd.
func TestBuildStreams(t *testing.T) {
	const size = 300 << 20
	s := sections(0x8664)
	s.Initrd = &Content{io.NewSectionReader(zeros{}, 0, size), size}
	stub := mustStub(t, x64Stub())
	var before, after runtime.MemStats
	var n counter
	runtime.ReadMemStats(&before)
	if err := Build(&n, stub, s); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; n < size || used > 4<<20 {
		t.Errorf("%d bytes written, %d allocated", n, used)
	}
}

type zeros struct{}

func (zeros) ReadAt(p []byte, _ int64) (int, error) { clear(p); return len(p), nil }

type counter int64

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }
