package main

import (
	"os"
	"path/filepath"
	"testing"
)

// The largest sizes of minimal.yml and web.yml for amd64, in bytes of all files of a
// format. README.md and docs/images.md name the sizes.
var (
	usualSizes = map[string]int64{"iso-efi": 20_000_000, "kernel+initrd": 19_400_000}
	smallSizes = map[string]int64{"iso-efi": 16_500_000, "kernel+initrd": 15_900_000}
	webSizes   = map[string]int64{"kernel+initrd": 39_000_000}
)

var sizedFiles = map[string][]string{"iso-efi": {"-efi.iso"}, "kernel+initrd": {"-kernel", "-initrd.img", "-cmdline"}}

// size is that of all files of a format of a system, in bytes.
func (s *realSystem) size(dir, name, format string) (size int64) {
	s.t.Helper()
	for _, ending := range sizedFiles[format] {
		info, err := os.Stat(filepath.Join(dir, name+ending))
		if err != nil {
			s.t.Fatal(err)
		}
		size += info.Size()
	}
	return size
}

// fits checks the size of a format of a system.
func (s *realSystem) fits(dir, name, format string, limits map[string]int64) {
	s.t.Helper()
	if size := s.size(dir, name, format); size == 0 || size > limits[format] {
		s.t.Errorf("%s: %d bytes, the limit is %d", format, size, limits[format])
	}
}

// TestSmall builds the example with --small, and boots it.
func TestSmall(t *testing.T) {
	t.Parallel()
	if !allBoots() {
		t.Skip("skipped: compresses for a minute; `make test-boot` runs it")
	}
	s := newSystem(t)
	s.locked()
	out := s.build("small", []string{"kernel+initrd", "iso-efi"}, "--small")
	for format := range sizedFiles {
		s.fits(out, "minimal", format, smallSizes)
	}
	s.boots(out, []string{"kernel+initrd"})
}
