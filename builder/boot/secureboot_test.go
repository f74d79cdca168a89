package boot

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// requireFirmware skips a test if the firmware is not installed.
func requireFirmware(t *testing.T, arch string) {
	t.Helper()
	fw, _ := FirmwareOf(arch)
	for _, path := range []string{fw.code, fw.secure, fw.Template} {
		if _, err := os.Stat(path); err != nil {
			t.Skipf("skipped: no %s; install Debian's %s", path, fw.Package)
		}
	}
}

// A program that the firmware refuses ends the machine, which would wait in a menu.
func TestFirmwareRefuses(t *testing.T) {
	requireFirmware(t, "amd64")
	for mode, want := range map[string]struct {
		kind error
		text string
	}{
		"denied":  {system.ErrMismatch, `refused to start Boot0001 "disk" from PciRoot(0x0): Access Denied`},
		"nothing": {system.ErrUnusable, "No bootable option"},
	} {
		o := options(t, mode)
		o.Firmware, o.Kernel, o.Initrd, o.Disk = EFI, nil, nil, o.Kernel
		if err := Run(context.Background(), o); !errors.Is(err, want.kind) || !strings.Contains(err.Error(), want.text) {
			t.Errorf("%s: %v", mode, err)
		}
	}
	// Without firmware, and when the kernel runs, the text means nothing.
	o := options(t, "another program")
	if err := Run(context.Background(), o); err != nil {
		t.Error(err)
	}
	o.Firmware = EFI
	if err := Run(context.Background(), o); err != nil {
		t.Error(err)
	}
}

// The machine gets its own copy of the variable store, and firmware that enforces
// Secure Boot.
func TestSecureBootDevices(t *testing.T) {
	t.Parallel()
	requireFirmware(t, "amd64")
	o := Options{Arch: "amd64", Disk: os.Stdin, Firmware: EFI, SecureBoot: []byte("store")}
	devices, err := o.devices()
	if err != nil {
		t.Fatal(err)
	}
	code, vars := devices[1].file, devices[2].file
	defer code.Close()
	defer vars.Close()
	got, err := io.ReadAll(io.NewSectionReader(vars, 0, 1<<20))
	if err != nil || string(got) != "store" || !strings.HasSuffix(code.Name(), ".secboot.fd") {
		t.Errorf("firmware %s with variables %q (%v)", code.Name(), got, err)
	}
	a, err := o.args(devices)
	if text := strings.Join(a, " "); err != nil || !strings.Contains(text, "q35,smm=on") || !strings.Contains(text, "property=secure,value=on") {
		t.Errorf("%q, %v", text, err)
	}
	o.Firmware = ""
	if _, err := Start(context.Background(), o); !errors.Is(err, system.ErrInput) {
		t.Errorf("Secure Boot with a BIOS: %v", err)
	}
}
