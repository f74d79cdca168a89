package boot

import (
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// Options describe a machine.
type Options struct {
	// Kernel and Initrd are open files, verified by the caller. Initrd may be
	// nil. They stay the caller's to close.
	Kernel, Initrd *os.File
	// Cmdline is the kernel's command line. It names the console: ttyS0 on
	// amd64 and riscv64, ttyAMA0 on arm64.
	Cmdline string
	// Arch is amd64, arm64 or riscv64; "" is this machine's.
	Arch string
	// Memory in MiB (default 512) and CPUs (default 1).
	Memory, CPUs int
	// Forward gives the guest's TCP ports on 127.0.0.1.
	Forward []Forward
	// Isolated keeps the guest from reaching anything outside but through
	// Forward.
	Isolated bool
	// Console gets the guest's console as clean lines; nil drops them.
	Console io.Writer
	// Timeout bounds the whole run; 0 is no bound.
	Timeout time.Duration
	// Accel is "tcg" (default) or "kvm".
	Accel string
	// Ready sees each line of the console. When it gives true, the machine
	// counts as ready: Run ends it and returns nil, Machine.Ready is closed.
	Ready func(line string) bool
	// Program is the QEMU to run; "" looks for the architecture's in PATH.
	Program string
}

// Forward is one TCP port: Host on 127.0.0.1 leads to Guest. Start chooses a
// free Host port where it is 0.
type Forward struct{ Host, Guest int }

// ParseForward reads "HOST:GUEST", or "GUEST" for a free host port.
func ParseForward(s string) (Forward, error) {
	host, guest, two := strings.Cut(s, ":")
	if !two {
		host, guest = "", s
	}
	bad := func() error {
		return system.BadInput("forward %q is not HOST:GUEST, two ports from 1 to 65535", s).Suggest("write it like 8080:80")
	}
	var f Forward
	for _, p := range []struct {
		text string
		to   *int
		skip bool
	}{{host, &f.Host, !two}, {guest, &f.Guest, false}} {
		if p.skip {
			continue
		}
		n, err := strconv.ParseUint(p.text, 10, 16)
		if err != nil || n == 0 {
			return Forward{}, bad()
		}
		*p.to = int(n)
	}
	return f, nil
}

// FreePort gives a TCP port of 127.0.0.1 that was free a moment ago.
func FreePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// machine is what differs between architectures.
type machine struct {
	program, pkg string
	args         []string
	// cpu that TCG emulates.
	cpu string
}

var machines = map[string]machine{
	"amd64":   {"qemu-system-x86_64", "qemu-system-x86", []string{"-machine", "q35,smm=off"}, "max"},
	"arm64":   {"qemu-system-aarch64", "qemu-system-arm", []string{"-machine", "virt"}, "max"},
	"riscv64": {"qemu-system-riscv64", "qemu-system-misc", []string{"-machine", "virt"}, "rv64"},
}

// The descriptors that QEMU inherits.
const (
	fdQMP    = 3
	fdKernel = 4
	fdInitrd = 5
)

// args are QEMU's, without the program. Forward must have its host ports.
func (o *Options) args() ([]string, error) {
	m, err := o.machine()
	if err != nil {
		return nil, err
	}
	a := append([]string{}, m.args...)
	switch o.Accel {
	case "", "tcg":
		a = append(a, "-accel", "tcg,thread=multi", "-cpu", m.cpu)
	case "kvm":
		a = append(a, "-accel", "kvm", "-cpu", "host")
	default:
		return nil, system.BadInput("accelerator %q is neither tcg nor kvm", o.Accel)
	}
	if o.Memory < 0 || o.CPUs < 0 {
		return nil, system.BadInput("%d MiB of memory and %d processors: both must be 0 or more", o.Memory, o.CPUs)
	}
	memory := o.Memory
	if memory == 0 {
		memory = 512
	}
	a = append(a,
		"-nodefaults", "-no-user-config", "-no-reboot", "-display", "none",
		"-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
		"-m", strconv.Itoa(memory), "-smp", strconv.Itoa(max(o.CPUs, 1)),
		"-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console",
		"-chardev", fmt.Sprintf("socket,id=qmp,fd=%d", fdQMP), "-mon", "chardev=qmp,mode=control",
		"-kernel", fdPath(fdKernel))
	if o.Initrd != nil {
		a = append(a, "-initrd", fdPath(fdInitrd))
	}
	// QEMU takes the text as it is; only its option lists know commas.
	a = append(a, "-append", strings.TrimSpace(o.Cmdline))
	network := "user,id=net"
	if o.Isolated {
		network += ",restrict=on"
	}
	for _, f := range o.Forward {
		if f.Host < 1 || f.Host > 65535 || f.Guest < 1 || f.Guest > 65535 {
			return nil, system.BadInput("forward %d:%d: a port must be from 1 to 65535", f.Host, f.Guest)
		}
		network += fmt.Sprintf(",hostfwd=tcp:127.0.0.1:%d-:%d", f.Host, f.Guest)
	}
	// Without a boot ROM: the kernel is given, and the ROM is a package more.
	return append(a, "-netdev", network, "-device", "virtio-net-pci,netdev=net,romfile="), nil
}

func (o *Options) machine() (machine, error) {
	arch := o.Arch
	if arch == "" {
		arch = runtime.GOARCH
	}
	m, ok := machines[arch]
	if !ok {
		return machine{}, system.BadInput("architecture %q cannot be booted", arch).Suggest("use amd64, arm64 or riscv64")
	}
	return m, nil
}
