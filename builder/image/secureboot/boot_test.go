package secureboot

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/u-root/u-root/pkg/cpio"

	"github.com/seaworthy-os/seaworthy/builder/component"
	"github.com/seaworthy-os/seaworthy/builder/image/uki"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// asInit is the argument by which the test program knows that it is PID 1 of a
// machine that a test boots.
const asInit = "init-of-a-test"

// TestMain: as init the test program says so, tells what the TPM has measured,
// and powers off.
func TestMain(m *testing.M) {
	if os.Getpid() != 1 || len(os.Args) != 2 || os.Args[1] != asInit {
		os.Exit(m.Run())
	}
	_ = syscall.Mkdir("/sys", 0o755)
	_ = syscall.Mount("sysfs", "/sys", "sysfs", 0, "")
	fmt.Printf("\ninit runs\n")
	for _, n := range predicted {
		pcr, _ := os.ReadFile(fmt.Sprintf("/sys/class/tpm/tpm0/pcr-sha256/%d", n))
		fmt.Printf("PCR %d: %s\n", n, strings.TrimSpace(string(pcr)))
	}
	_ = syscall.Reboot(syscall.LINUX_REBOOT_CMD_POWER_OFF)
}

// predicted are the registers of a TPM that are predicted.
var predicted = []int{4, 7, 9, 11}

// bootTime is far more than a boot takes on a slow machine.
const bootTime = 10 * time.Minute

// platform is an architecture, and what Debian has to boot it.
type platform struct {
	qemu, qemuPackage, cpu, stub, esp      string
	firmware, store, firmwarePackage, disk string
	args                                   []string
	tpm                                    bool
}

var amd64 = platform{
	qemu: "qemu-system-x86_64", qemuPackage: "qemu-system-x86", cpu: "max", stub: "linuxx64.efi.stub", esp: "BOOTX64.EFI",
	firmware: "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd", store: "/usr/share/OVMF/OVMF_VARS_4M.fd", firmwarePackage: "ovmf",
	disk: "virtio-blk-pci,drive=esp",
	args: []string{"-machine", "q35,smm=on", "-global", "driver=cfi.pflash01,property=secure,value=on"}, tpm: true,
}

var arm64 = platform{
	qemu: "qemu-system-aarch64", qemuPackage: "qemu-system-arm", cpu: "max,pauth-impdef=on", stub: "linuxaa64.efi.stub", esp: "BOOTAA64.EFI",
	firmware: "/usr/share/AAVMF/AAVMF_CODE.fd", store: "/usr/share/AAVMF/AAVMF_VARS.snakeoil.fd", firmwarePackage: "qemu-efi-aarch64",
	disk: "virtio-blk-device,drive=esp", args: []string{"-machine", "virt"},
}

// machine is one that enforces Secure Boot with the keys of a test.
type machine struct {
	platform
	t     *testing.T
	dir   string
	keys  *Keys
	stub  *uki.Stub
	empty []byte
	// files are more files for the disk that firmware starts from.
	files map[string][]byte
}

// newMachine reads what a boot needs, or skips the test.
func newMachine(t *testing.T, p platform) *machine {
	t.Helper()
	if os.Getenv("SEAWORTHY_BOOT") != "all" {
		t.Skip("skipped: boots machines; run `make test-boot`")
	}
	if _, err := exec.LookPath(p.qemu); err != nil {
		t.Skipf("skipped: no %s; install Debian's %s", p.qemu, p.qemuPackage)
	}
	file := func(pkg string, paths ...string) []byte {
		for _, path := range paths {
			if b, err := os.ReadFile(path); err == nil {
				return b
			}
		}
		t.Skipf("skipped: no %s; install Debian's %s", paths[len(paths)-1], pkg)
		return nil
	}
	file(p.firmwarePackage, p.firmware)
	stub, err := uki.ParseStub(file("systemd-boot-efi", "../../../dist/tools/arm64/"+p.stub, "/usr/lib/systemd/boot/efi/"+p.stub))
	if err != nil {
		t.Fatal(err)
	}
	return &machine{p, t, t.TempDir(), testKeys(), stub, file(p.firmwarePackage, p.store), map[string][]byte{}}
}

// of is the machine of a subtest.
func (m *machine) of(t *testing.T) *machine {
	one := *m
	one.t = t
	return &one
}

// image is an unsigned image with this kernel.
func (m *machine) image(kernel, initrd []byte, cmdline string) []byte {
	m.t.Helper()
	content := func(b []byte) *uki.Content { return &uki.Content{ReaderAt: bytes.NewReader(b), Size: int64(len(b))} }
	var out bytes.Buffer
	if err := uki.Build(&out, m.stub, uki.Sections{OSRelease: "ID=test\n", Cmdline: cmdline, Uname: "6.1.0-test",
		SBAT: "seaworthy,1,Seaworthy,seaworthy,1,https://example.test\n", Kernel: content(kernel), Initrd: content(initrd)}); err != nil {
		m.t.Fatal(err)
	}
	return out.Bytes()
}

func (m *machine) sign(image []byte, k *uki.KeyPair) []byte {
	m.t.Helper()
	var out bytes.Buffer
	if err := uki.Sign(m.t.Context(), &out, bytes.NewReader(image), int64(len(image)), k); err != nil {
		m.t.Fatal(err)
	}
	return out.Bytes()
}

// changed is an image in which the last byte of a section differs.
func (m *machine) changed(image []byte, section string) []byte {
	m.t.Helper()
	info, err := uki.Read(bytes.NewReader(image), int64(len(image)))
	if err != nil {
		m.t.Fatal(err)
	}
	s, ok := info.Section(section)
	if !ok {
		m.t.Fatalf("the image has no section %s", section)
	}
	out := bytes.Clone(image)
	out[s.Offset+s.Size-1]++
	return out
}

