package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/boot"
	"github.com/seaworthy-os/seaworthy/builder/image"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
)

// TestSecureBoot: firmware that enforces Secure Boot starts an image that is signed
// with our key, up to the answers of its services. It refuses an unsigned image, and
// one that is signed with another key.
func TestSecureBoot(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	s.needsFirmware()
	s.locked()
	s.enrol("theirs")
	ours := s.enrol("ours")
	s.refused(s.build("unsigned", []string{"iso-efi"}), ours)
	formats := []string{"raw-efi-verity"}
	if allBoots() {
		formats = slices.DeleteFunc(bootFormats(), func(f string) bool { return !slices.Contains(image.Formats(image.HoldsUKI), f) })
		s.refused(s.build("foreign", []string{"raw-efi"}, s.signed("theirs")...), ours)
	}
	for i, group := range together(formats) {
		out := s.build(fmt.Sprint("signed", i), group, s.signed("ours")...)
		s.bare(cli.ExitPass, "verify", "--key", s.path("seaworthy.pub"), "--secure-boot-cert", s.path("ours/db.pem"), out)
		s.boots(out, group, ours...)
	}
}

// TestBootARM64 boots the example for arm64 to the answers of its services: directly,
// and under firmware with and without Secure Boot.
func TestBootARM64(t *testing.T) {
	t.Parallel()
	if !allBoots() {
		t.Skip("skipped: boots five machines; run `make test-boot`")
	}
	const tools = "../../dist/tools/arm64"
	s := newSystemFor(t, "arm64")
	s.needsFirmware()
	if _, err := os.Stat(tools); err != nil {
		t.Skip("skipped: no EFI stub for arm64; run `make efi ARCH=arm64`")
	}
	s.locked()
	s.hardened(s.path("minimal.yml"), "minimal.arm64.waivers.yml")
	ours := s.enrol("ours")
	signed := append(s.signed("ours"), "--tools", tools)
	s.refused(s.build("unsigned", []string{"uki"}, "--tools", tools), ours)

	out := s.build("out", []string{"kernel+initrd", "iso-efi", "raw-efi", "uki"}, signed...)
	s.boots(out, []string{"kernel+initrd", "raw-efi"})
	s.boots(out, []string{"iso-efi", "uki"}, ours...)
	s.boots(s.build("verity", []string{"raw-efi-verity"}, signed...), []string{"raw-efi-verity"}, ours...)
}

// needsFirmware skips the test if the emulator or its firmware is missing.
func (s *realSystem) needsFirmware() {
	s.t.Helper()
	fw, _ := boot.FirmwareOf(s.arch)
	if _, err := os.Stat(fw.Template); err != nil {
		s.t.Skipf("skipped: no %s; install Debian's %s", fw.Template, fw.Package)
	}
	s.needs(emulators[s.arch])
}

// needs skips the test if a program is missing.
func (s *realSystem) needs(programs ...string) {
	s.t.Helper()
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			s.t.Skipf("skipped: %s is not installed", program)
		}
	}
}

// enrol makes keys for Secure Boot, and gives the flags of boot with which firmware
// accepts only these.
func (s *realSystem) enrol(name string) []string {
	s.t.Helper()
	s.bare(cli.ExitPass, "key", "generate", "--secure-boot", "--arch", s.arch, "--output-dir", s.path(name))
	store, err := filepath.Glob(s.path(name + "/*_VARS.fd"))
	if err != nil || len(store) != 1 {
		s.t.Fatal(store, err)
	}
	return []string{"--secure-boot", "--secure-boot-vars", store[0]}
}

// signed are the flags of build that sign with the keys that enrol has made.
func (s *realSystem) signed(name string) []string {
	return []string{"--secure-boot-key", s.path(name + "/db.key"), "--secure-boot-cert", s.path(name + "/db.pem")}
}

// refused boots an image that firmware must not start.
func (s *realSystem) refused(out string, enforced []string) {
	s.t.Helper()
	args := append([]string{"boot", "--key", s.path("seaworthy.pub"), out}, enforced...)
	if text := s.bare(cli.ExitVerify, args...); !strings.Contains(text, "the firmware refused to start") || !strings.Contains(text, "Access Denied") {
		s.t.Errorf("%s:\n%s", out, text)
	}
}
