package main

import (
	"fmt"
	"os"
	"os/exec"
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
	s := newSystem(t)
	fw, _ := boot.FirmwareOf("amd64")
	if _, err := os.Stat(fw.Template); err != nil {
		t.Skipf("skipped: no %s; install Debian's %s", fw.Template, fw.Package)
	}
	if _, err := exec.LookPath("qemu-system-x86_64"); err != nil {
		t.Skip("skipped: no qemu-system-x86_64; install Debian's qemu-system-x86")
	}
	yml := s.path("minimal.yml")
	s.run(cli.ExitPass, "lock", yml)
	s.bare(cli.ExitPass, "key", "generate", "--output-dir", s.dir)
	for _, name := range []string{"ours", "theirs"} {
		s.bare(cli.ExitPass, "key", "generate", "--secure-boot", "--arch", "amd64", "--output-dir", s.path(name))
	}
	build := func(out string, formats []string, keys string) {
		args := []string{"--locked", "--key", s.path("seaworthy.key"), "--format", strings.Join(formats, ","), "--output-dir", s.path(out), yml}
		if keys != "" {
			args = append(args, "--secure-boot-key", s.path(keys+"/db.key"), "--secure-boot-cert", s.path(keys+"/db.pem"))
		}
		s.run(cli.ExitPass, "build", args...)
	}
	enforced := []string{"--secure-boot", "--secure-boot-vars", s.path("ours/OVMF_VARS.fd")}
	refused := func(out string) {
		args := append([]string{"boot", "--key", s.path("seaworthy.pub"), s.path(out)}, enforced...)
		if text := s.bare(cli.ExitVerify, args...); !strings.Contains(text, "the firmware refused to start") || !strings.Contains(text, "Access Denied") {
			t.Errorf("%s:\n%s", out, text)
		}
	}
	build("unsigned", []string{"iso-efi"}, "")
	refused("unsigned")
	formats := []string{"raw-efi-verity"}
	if os.Getenv("SEAWORTHY_BOOT") == "all" {
		formats = image.Formats(image.Bootable, image.HoldsUKI)
		build("foreign", []string{"raw-efi"}, "theirs")
		refused("foreign")
	}
	for i, group := range together(formats) {
		out := fmt.Sprint("signed", i)
		build(out, group, "ours")
		s.bare(cli.ExitPass, "verify", "--key", s.path("seaworthy.pub"), "--secure-boot-cert", s.path("ours/db.pem"), s.path(out))
		for _, f := range group {
			s.boots(s.path(out), f, enforced...)
		}
	}
}
