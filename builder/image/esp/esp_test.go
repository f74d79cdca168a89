package esp

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/image/disk"
)

const path = "EFI/BOOT/BOOTX64.EFI"

var (
	day     = time.Date(2026, 11, 30, 12, 34, 56, 0, time.UTC)
	program = bytes.Repeat([]byte("program "), 10_000)
)

// partitionOf is a file system with the program.
func partitionOf(t testing.TB, bits int) []byte {
	t.Helper()
	fat := disk.FAT{Bits: bits, Serial: 1, Label: "TEST", Time: day, Hidden: disk.Alignment / 512, Files: []disk.File{disk.Bytes(path, program), disk.Bytes("a.txt", []byte("x"))}}
	size, err := fat.Size()
	if err != nil {
		t.Fatal(err)
	}
	f := create(t)
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	if err := fat.Write(f); err != nil {
		t.Fatal(err)
	}
	return contents(t, f)
}

func create(t testing.TB) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "image"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func contents(t testing.TB, f *os.File) []byte {
	t.Helper()
	b, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func diskOf(t testing.TB) []byte {
	t.Helper()
	esp := partitionOf(t, 32)
	parts := []disk.Partition{{Name: "EFI system", Type: disk.TypeESP, ID: disk.GUID("esp", nil), Size: int64(len(esp))}}
	total := disk.Lay(parts)
	f := create(t)
	if err := disk.WriteGPT(f, total, disk.GUID("disk", nil), parts); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(esp, parts[0].Start); err != nil {
		t.Fatal(err)
	}
	return contents(t, f)
}

func isoOf(t testing.TB) []byte {
	t.Helper()
	f := create(t)
	if _, err := (disk.ISO{Label: "TEST", Time: day, DiskID: disk.GUID("disk", nil), PartitionID: disk.GUID("esp", nil),
		Files: []disk.File{disk.Bytes("boot/efi.img", partitionOf(t, 16))},
		Boot:  []disk.BootImage{{Path: "boot/efi.img", Platform: disk.PlatformEFI}}}).Write(f); err != nil {
		t.Fatal(err)
	}
	return contents(t, f)
}

type finder func(io.ReaderAt, int64, string) (*io.SectionReader, error)

func found(b []byte, find finder, path string) ([]byte, error) {
	r, err := find(bytes.NewReader(b), int64(len(b)), path)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func TestFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		image []byte
		find  finder
	}{"disk": {diskOf(t), Program}, "ISO": {isoOf(t), ProgramOnISO}, "ISO as a disk": {isoOf(t), Program}} {
		if got, err := found(c.image, c.find, path); err != nil || !bytes.Equal(got, program) {
			t.Errorf("%s: %d bytes, want %d (%v)", name, len(got), len(program), err)
		}
		for _, missing := range []string{"EFI/BOOT/BOOTAA64.EFI", "EFI/BOOT", "A.TXT/X", "", "EFI"} {
			if _, err := found(c.image, c.find, missing); err == nil {
				t.Errorf("%s: %q was found", name, missing)
			}
		}
	}
}

// What a build does not write is refused: there could be a second program.
func TestRefused(t *testing.T) {
	t.Parallel()
	good := diskOf(t)
	at := func(text string) int { return bytes.Index(good, []byte(text)) }
	const start = disk.Alignment
	table := start + int(binary.LittleEndian.Uint16(good[start+14:]))*sector
	dir := at("BOOTX64 EFI")
	first := int(binary.LittleEndian.Uint16(good[dir+20:]))<<16 | int(binary.LittleEndian.Uint16(good[dir+26:]))
	for name, change := range map[string]func([]byte){
		"two partitions":       func(b []byte) { copy(b[2*sector+128:], b[2*sector:2*sector+128]) },
		"no partition":         func(b []byte) { b[2*sector] ^= 1 },
		"no table":             func(b []byte) { b[sector] ^= 1 },
		"table behind the end": func(b []byte) { binary.LittleEndian.PutUint64(b[sector+72:], 1<<60) },
		"partition behind":     func(b []byte) { binary.LittleEndian.PutUint64(b[2*sector+40:], 1<<62) },
		"backwards":            func(b []byte) { binary.LittleEndian.PutUint64(b[2*sector+32:], 1<<20) },
		"sectors of 1024":      func(b []byte) { binary.LittleEndian.PutUint16(b[start+11:], 1024) },
		"no clusters":          func(b []byte) { b[start+13] = 0 },
		"few clusters":         func(b []byte) { b[start+13] = 128 },
		"in two pieces":        func(b []byte) { binary.LittleEndian.PutUint32(b[table+4*(first+1):], uint32(first+9)) },
		"loop":                 func(b []byte) { binary.LittleEndian.PutUint32(b[table+4*first:], uint32(first)) },
		"too short":            func(b []byte) { binary.LittleEndian.PutUint32(b[table+4*first:], 0x0fffffff) },
		"size":                 func(b []byte) { binary.LittleEndian.PutUint32(b[dir+28:], 0xffffffff) },
		"empty":                func(b []byte) { clear(b[dir+20 : dir+32]) },
		"cluster behind":       func(b []byte) { binary.LittleEndian.PutUint16(b[dir+20:], 0x0fff) },
		"twice":                func(b []byte) { copy(b[dir+32:], b[dir:dir+32]) },
		"a folder":             func(b []byte) { b[dir+11] |= 0x10 },
	} {
		b := bytes.Clone(good)
		change(b)
		if _, err := found(b, Program, path); err == nil {
			t.Errorf("%s: not refused", name)
		}
	}
}

// A CD must start the same program as the disk, and have no entry for a BIOS.
func TestRefusedISO(t *testing.T) {
	t.Parallel()
	good := isoOf(t)
	catalog := int(binary.LittleEndian.Uint32(good[17*block+71:])) * block
	for name, change := range map[string]func([]byte){
		"no record":     func(b []byte) { b[17*block] = 1 },
		"for a BIOS":    func(b []byte) { b[catalog+1] = 0 },
		"two entries":   func(b []byte) { b[catalog+64] = 0x91 },
		"another place": func(b []byte) { b[catalog+40]++ },
		"behind":        func(b []byte) { binary.LittleEndian.PutUint32(b[catalog+40:], 1<<31) },
		"catalog":       func(b []byte) { binary.LittleEndian.PutUint32(b[17*block+71:], 1<<31) },
		"as a disk":     func(b []byte) { b[sector] ^= 1 },
	} {
		b := bytes.Clone(good)
		change(b)
		if _, err := found(b, ProgramOnISO, path); err == nil {
			t.Errorf("%s: not refused", name)
		}
	}
}

// FuzzProgram: no bytes make the reader fail in another way than with an error.
func FuzzProgram(f *testing.F) {
	for _, b := range [][]byte{diskOf(f), isoOf(f)} {
		f.Add(b[:64<<10], uint32(0), byte(0))
		f.Add(b, uint32(disk.Alignment+13), byte(1))
	}
	f.Fuzz(func(_ *testing.T, b []byte, at uint32, change byte) {
		if len(b) > 0 {
			b[int(at)%len(b)] ^= change
		}
		_, _ = found(b, Program, path)
		_, _ = found(b, ProgramOnISO, path)
	})
}
