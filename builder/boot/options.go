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

// Options describes a machine.
type Options struct {
	// Kernel and Initrd are open files that the caller has verified. Initrd may
	// be nil. The caller closes them.
	Kernel, Initrd *os.File
	// Disk and CD are open files that the caller has verified. Without a Kernel,
	// the firmware boots from them; with one, Disk is for the system. The machine
	// cannot write to them. DiskFormat is QEMU's name for the format of Disk: "raw"
	// (default), "qcow2", "vmdk", "vpc".
	Disk, CD   *os.File
	DiskFormat string
	// Data is a second disk, which the machine can write to. It is not booted.
	// DataFormat is QEMU's name for its format.
	Data       *os.File
	DataFormat string
	// KeepData: what the machine writes to Data is lost with the machine.
	KeepData bool
	// DataBus is how Data is attached: Virtio, or NVMe. "" is Virtio.
	DataBus string
	// Media is a CD-ROM for the system, such as one with its settings. It is not
	// booted.
	Media *os.File
	// TPM gives the machine a TPM 2.0, with the program swtpm. TPMState is the folder
	// in which it keeps its state; with "", the state is lost with the machine.
	TPM      bool
	TPMState string
	// Firmware is "" (the BIOS, on amd64) or EFI.
	Firmware string
	// SecureBoot is a store of firmware variables with keys. With it, EFI firmware
	// starts only what these keys have signed. The machine gets a copy.
	SecureBoot []byte
	// Cmdline is the kernel's command line. It must name the console: ttyS0 on
	// amd64 and riscv64, ttyAMA0 on arm64.
	Cmdline string
	// Arch is amd64, arm64 or riscv64. "" is the architecture of this machine.
	Arch string
	// Memory is in MiB (default 512). CPUs is the number of processors (default
	// 1).
	Memory, CPUs int
	// Forward makes ports of the guest available on 127.0.0.1.
	Forward []Forward
	// Isolated stops the guest from reaching other hosts. Forward still works.
	Isolated bool
	// Input is typed on the guest's console until it ends. With nil, nothing is typed.
	Input io.Reader
	// Console receives the guest's console as safe lines. With nil they are
	// dropped.
	Console io.Writer
	// Timeout limits the whole run. 0 means no limit.
	Timeout time.Duration
	// Accel is "tcg" (default) or "kvm".
	Accel string
	// Port is the name of a serial port for programs of the system. Machine.Port is the
	// other end. "" means none.
	Port string
	// Agent is a listening socket. What connects to it talks to the agent of the guest
	// (qemu-ga), by the serial port that hypervisors use for it. The caller closes it.
	Agent *os.File
	// Ready is called with each line of the console. When it returns true, the
	// machine is ready: Run ends it and returns nil, and Machine.Ready is
	// closed.
	Ready func(line string) bool
	// Program is the QEMU program. "" searches PATH for the program of the
	// architecture.
	Program string
}

// Forward forwards one port: Host on 127.0.0.1 to Guest in the machine. If Host is 0,
// Start chooses a free port. It is a TCP port, or with UDP a UDP port.
type Forward struct {
	Host, Guest int
	UDP         bool
}

// Network is "tcp" or "udp".
func (f Forward) Network() string {
	if f.UDP {
		return "udp"
	}
	return "tcp"
}

