package boot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// If fakeEnv is set, the test binary acts as QEMU. The value is the mode of
// fakeQEMU.
const fakeEnv = "SEAWORTHY_TEST_FAKE_QEMU"

func TestMain(m *testing.M) {
	if mode := os.Getenv(fakeEnv); mode != "" {
		os.Exit(fakeQEMU(mode))
	}
	os.Exit(m.Run())
}

func fakeQEMU(mode string) int {
	args := os.Args[1:]
	flag := func(name string) string {
		for i, a := range args {
			if a == name && i+1 < len(args) {
				return args[i+1]
			}
		}
		return ""
	}
	switch mode {
	case "off":
		fmt.Println("[  1.00] seaworthy: power off")
	case "files":
		for _, f := range []string{"-kernel", "-initrd"} {
			b, err := os.ReadFile(flag(f))
			fmt.Printf("%s %s %v\n", f, b, err)
		}
		fmt.Printf("append %q\n", flag("-append"))
	case "port":
		var fd int
		for _, a := range os.Args {
			_, _ = fmt.Sscanf(a, "socket,id=port,fd=%d", &fd)
		}
		name := slices.IndexFunc(os.Args, func(a string) bool { return strings.HasSuffix(a, ",name=org.example.port") })
		fmt.Fprintf(os.NewFile(uintptr(fd), "port"), "the port of argument %d\n", min(name, 1))
	case "panic":
		fmt.Println("[    1.234567] Kernel panic - not syncing: VFS: Unable to mount root fs\nlater")
		time.Sleep(time.Hour)
	case "busy":
		fmt.Println("[    0.040000] Kernel panic - not syncing: IO-APIC + timer doesn't work!  Boot with apic=debug and send a report.")
		time.Sleep(time.Hour)
	case "failed":
		fmt.Println("[  2.00] seaworthy: boot failed: onboot 000-x: exit status 1\n[  2.00] seaworthy: boot failed: service y: no")
	case "denied", "nothing", "another program":
		fmt.Print("\x1b[2J\x1b[01;01HBdsDxe: loading Boot0001 \"disk\" from PciRoot(0x0)\r\n")
		if mode == "another program" {
			fmt.Println("[    0.000000] Linux version 6\nBdsDxe: failed to load Boot0001 \"x\" from y: Access Denied")
			return 0
		}
		if mode == "denied" {
			fmt.Print("BdsDxe: failed to load Boot0001 \"disk\" from PciRoot(0x0): Access Denied\r\n")
		}
		fmt.Print("BdsDxe: failed to load Boot0002 \"net\" from PciRoot(0x1): Not Found\r\nBdsDxe: No bootable option or device was found.\r\n")
		time.Sleep(time.Hour)
	case "no button":
		fmt.Println("[  1.00] seaworthy: no power button\nup")
		time.Sleep(time.Hour)
	case "imitation":
		fmt.Println("[  1.00] web | [  1.00] seaworthy: no power button\n[  2.00] web | [  2.00] seaworthy: boot failed: not really\n[  2.10] web | Kernel panic - not syncing: not really")
	case "hang":
		c := exec.Command("sleep", "600")
		_ = c.Start()
		fmt.Println("child", c.Process.Pid)
		time.Sleep(time.Hour)
	case "bad":
		fmt.Fprintln(os.Stderr, "qemu: -netdev user: Could not set up host forwarding rule 'tcp:1'")
		return 1
	case "button":
		fmt.Println("up")
		f := os.NewFile(fdQMP, "qmp")
		var got string
		buf := make([]byte, 256)
		for !strings.Contains(got, "system_powerdown") {
			n, err := f.Read(buf)
			if err != nil {
				return 3
			}
			got += string(buf[:n])
		}
		fmt.Println("down")
	}
	return 0
}

