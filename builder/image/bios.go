package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/image/disk"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
)

// The endings of the files that a BIOS boots.
const (
	rawBIOSEnding = "-bios.img"
	isoBIOSEnding = ".iso"
)

var bios = []string{"amd64"}

// The parts of syslinux, and what its installer runs.
var (
	syslinuxTool = Tool{Name: "syslinux", Package: "syslinux"}
	mtoolsTool   = Tool{Name: "mtools", Package: "mtools"}
	mbrTool      = Tool{Name: "mbr.bin", Package: "syslinux-common", Dir: "/usr/lib/syslinux/mbr"}
	hybridTool   = Tool{Name: "isohdpfx.bin", Package: "isolinux", Dir: "/usr/lib/ISOLINUX"}
	isolinuxTool = Tool{Name: "isolinux.bin", Package: "isolinux", Dir: "/usr/lib/ISOLINUX"}
	ldlinuxTool  = Tool{Name: "ldlinux.c32", Package: "syslinux-common", Dir: "/usr/lib/syslinux/modules/bios"}
)

// biosInitrd: kernels for a BIOS want their initrd below 2 GiB (initrd_addr_max in
// Linux's Documentation/arch/x86/boot.rst). A part of that is the kernel's.
var biosInitrd = initrdLimit{1<<31 - 256<<20, "a BIOS boot loader puts the initrd below 2 GiB of memory"}

// rawBIOSFormat is a disk with a FAT partition that syslinux boots.
var rawBIOSFormat = Format{Name: "raw-bios", Files: []string{rawBIOSEnding}, NeedsKernel: true, Arches: bios, from: "kernel+initrd", derive: makeRawBIOS, initrd: biosInitrd,
	needs:   func(string) []Tool { return []Tool{syslinuxTool, mtoolsTool, mbrTool} },
	Machine: &Machine{Disk: rawBIOSEnding, DiskFormat: "raw"}}

// isoBIOSFormat is an ISO that isolinux boots, from a CD or a USB stick.
var isoBIOSFormat = Format{Name: "iso-bios", Files: []string{isoBIOSEnding}, NeedsKernel: true, Arches: bios, from: "kernel+initrd", derive: makeISOBIOS, initrd: biosInitrd,
	needs:   func(string) []Tool { return []Tool{isolinuxTool, ldlinuxTool, hybridTool} },
	Machine: &Machine{CD: isoBIOSEnding}}

// bootFiles are the kernel and the initrd under names that syslinux reads, and the
// command line as it is in its file.
func bootFiles(b Base) (files []disk.File, cmdline []byte, err error) {
	for _, f := range []struct{ path, ending string }{{"kernel", KernelEnding}, {"initrd.img", InitrdEnding}} {
		file, err := b.file(f.path, f.ending)
		if err != nil {
			return nil, nil, err
		}
		files = append(files, file)
	}
	cmdline, err = os.ReadFile(b.Path(CmdlineEnding))
	return files, cmdline, err
}

// maxBIOSCmdline is the longest command line that syslinux passes on.
const maxBIOSCmdline = 2047

// loaderConfig starts the kernel at once: without a prompt, without keys that
// stop it, and without options that a user types.
func loaderConfig(cmdline string) ([]byte, error) {
	cmdline = strings.TrimSpace(cmdline)
	if strings.ContainsAny(cmdline, "\r\n") {
		return nil, system.BadInput("syslinux cannot use a command line with a line break").Suggest("write kernel.cmdline in one line")
	}
	if len(cmdline) > maxBIOSCmdline {
		return nil, system.BadInput("the command line has %d bytes, but syslinux gives the kernel at most %d", len(cmdline), maxBIOSCmdline).
			Suggest("shorten kernel.cmdline")
	}
	return fmt.Appendf(nil, "DEFAULT system\nPROMPT 0\nTIMEOUT 0\nNOESCAPE 1\nNOCOMPLETE 1\nALLOWOPTIONS 0\nLABEL system\n LINUX /KERNEL\n INITRD /INITRD.IMG\n APPEND %s\n", cmdline), nil
}

