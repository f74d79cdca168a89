// Package petest makes small EFI programs for tests: valid PE files that do
// nothing.
package petest

import (
	"encoding/binary"
	"strings"
)

// Machines by the Go name of their architecture.
var machines = map[string]uint16{"amd64": 0x8664, "arm64": 0xaa64}

const (
	peAt, headers = 0x80, 0x400
	fileAlign     = 512
)

// Program is a program of about n bytes for amd64 or arm64. Its headers leave
// room for more sections, as those of systemd's stub do.
func Program(arch string, n int) []byte {
	b := make([]byte, headers)
	u16 := func(at int, v uint16) { binary.LittleEndian.PutUint16(b[at:], v) }
	u32 := func(at int, v uint32) { binary.LittleEndian.PutUint32(b[at:], v) }
	text := []byte(strings.Repeat("program ", n/8+1))
	raw := make([]byte, (len(text)+fileAlign-1)/fileAlign*fileAlign)
	copy(raw, text)
	copy(b, "MZ")
	u32(0x3c, peAt)
	copy(b[peAt:], "PE\x00\x00")
	u16(peAt+4, machines[arch])
	u16(peAt+6, 1)         // sections
	u16(peAt+20, 112+16*8) // size of the optional header with 16 directories
	u16(peAt+22, 0x0206)
	const opt = peAt + 24
	u16(opt, 0x20b)
	u32(opt+4, uint32(len(raw)))
	u32(opt+16, 0x1000) // entry point
	u32(opt+20, 0x1000)
	u32(opt+32, 0x1000) // alignment of sections
	u32(opt+36, fileAlign)
	u32(opt+56, uint32(0x1000+(len(raw)+0xfff)/0x1000*0x1000))
	u32(opt+60, headers)
	u16(opt+68, 10) // EFI application
	u32(opt+108, 16)
	const sec = opt + 112 + 16*8
	copy(b[sec:], ".text")
	u32(sec+8, uint32(len(text)))
	u32(sec+12, 0x1000)
	u32(sec+16, uint32(len(raw)))
	u32(sec+20, headers)
	u32(sec+36, 0x60000020)
	return append(b, raw...)
}

// Stub is a program that names itself as systemd's stub does.
func Stub(arch string) []byte {
	const sbat = "sbat,1,SBAT Version,sbat,1,https://example.test/SBAT.md\nstub,1,Test,stub,1,https://example.test\n"
	return append(Program(arch, 3000), "\x00"+sbat+"\x00#### LoaderInfo: systemd-stub 252 ####"...)
}