func options(t *testing.T, mode string) Options {
	t.Helper()
	t.Setenv(fakeEnv, mode)
	dir := t.TempDir()
	open := func(name string) *os.File {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte("bytes of "+name), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(p)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	return Options{Kernel: open("kernel"), Initrd: open("initrd"), Cmdline: "console=ttyS0 a=1,2", Arch: "amd64", Program: os.Args[0], Timeout: time.Hour}
}

type buffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func TestPowersOff(t *testing.T) {
	var out buffer
	o := options(t, "off")
	o.Console = &out
	if err := Run(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	if out.String() != "[  1.00] seaworthy: power off\n" {
		t.Errorf("console %q", out.String())
	}
}

// A kernel that panicked because the computer is busy is started again, a limited
// number of times.
func TestBusy(t *testing.T) {
	var out buffer
	o := options(t, "busy")
	o.Console = &out
	if err := Run(context.Background(), o); !errors.Is(err, ErrBusy) {
		t.Errorf("%v", err)
	}
	if n := strings.Count(out.String(), "Kernel panic"); n != tries {
		t.Errorf("started %d times", n)
	}
}

// QEMU reads the open files, even if other files have been put at their paths.
func TestDescriptors(t *testing.T) {
	var out buffer
	o := options(t, "files")
	o.Console = &out
	for _, f := range []*os.File{o.Kernel, o.Initrd} {
		if err := os.Rename(f.Name(), f.Name()+".moved"); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f.Name(), []byte("swapped"), 0o600); err != nil {
			t.Fatal(err)
		}
		// The verification of a file moves its offset. QEMU must still read the
		// whole file.
		if _, err := io.Copy(io.Discard, f); err != nil {
			t.Fatal(err)
		}
	}
	if err := Run(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	want := "-kernel bytes of kernel <nil>\n-initrd bytes of initrd <nil>\nappend \"console=ttyS0 a=1,2\"\n"
	if out.String() != want {
		t.Errorf("console %q, want %q", out.String(), want)
	}
}

// startWithPort starts a machine with a serial port for programs.
func startWithPort(t *testing.T, mode string) *Machine {
	t.Helper()
	o := options(t, mode)
	o.Port = "org.example.port"
	m, err := Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Port().Close() })
	return m
}

// A program of the system can talk to this side of its serial port, until the machine
// ends.
func TestPort(t *testing.T) {
	m := startWithPort(t, "port")
	text, err := io.ReadAll(m.Port())
	if err := errors.Join(err, m.Wait()); err != nil || string(text) != "the port of argument 1\n" {
		t.Errorf("%q, %v", text, err)
	}
}

// A kernel that panics early closes the port before the machine is done. The panic is known
// after Kill all the same.
func TestBusyAfterThePortCloses(t *testing.T) {
	m := startWithPort(t, "busy")
	_, _ = io.ReadAll(m.Port())
	m.Kill()
	if err := m.Wait(); !errors.Is(err, ErrBusy) {
		t.Error(err)
	}
}

func TestFailures(t *testing.T) {
	for mode, want := range map[string]string{
		"panic":  "the kernel panicked: VFS: Unable to mount root fs",
		"failed": "the system did not boot: onboot 000-x: exit status 1; service y: no",
		"bad":    "QEMU failed: qemu: -netdev user: Could not set up host forwarding rule 'tcp:1'",
	} {
		t.Run(mode, func(t *testing.T) {
			err := Run(context.Background(), options(t, mode))
			if !errors.Is(err, system.ErrUnusable) || err.Error() != want {
				t.Errorf("got %v, want %q", err, want)
			}
			var e *system.Error
			if errors.As(err, &e) && e.Next == "" {
				t.Error("no next step")
			}
		})
	}
}

// Output of a container must not count as output of the kernel or of init.
func TestContainerOutputIsIgnored(t *testing.T) {
	m, err := Start(context.Background(), options(t, "imitation"))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Wait(); err != nil || m.NoPowerButton() {
		t.Error(err, m.NoPowerButton())
	}
}

func TestTimeout(t *testing.T) {
	o := options(t, "hang")
	o.Timeout = 300 * time.Millisecond
	err := Run(context.Background(), o)
	if !errors.Is(err, system.ErrUnusable) || !strings.Contains(err.Error(), "still running after 300ms") {
		t.Errorf("got %v", err)
	}
}

// Cancelling the context ends QEMU and its child processes.
func TestCancelKillsProcessGroup(t *testing.T) {
	o := options(t, "hang")
	pid := make(chan int, 1)
	o.Ready = func(line string) bool {
		if text, ok := strings.CutPrefix(line, "child "); ok {
			n, _ := strconv.Atoi(text)
			pid <- n
		}
		return false
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	mine := errors.New("enough")
	m, err := Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	child := <-pid
	cancel(mine)
	if err := m.Wait(); !errors.Is(err, mine) {
		t.Errorf("got %v", err)
	}
	for !gone(child) { // the test may wait as long as it needs
		time.Sleep(20 * time.Millisecond)
	}
}

// gone reports whether the process has ended. A zombie counts as ended.
func gone(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return true
	}
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return strings.Contains(string(b), ") Z ")
}