// loaderRoom is for syslinux's own files on the disk.
const loaderRoom = 1 << 20

func makeRawBIOS(b Base, o Options) ([]string, error) {
	files, cmdline, err := bootFiles(b)
	if err != nil {
		return nil, err
	}
	config, err := loaderConfig(string(cmdline))
	if err != nil {
		return nil, err
	}
	code, err := o.Tools.read(mbrTool)
	if err != nil {
		return nil, err
	}
	digest, err := sumOf(append(slices.Clip(files), disk.Bytes("", fmt.Appendf(nil, "%x", cmdline)))...)
	if err != nil {
		return nil, err
	}
	fat := disk.FAT{Bits: 32, Serial: serial(digest), Label: "SEAWORTHY", Time: o.Time, Hidden: disk.Alignment / 512, Spare: loaderRoom,
		Files: append(files, disk.Bytes("syslinux.cfg", config))}
	size, err := fat.Size()
	if err != nil {
		return nil, err
	}
	return writeFile(o, rawBIOSEnding, func(out *os.File) error {
		end := (disk.Alignment + size + disk.Alignment - 1) / disk.Alignment * disk.Alignment
		err := errors.Join(out.Truncate(end), disk.WriteMBR(out, code, serial(digest), disk.Alignment, size),
			fat.Write(io.NewOffsetWriter(out, disk.Alignment)))
		if err != nil {
			return err
		}
		return installSyslinux(out.Name(), o)
	})
}

// installSyslinux makes the partition bootable. The installer works on the file,
// as any user. It takes dates from SOURCE_DATE_EPOCH.
func installSyslinux(path string, o Options) error {
	program, err := o.Tools.Find(syslinuxTool)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(context.Background(), program, "--install", "--offset", strconv.Itoa(disk.Alignment), path)
	cmd.Env = toolEnv(fmt.Sprintf("SOURCE_DATE_EPOCH=%d", max(o.Time.Unix(), 0)))
	if text, err := cmd.CombinedOutput(); err != nil {
		return system.Unusable("syslinux could not be installed on the disk: %s", bytes.TrimSpace(text)).Because(err).
			Suggest("check the packages syslinux and mtools")
	}
	return nil
}

func makeISOBIOS(b Base, o Options) ([]string, error) {
	files, cmdline, err := bootFiles(b)
	if err != nil {
		return nil, err
	}
	config, err := loaderConfig(string(cmdline))
	if err != nil {
		return nil, err
	}
	loader, err := o.Tools.read(isolinuxTool)
	if err != nil {
		return nil, err
	}
	library, err := o.Tools.read(ldlinuxTool)
	if err != nil {
		return nil, err
	}
	code, err := o.Tools.read(hybridTool)
	if err != nil {
		return nil, err
	}
	digest, err := sumOf(append(slices.Clip(files), disk.Bytes("", fmt.Appendf(nil, "%x", cmdline)))...)
	if err != nil {
		return nil, err
	}
	return writeFile(o, isoBIOSEnding, func(out *os.File) error {
		const boot = "isolinux/isolinux.bin"
		_, err := disk.ISO{Label: "SEAWORTHY", Time: o.Time, BootCode: code, Signature: serial(digest),
			Files: append(files, disk.Bytes(boot, loader), disk.Bytes("isolinux/ldlinux.c32", library), disk.Bytes("isolinux/isolinux.cfg", config)),
			Boot:  []disk.BootImage{{Path: boot, Platform: disk.PlatformBIOS, InfoTable: true}}}.Write(out)
		return err
	})
}

// maxToolFile bounds a boot loader's file.
const maxToolFile = 4 << 20

// read gives the content of a small file that a package installs.
func (t Tools) read(tool Tool) ([]byte, error) {
	path, err := t.Find(tool)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, system.NotRead(path, err)
	}
	defer f.Close()
	data, err := bounded.Read(f, maxToolFile)
	if err != nil {
		return nil, system.NotRead(path, err)
	}
	return data, nil
}
