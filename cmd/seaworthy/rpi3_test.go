package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
)

// rpi3System uses few components: QEMU's machine has no network that our kernel knows.
const rpi3System = `kernel: {image: "seaworthy/kernel-rpi3:6.1", cmdline: "console=ttyS1,115200"}
init: ["seaworthy/init:0.1", "seaworthy/crun:1.8"]
services: [{name: report, image: "seaworthy/report:0.1", readonly: true}]
`

// TestRPi3 boots the format rpi3 from an SD card on QEMU's Raspberry Pi 3, up to its
// service. QEMU starts U-Boot in place of the board's firmware; U-Boot runs our script.
func TestRPi3(t *testing.T) {
	if os.Getenv("SEAWORTHY_BOOT") != "rpi3" {
		t.Skip("skipped: needs a kernel for the board; run `make test-rpi3`")
	}
	s := newSystemFor(t, "arm64")
	s.needs(emulators[s.arch], "mkfs.vfat", "sfdisk", "mcopy")
	firmware := s.path("firmware")
	if err := os.Mkdir(firmware, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"bootcode.bin", "start.elf", "fixup.dat"} {
		if err := os.WriteFile(filepath.Join(firmware, name), []byte("QEMU does not read it"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(s.path("os.yml"), []byte(rpi3System), 0o600); err != nil {
		t.Fatal(err)
	}
	s.bare(cli.ExitPass, "build", "--components", "../../dist/rpi3", "--offline", "--arch", s.arch, "--unsigned", "--fail-on", "none",
		"--tools", firmware, "--tools", "../../dist/tools/rpi3", "--format", "rpi3", "--output-dir", s.path("out"), s.path("os.yml"))

	// docs/images.md has these commands.
	script := exec.CommandContext(t.Context(), "sh", "-ec", `
		mkdir card
		tar -xf out/os.tar -C card --no-same-owner
		truncate -s 256M card.img
		echo '2048,,c,*' | sfdisk -q card.img
		mkfs.vfat -F 32 --offset 2048 card.img $((255 * 1024))
		mcopy -s -i card.img@@1M card/* ::/`)
	script.Dir = s.dir
	if out, err := script.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	console := &console{last: time.Now()}
	qemu := exec.CommandContext(ctx, emulators[s.arch], "-M", "raspi3b", "-kernel", "card/u-boot.bin", "-dtb", "card/bcm2837-rpi-3-b.dtb",
		"-drive", "if=sd,format=raw,file=card.img", "-display", "none", "-no-reboot", "-serial", "null", "-serial", "stdio")
	qemu.Dir, qemu.Stdout, qemu.Stderr = s.dir, console, console
	if err := qemu.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- qemu.Wait() }()
	for !strings.Contains(console.String(), "report: listening on") {
		select {
		case err := <-ended:
			t.Fatalf("the machine ended: %v\n%s", err, console)
		case <-time.After(time.Second):
		}
		if console.quiet() > silence {
			t.Fatalf("the service does not start\n%s", console)
		}
	}
	stop()
	if err := <-ended; err == nil { // else it was killed on purpose
		t.Error("the machine ended by itself")
	}
	for _, want := range []string{"Executing script", "ready: 1 of 1 services started"} {
		if !strings.Contains(console.String(), want) {
			t.Errorf("the console does not show %q\n%s", want, console)
		}
	}
}