func TestReady(t *testing.T) {
	o := options(t, "hang")
	o.Ready = func(line string) bool { return strings.HasPrefix(line, "child ") }
	if err := Run(context.Background(), o); err != nil {
		t.Error(err)
	}
}

func TestPowerOff(t *testing.T) {
	var out buffer
	o := options(t, "button")
	o.Console = &out
	o.Ready = func(line string) bool { return line == "up" }
	m, err := Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	<-m.Ready()
	if !m.PowerOff(time.Hour) {
		t.Error("the machine was killed")
	}
	if err := m.Wait(); err != nil || out.String() != "up\ndown\n" {
		t.Errorf("got %v, console %q", err, out.String())
	}
}

// A caller need not wait for a system without a power button.
func TestNoPowerButton(t *testing.T) {
	for mode, want := range map[string]bool{"no button": true, "button": false} {
		o := options(t, mode)
		o.Ready = func(line string) bool { return line == "up" }
		m, err := Start(context.Background(), o)
		if err != nil {
			t.Fatal(err)
		}
		<-m.Ready()
		if m.NoPowerButton() != want {
			t.Errorf("%s: %v", mode, !want)
		}
		m.Kill()
	}
}

func TestMissingProgram(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for arch, pkg := range map[string]string{"amd64": "qemu-system-x86", "arm64": "qemu-system-arm", "riscv64": "qemu-system-misc"} {
		err := Run(context.Background(), Options{Kernel: os.Stdin, Arch: arch})
		var e *system.Error
		if !errors.As(err, &e) || !errors.Is(err, system.ErrUnusable) || !strings.HasSuffix(e.Next, " "+pkg) {
			t.Errorf("%s: got %v", arch, err)
		}
	}
}

func TestBadOptions(t *testing.T) {
	t.Parallel()
	k := os.Stdin
	for name, o := range map[string]Options{
		"no kernel": {}, "arch": {Kernel: k, Arch: "mips"}, "accelerator": {Kernel: k, Accel: "hvf"}, "memory": {Kernel: k, Memory: -1},
		"port": {Kernel: k, Forward: []Forward{{Host: 80, Guest: 70000}}}, "no guest port": {Kernel: k, Forward: []Forward{{Host: 80}}},
	} {
		if _, err := Start(context.Background(), o); !errors.Is(err, system.ErrInput) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestArgs(t *testing.T) {
	t.Parallel()
	o := Options{Arch: "arm64", Kernel: os.Stdin, Cmdline: "a\n", Accel: "kvm", Forward: []Forward{{Host: 8080, Guest: 80}, {Host: 5353, Guest: 53, UDP: true}}, Isolated: true, Memory: 1024, CPUs: 2}
	devices, err := o.devices()
	if err != nil {
		t.Fatal(err)
	}
	a, err := o.args(devices)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(a, " ")
	for _, want := range []string{
		"-machine virt -accel kvm -cpu host", "-m 1024 -smp 2", "-append a ", "-no-reboot", "-sandbox on,",
		"-netdev user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:8080-:80,hostfwd=udp:127.0.0.1:5353-:53 ", "romfile=",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q lacks %q", text, want)
		}
	}
	if strings.Contains(text, "-initrd") {
		t.Errorf("%q contains an initrd", text)
	}
	o.Accel = TCG
	if a, err := o.args(devices); err != nil || !strings.Contains(strings.Join(a, " "), "-accel tcg,thread=multi -cpu max,pauth-impdef=on ") {
		t.Errorf("%q, %v: emulated pointer authentication is slow", a, err)
	}
}

// A disk or CD is read-only, and needs no kernel.
func TestDeviceArgs(t *testing.T) {
	t.Parallel()
	o := Options{Arch: "amd64", Disk: os.Stdin, DiskFormat: "qcow2", CD: os.Stdin, Cmdline: "ignored"}
	devices, err := o.devices()
	if err != nil {
		t.Fatal(err)
	}
	a, err := o.args(devices)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(a, " ")
	for _, want := range []string{"id=disk,readonly=on,format=qcow2,file=/proc/self/fd/4 ", "media=cdrom,readonly=on,format=raw,file=/proc/self/fd/5 "} {
		if !strings.Contains(text, want) {
			t.Errorf("%q lacks %q", text, want)
		}
	}
	if strings.Contains(text, "-append") || strings.Contains(text, "-kernel") {
		t.Errorf("%q starts a kernel", text)
	}
	// A CD-ROM for the system is not booted.
	o = Options{Arch: "amd64", Kernel: os.Stdin, Media: os.Stdin, Cmdline: "a"}
	if devices, err = o.devices(); err != nil {
		t.Fatal(err)
	}
	if a, err = o.args(devices); err != nil {
		t.Fatal(err)
	}
	if text = strings.Join(a, " "); !strings.Contains(text, "media=cdrom,readonly=on,format=raw,file=/proc/self/fd/5 -device scsi-cd,bus=media.0,drive=mediacd") || strings.Contains(text, "bootindex") {
		t.Errorf("%q", text)
	}
	// A second disk can be an NVMe disk, and the agent has its port.
	o = Options{Arch: "amd64", Kernel: os.Stdin, Data: os.Stdin, DataBus: NVMe, Agent: os.Stdin, Cmdline: "a"}
	if devices, err = o.devices(); err != nil {
		t.Fatal(err)
	}
	if a, err = o.args(devices); err != nil {
		t.Fatal(err)
	}
	text = strings.Join(a, " ")
	for _, want := range []string{"-device nvme,drive=data,serial=data", "socket,id=agent,fd=6,server=on,wait=off", "chardev=agent,name=org.qemu.guest_agent.0"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q lacks %q", text, want)
		}
	}
	if _, err := (&Options{Arch: "riscv64", CD: os.Stdin, Firmware: EFI}).devices(); !errors.Is(err, system.ErrInput) {
		t.Errorf("EFI on riscv64: %v", err)
	}
}

