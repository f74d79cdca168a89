package boot

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// Firmware is the UEFI firmware of an architecture, as Debian packages it.
type Firmware struct {
	// Package is the Debian package.
	Package string
	// code is the program, vars the store of variables that it starts with.
	code, vars string
	// secure is the program that enforces Secure Boot.
	secure string
	// Template is a store to which the keys of Secure Boot can be added.
	Template string
}

var firmwares = map[string]Firmware{
	"amd64": {"ovmf", "/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd", "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"},
	"arm64": {"qemu-efi-aarch64", "/usr/share/AAVMF/AAVMF_CODE.fd", "/usr/share/AAVMF/AAVMF_VARS.fd", "/usr/share/AAVMF/AAVMF_CODE.fd", "/usr/share/AAVMF/AAVMF_VARS.snakeoil.fd"},
}

// FirmwareOf returns the firmware of an architecture, and false if none is known.
func FirmwareOf(arch string) (Firmware, bool) {
	f, ok := firmwares[arch]
	return f, ok
}

// device gives QEMU one open file, and the arguments that use it.
type device struct {
	file *os.File
	// owned files are closed when QEMU has its own descriptor.
	owned bool
	// args returns the arguments, for the number of the descriptor in QEMU.
	args func(fd int) []string
}

// devices are the files of the machine in the order of their descriptors.
func (o *Options) devices() ([]device, error) {
	var list []device
	one := func(f *os.File, args func(string) []string) {
		if f != nil {
			list = append(list, device{file: f, args: func(fd int) []string { return args(fdPath(fd)) }})
		}
	}
	one(o.Kernel, func(p string) []string { return []string{"-kernel", p} })
	one(o.Initrd, func(p string) []string { return []string{"-initrd", p} })
	one(o.Disk, func(p string) []string {
		format := o.DiskFormat
		if format == "" {
			format = "raw"
		}
		device := "virtio-blk-pci,drive=disk"
		if o.Kernel == nil {
			device += ",bootindex=0"
		}
		return []string{"-drive", "if=none,id=disk,readonly=on,format=" + format + ",file=" + p, "-device", device}
	})
	one(o.CD, func(p string) []string {
		return []string{"-device", "virtio-scsi-pci", "-drive", "if=none,id=cd,media=cdrom,readonly=on,format=raw,file=" + p, "-device", "scsi-cd,drive=cd,bootindex=0"}
	})
	// The guest can write anything to this disk, so firmware must not boot from it.
	one(o.Data, func(p string) []string {
		format := o.DataFormat
		if format == "" {
			format = "raw"
		}
		if o.KeepData {
			format += ",snapshot=on"
		}
		return []string{"-drive", "if=none,id=data,format=" + format + ",discard=unmap,file=" + p, "-device", dataDevices[o.DataBus] + ",drive=data,serial=data", "-boot", "strict=on"}
	})
	one(o.Media, func(p string) []string {
		return []string{"-device", "virtio-scsi-pci,id=media", "-drive", "if=none,id=mediacd,media=cdrom,readonly=on,format=raw,file=" + p,
			"-device", "scsi-cd,bus=media.0,drive=mediacd", "-boot", "strict=on"}
	})
	if o.Agent != nil {
		list = append(list, device{file: o.Agent, args: func(fd int) []string {
			return serialPort("agent", fmt.Sprintf("socket,id=agent,fd=%d,server=on,wait=off", fd), "org.qemu.guest_agent.0")
		}})
	}
	if o.Firmware != EFI {
		return list, nil
	}
	firmware, err := o.firmware()
	return append(list, firmware...), err
}

// portDevice is a serial port that programs of the system find by its name. file is
// QEMU's end.
func portDevice(name string, file *os.File) device {
	return device{file: file, owned: true, args: func(fd int) []string {
		return serialPort("port", fmt.Sprintf("socket,id=port,fd=%d", fd), name)
	}}
}

// serialPort has the arguments for a port with this name, whose other end is a chardev.
func serialPort(id, chardev, name string) []string {
	return []string{"-chardev", chardev, "-device", "virtio-serial-pci,id=" + id + "bus",
		"-device", "virtserialport,bus=" + id + "bus.0,chardev=" + id + ",name=" + name}
}

// dataDevices are QEMU's devices for a second disk.
var dataDevices = map[string]string{"": "virtio-blk-pci", Virtio: "virtio-blk-pci", NVMe: "nvme"}

// firmware opens the firmware, and makes a store of variables that ends with the
// machine.
func (o *Options) firmware() ([]device, error) {
	fw, ok := firmwares[o.arch()]
	if !ok {
		return nil, system.BadInput("no UEFI firmware is known for %s", o.arch()).Suggest("use amd64 or arm64")
	}
	open := func(path string) (*os.File, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, system.Unusable("%s was not found: it is needed to boot this format", filepath.Base(path)).
				Suggest("install it: apt-get install --no-install-recommends %s", fw.Package)
		}
		return f, nil
	}
	program := fw.code
	if o.SecureBoot != nil {
		program = fw.secure
	}
	code, err := open(program)
	if err != nil {
		return nil, err
	}
	vars, err := o.variables(fw, open)
	if err != nil {
		return nil, errors.Join(err, code.Close())
	}
	flash := func(unit int, access string) func(int) []string {
		return func(fd int) []string {
			return []string{"-drive", fmt.Sprintf("if=pflash,format=raw,unit=%d%s,file=%s", unit, access, fdPath(fd))}
		}
	}
	return []device{{file: code, owned: true, args: flash(0, ",readonly=on")}, {file: vars, owned: true, args: flash(1, "")}}, nil
}

// variables makes the machine's own copy of the store of variables.
func (o *Options) variables(fw Firmware, open func(string) (*os.File, error)) (*os.File, error) {
	var from io.Reader = bytes.NewReader(o.SecureBoot)
	if o.SecureBoot == nil {
		template, err := open(fw.vars)
		if err != nil {
			return nil, err
		}
		defer template.Close()
		from = template
	}
	vars, err := memory(from)
	if err != nil {
		return nil, system.Unusable("cannot copy the firmware's variables").Because(err)
	}
	return vars, nil
}

// memory copies a file into memory that QEMU can write to.
func memory(from io.Reader) (*os.File, error) {
	fd, err := unix.MemfdCreate("seaworthy-vars", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "vars")
	if _, err := io.Copy(f, from); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