// variables is a variable store of this machine.
func (m *machine) variables(e Enrolment) []byte {
	m.t.Helper()
	vars, err := e.Variables()
	if err != nil {
		m.t.Fatal(err)
	}
	s, err := VariableStore(m.empty, vars, testTime)
	if err != nil {
		m.t.Fatal(err)
	}
	return s
}

// componentKernel is the kernel of our component image for an architecture.
func componentKernel(t *testing.T, arch string) []byte {
	t.Helper()
	const layout = "../../../dist/components"
	if _, err := os.Stat(layout); err != nil {
		t.Skip("skipped: no components; run `make components` or `make test`")
	}
	s, err := component.Open(component.Options{Paths: []string{layout}, Offline: true, Arch: arch})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	img, err := s.Find(t.Context(), "docker.io/seaworthy/kernel:6.1", system.Position{})
	if err != nil {
		t.Fatal(err)
	}
	var k kernelSink
	if err := s.Pass(t.Context(), img, component.PassOptions{}, &k); err != nil {
		t.Fatal(err)
	}
	return k.Bytes()
}

type kernelSink struct{ bytes.Buffer }

func (k *kernelSink) Entry(e *system.Entry) (io.WriteCloser, error) {
	if e.Path == "kernel" && !e.Shadowed {
		return k, nil
	}
	return nil, nil
}

func (*kernelSink) Close() error  { return nil }
func (*kernelSink) Finish() error { return nil }

// testInitrd has this program as init.
func testInitrd(t *testing.T) []byte {
	t.Helper()
	program, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := cpio.Newc.Writer(&b)
	if err := cpio.WriteRecords(w, []cpio.Record{cpio.Directory("dev", 0o755), cpio.CharDev("dev/console", 0o600, 5, 1), cpio.StaticFile("init", string(program), 0o755)}); err != nil {
		t.Fatal(err)
	}
	if err := cpio.WriteTrailer(w); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// boot starts image under firmware with the store, until one of the texts is on
// the console, and returns that one.
func (m *machine) boot(name string, image, store []byte, texts ...string) (found, console string) {
	m.t.Helper()
	dir := filepath.Join(m.dir, name)
	esp := filepath.Join(dir, "esp", "EFI", "BOOT")
	if err := os.MkdirAll(esp, 0o700); err != nil {
		m.t.Fatal(err)
	}
	writeFile(m.t, filepath.Join(esp, m.esp), image)
	for name, data := range m.files {
		path := filepath.Join(dir, "esp", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			m.t.Fatal(err)
		}
		writeFile(m.t, path, data)
	}
	vars := filepath.Join(dir, "vars.fd")
	writeFile(m.t, vars, store)
	ctx, cancel := context.WithTimeout(m.t.Context(), bootTime)
	defer cancel()
	args := append([]string{}, m.args...)
	args = append(args, "-accel", "tcg,thread=multi", "-cpu", m.cpu, "-m", "512", "-nodefaults", "-no-user-config",
		"-no-reboot", "-display", "none", "-serial", "stdio", "-monitor", "none",
		"-drive", "if=pflash,format=raw,unit=0,readonly=on,file="+m.firmware, "-drive", "if=pflash,format=raw,unit=1,file="+vars,
		"-drive", "if=none,id=esp,format=raw,readonly=on,file=fat:"+filepath.Join(dir, "esp"), "-device", m.disk)
	cmd := exec.CommandContext(ctx, m.qemu, append(args, m.startTPM(ctx, dir)...)...)
	w := &watcher{texts: texts, done: cancel}
	cmd.Stdout, cmd.Stderr = w, w
	err := cmd.Run()
	if err == nil && w.found == "" && slices.Contains(texts, restarts) {
		return restarts, w.all.String()
	}
	if w.found == "" {
		m.t.Fatalf("%s: %v, and none of %q on the console:\n%s", name, err, texts, w.all.String())
	}
	return w.found, w.all.String()
}

// startTPM starts a software TPM, if one is installed, and returns QEMU's options.
func (m *machine) startTPM(ctx context.Context, dir string) []string {
	if _, err := exec.LookPath("swtpm"); err != nil || !m.tpm {
		m.tpm = false
		return nil
	}
	state, socket := filepath.Join(dir, "tpm"), filepath.Join(dir, "tpm.sock")
	if err := os.Mkdir(state, 0o700); err != nil {
		m.t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, "swtpm", "socket", "--tpm2", "--tpmstate", "dir="+state, "--ctrl", "type=unixio,path="+socket, "--flags", "startup-clear")
	if err := cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { _ = cmd.Wait() })
	for {
		if _, err := os.Stat(socket); err == nil {
			break
		}
		if ctx.Err() != nil {
			m.t.Fatal("swtpm does not listen")
		}
		time.Sleep(10 * time.Millisecond)
	}
	return []string{"-chardev", "socket,id=tpm,path=" + socket, "-tpmdev", "emulator,id=tpm0,chardev=tpm", "-device", "tpm-crb,tpmdev=tpm0"}
}

// watcher ends the machine when a text is on its console.
type watcher struct {
	texts []string
	done  func()
	all   bytes.Buffer
	found string
}

func (w *watcher) Write(p []byte) (int, error) {
	w.all.Write(p)
	for _, text := range w.texts {
		if w.found == "" && bytes.Contains(w.all.Bytes(), []byte(text)) {
			w.found = text
			w.done()
		}
	}
	return len(p), nil
}

// What firmware says of a program that it refuses, and what our init says last.
const (
	refused = "Access Denied"
	ran     = "Power down"
)

// restarts stands for the end of a machine that starts again.
const restarts = "(restart)"