func TestParseForward(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Forward{
		"8080:80": {Host: 8080, Guest: 80}, "80": {Guest: 80}, "5353:53/udp": {Host: 5353, Guest: 53, UDP: true}, "53/udp": {Guest: 53, UDP: true}, "80/tcp": {Guest: 80},
	} {
		if got, err := ParseForward(text); got != want || err != nil {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", ":", "80:", ":80", "0:80", "a:b", "1:2:3", "70000:1", "-1:2", "80,hostfwd=tcp::1-:2", "53/", "53/UDP", "53/sctp", "53/udp/udp", "53/udp:53", "/udp"} {
		if got, err := ParseForward(text); !errors.Is(err, system.ErrInput) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

func TestClean(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"plain\r": "plain", "\x1b[2J\x1b[1;31mred\x1b[0m": "red", "\x1bc\x1b[?7l\x1b[2Ja": "a", "\x1b]0;title\x07x": "x",
		"a\tb": "a\tb", "\x00\x07\x7f": "", "\xff": "?", "é\u0085\u202e": "é", "\x1b": "", "\x1b[": "", "\x1b[12": "", "\x1b]x\x1b[mz": "z",
	} {
		if got := clean([]byte(in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add([]byte("\x1b[2J\x1b]0;x\x07[  1.0] seaworthy: boot failed: x"))
	f.Fuzz(func(t *testing.T, p []byte) {
		if s := clean(p); strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r >= 0x7f && r < 0xa0 }) {
			t.Fatalf("%q gave %q", p, s)
		}
	})
}

// What is typed reaches the program. A keyboard that never ends does not keep it.
func TestKeyboard(t *testing.T) {
	t.Parallel()
	run := func(input io.Reader, program string) string {
		t.Helper()
		cmd := exec.Command(program)
		var out bytes.Buffer
		cmd.Stdout = &out
		done, err := (&Options{Input: input}).keyboard(cmd)
		if err != nil {
			t.Fatal(err)
		}
		err = cmd.Start()
		done()
		if err = errors.Join(err, cmd.Wait()); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	if got := run(strings.NewReader("typed\n"), "cat"); got != "typed\n" {
		t.Errorf("%q", got)
	}
	if got := run(nil, "cat"); got != "" {
		t.Errorf("%q", got)
	}
	endless, w := io.Pipe()
	defer w.Close()
	run(endless, "true")
}