// ParseForward parses "HOST:GUEST", or "GUEST" for a free host port. "/udp" at its end
// makes it a UDP port; "/tcp" may stand there too.
func ParseForward(s string) (Forward, error) {
	ports, network, named := strings.Cut(s, "/")
	host, guest, two := strings.Cut(ports, ":")
	if !two {
		host, guest = "", ports
	}
	bad := func() error {
		return system.BadInput("forward %q is not HOST:GUEST or HOST:GUEST/udp, with two ports from 1 to 65535", s).Suggest("write it like 8080:80 or 5353:53/udp")
	}
	if named && network != "tcp" && network != "udp" {
		return Forward{}, bad()
	}
	f := Forward{UDP: network == "udp"}
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

// FreePort returns a TCP port of 127.0.0.1 that was free when it looked.
// Another program may take it at any time.
func FreePort() (int, error) { return freePort(false) }

func freePort(udp bool) (int, error) {
	if udp {
		c, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			return 0, err
		}
		defer c.Close()
		return c.LocalAddr().(*net.UDPAddr).Port, nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// machine holds what differs between architectures.
type machine struct {
	program, pkg string
	args         []string
	// cpu is the processor that QEMU emulates. The usual algorithm of pointer
	// authentication takes more than half of an emulated boot: QEMU has a fast one.
	cpu string
	// secure are the arguments instead of args for Secure Boot: only the firmware
	// can write to its variables.
	secure []string
}

var machines = map[string]machine{
	"amd64": {"qemu-system-x86_64", "qemu-system-x86", []string{"-machine", "q35,smm=off"}, "max",
		[]string{"-machine", "q35,smm=on", "-global", "driver=cfi.pflash01,property=secure,value=on"}},
	"arm64":   {"qemu-system-aarch64", "qemu-system-arm", []string{"-machine", "virt"}, "max,pauth-impdef=on", []string{"-machine", "virt"}},
	"riscv64": {"qemu-system-riscv64", "qemu-system-misc", []string{"-machine", "virt"}, "rv64", nil},
}

// The numbers of the descriptors that QEMU inherits: the control socket, then the
// files of the devices.
const (
	fdQMP   = 3
	fdFirst = 4
)

// The ways in which a second disk is attached.
const (
	Virtio = "virtio"
	NVMe   = "nvme"
)

// EFI is the UEFI firmware of Debian's packages, with an empty store of variables.
const EFI = "efi"

// args returns QEMU's arguments without the program name. The host ports in
// Forward must be set.
func (o *Options) args(devices []device) ([]string, error) {
	m, err := o.machine()
	if err != nil {
		return nil, err
	}
	a := append([]string{}, m.args...)
	if o.SecureBoot != nil {
		a = append([]string{}, m.secure...)
	}
	switch o.Accel {
	case "", TCG:
		a = append(a, "-accel", "tcg,thread=multi", "-cpu", m.cpu)
	case KVM:
		a = append(a, "-accel", "kvm", "-cpu", "host")
	default:
		return nil, system.BadInput("accelerator %q is neither tcg nor kvm", o.Accel).Suggest("use --accel tcg, kvm or auto")
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
		"-chardev", fmt.Sprintf("socket,id=qmp,fd=%d", fdQMP), "-mon", "chardev=qmp,mode=control")
	for i, d := range devices {
		a = append(a, d.args(fdFirst+i)...)
	}
	if o.Kernel != nil {
		// QEMU passes this text to the kernel unchanged: commas are special only
		// in option lists.
		a = append(a, "-append", strings.TrimSpace(o.Cmdline))
	}
	network := "user,id=net"
	if o.Isolated {
		network += ",restrict=on"
	}
	for _, f := range o.Forward {
		if f.Host < 1 || f.Host > 65535 || f.Guest < 1 || f.Guest > 65535 {
			return nil, system.BadInput("forward %d:%d: a port must be from 1 to 65535", f.Host, f.Guest)
		}
		network += fmt.Sprintf(",hostfwd=%s:127.0.0.1:%d-:%d", f.Network(), f.Host, f.Guest)
	}
	// The network card needs no boot ROM: the machine does not boot from it.
	// The ROM would be another package to install.
	return append(a, "-netdev", network, "-device", "virtio-net-pci,netdev=net,romfile="), nil
}

func (o *Options) machine() (machine, error) {
	m, ok := machines[o.arch()]
	if !ok {
		return machine{}, system.BadInput("architecture %q cannot be booted", o.arch()).Suggest("use amd64, arm64 or riscv64")
	}
	return m, nil
}

func (o *Options) arch() string {
	if o.Arch == "" {
		return runtime.GOARCH
	}
	return o.Arch
}
