package boot

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// qemu skips a test without QEMU.
func qemu(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("qemu-system-x86_64"); err != nil {
		t.Skip("qemu-system-x86_64 is not installed")
	}
}

// probeMachine runs the sector that tests KVM.
func probeMachine(t *testing.T, change func(*Options)) error {
	t.Helper()
	disk, err := memory(bytes.NewReader(probe()))
	if err != nil {
		t.Fatal(err)
	}
	defer disk.Close()
	var console bytes.Buffer
	o := Options{Disk: disk, Arch: "amd64", Memory: 64, Isolated: true, Console: &console, Ready: func(line string) bool { return strings.Contains(line, probeText) }}
	change(&o)
	if err = Run(t.Context(), o); err == nil && !strings.Contains(console.String(), probeText) {
		t.Errorf("console %q", console.String())
	}
	return err
}

// The sector runs in emulation: if it does not run with KVM, KVM is the reason.
func TestProbeRuns(t *testing.T) {
	t.Parallel()
	qemu(t)
	if err := probeMachine(t, func(*Options) {}); err != nil {
		t.Error(err)
	}
}

// Auto never fails because of KVM, and names the reason for emulation.
func TestChooseAccel(t *testing.T) {
	t.Parallel()
	other := map[string]string{"amd64": "arm64"}[runtime.GOARCH]
	if other == "" {
		other = "amd64"
	}
	if accel, why, err := ChooseAccel(t.Context(), other, ""); accel != TCG || why == "" || err != nil {
		t.Errorf("another architecture: %s, %q, %v", accel, why, err)
	}
	accel, why, err := ChooseAccel(t.Context(), "", "no-such-qemu")
	if accel != TCG || why == "" || err != nil {
		t.Errorf("no QEMU: %s, %q, %v", accel, why, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0); err == nil && runtime.GOARCH == "amd64" {
		if _, _, err := ChooseAccel(ctx, "", ""); !errors.Is(err, context.Canceled) {
			t.Errorf("ended: %v", err)
		}
	}
}

// The TPM works, keeps its state in a relative folder, and ends with the machine.
func TestTPM(t *testing.T) {
	qemu(t)
	if _, err := exec.LookPath("swtpm"); err != nil {
		t.Skip("swtpm is not installed")
	}
	t.Chdir(t.TempDir())
	if err := os.Mkdir("state", 0o700); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := probeMachine(t, func(o *Options) { o.TPM, o.TPMState = true, "state" }); err != nil {
			t.Fatal(err)
		}
		if list, err := os.ReadDir("state"); err != nil || len(list) == 0 {
			t.Errorf("state: %v, %v", list, err)
		}
	}
	t.Setenv("TMPDIR", t.TempDir())
	if err := probeMachine(t, func(o *Options) { o.TPM = true }); err != nil {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(filepath.Join(os.TempDir(), "seaworthy-tpm-*")); err != nil || len(left) > 0 {
		t.Errorf("%q is left, %v", left, err)
	}
	for want, change := range map[string]func(*Options){
		"has no TPM": func(o *Options) { o.TPM, o.Arch = true, "riscv64" },
		"no-folder":  func(o *Options) { o.TPM, o.TPMState = true, "no-folder" },
	} {
		if err := probeMachine(t, change); !errors.Is(err, system.ErrInput) && !errors.Is(err, system.ErrUnusable) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// The second disk is writable, and firmware does not boot from it. Two machines cannot
// use it at once.
func TestDataDisk(t *testing.T) {
	t.Parallel()
	qemu(t)
	open := func() *os.File {
		f, err := os.OpenFile(filepath.Join(t.TempDir(), "data"), os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	data := open()
	if _, err := data.Write(probe()); err != nil {
		t.Fatal(err)
	}
	empty := open()
	if err := empty.Truncate(1 << 20); err != nil {
		t.Fatal(err)
	}
	if err := probeMachine(t, func(o *Options) { o.Data = empty }); err != nil {
		t.Error(err)
	}
	args, err := (&Options{Arch: "amd64", Disk: empty, Data: data}).args([]device{})
	if err != nil || len(args) == 0 {
		t.Fatal(err)
	}
	list, err := (&Options{Arch: "amd64", Disk: empty, Data: data}).devices()
	if err != nil || len(list) != 2 {
		t.Fatalf("%d devices, %v", len(list), err)
	}
	text := strings.Join(list[1].args(5), " ")
	if strings.Contains(text, "readonly") || strings.Contains(text, "bootindex") || !strings.Contains(text, "-boot strict=on") || !strings.Contains(text, "file="+fdPath(5)) || strings.Contains(text, "snapshot") {
		t.Error(text)
	}
	if list, err = (&Options{Arch: "amd64", Data: data, KeepData: true}).devices(); err != nil || !strings.Contains(strings.Join(list[0].args(5), " "), "format=raw,snapshot=on") {
		t.Errorf("a disk that stays as it is: %v, %v", list[0].args(5), err)
	}
}

// A second machine with the same disk fails, and the error says what to do.
func TestDataDiskInUse(t *testing.T) {
	t.Parallel()
	qemu(t)
	p := filepath.Join(t.TempDir(), "data")
	open := func() *os.File {
		f, err := os.OpenFile(p, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		if err := f.Truncate(1 << 20); err != nil {
			t.Fatal(err)
		}
		return f
	}
	disk, err := memory(bytes.NewReader(probe()))
	if err != nil {
		t.Fatal(err)
	}
	defer disk.Close()
	m, err := Start(t.Context(), Options{Disk: disk, Data: open(), Arch: "amd64", Memory: 64, Isolated: true, Ready: func(line string) bool { return strings.Contains(line, probeText) }})
	if err != nil {
		t.Fatal(err)
	}
	<-m.Ready()
	second := probeMachine(t, func(o *Options) { o.Data = open() })
	m.Kill()
	if err := m.Wait(); err != nil {
		t.Error(err)
	}
	var e *system.Error
	if !errors.As(second, &e) || !strings.Contains(e.Next, "another machine uses the disk") {
		t.Errorf("%v", second)
	}
}
