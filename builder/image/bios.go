package image

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/image/disk"
	"github.com/seaworthy-os/seaworthy/builder/image/extents"
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
var rawBIOSFormat = Format{Name: "raw-bios", Files: []string{rawBIOSEnding}, NeedsKernel: true, Arches: bios, from: "kernel+initrd", describe: describeRawBIOS, initrd: biosInitrd,
	needs:   func(string) []Tool { return []Tool{syslinuxTool, mtoolsTool, mbrTool} },
	Machine: &Machine{Disk: rawBIOSEnding, DiskFormat: "raw"}}

// isoBIOSFormat is an ISO that isolinux boots, from a CD or a USB stick.
var isoBIOSFormat = Format{Name: "iso-bios", Files: []string{isoBIOSEnding}, NeedsKernel: true, Arches: bios, from: "kernel+initrd", describe: describeISOBIOS, initrd: biosInitrd,
	needs:   func(string) []Tool { return []Tool{isolinuxTool, ldlinuxTool, hybridTool} },
	Machine: &Machine{CD: isoBIOSEnding}}

// bootFiles are the kernel and the initrd under names that syslinux reads, the command
// line as it is in its file, and the identity of all.
func bootFiles(b Base) (files []disk.File, cmdline string, id []byte, err error) {
	text, err := b.text(CmdlineEnding)
	if err != nil {
		return nil, "", nil, err
	}
	h := sha256.New()
	for _, f := range []struct{ path, ending string }{{"kernel", KernelEnding}, {"initrd.img", InitrdEnding}} {
		content, err := b.content(f.ending)
		if err != nil {
			return nil, "", nil, err
		}
		one, err := identity(content)
		if err != nil {
			return nil, "", nil, err
		}
		h.Write(one)
		files = append(files, diskFile(f.path, content))
	}
	h.Write(text)
	return files, string(text), h.Sum(nil), nil
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

func describeRawBIOS(b Base, o Options) (*extents.File, error) {
	files, cmdline, id, err := bootFiles(b)
	if err != nil {
		return nil, err
	}
	config, err := loaderConfig(cmdline)
	if err != nil {
		return nil, err
	}
	code, err := o.Tools.read(mbrTool)
	if err != nil {
		return nil, err
	}
	fat := disk.FAT{Bits: 32, Serial: serial(id), Label: "SEAWORTHY", Time: o.Time, Hidden: disk.Alignment / 512, Spare: loaderRoom,
		Files: append(files, disk.Bytes("syslinux.cfg", config))}
	size, err := fat.Size()
	if err != nil {
		return nil, err
	}
	end := (disk.Alignment + size + disk.Alignment - 1) / disk.Alignment * disk.Alignment
	out := new(extents.File)
	if err := errors.Join(out.Truncate(end), disk.WriteMBR(out, code, serial(id), disk.Alignment, size), fat.Write(out.From(disk.Alignment))); err != nil {
		return nil, err
	}
	return withSyslinux(out, o)
}

// withSyslinux installs syslinux on a described disk. Its installer needs a file, but does
// not read the files that are on the disk. So it gets a sparse file, in which the content
// of large files is left out.
func withSyslinux(in *extents.File, o Options) (_ *extents.File, err error) {
	dir := filepath.Join(o.Dir, hidden)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(dir, "syslinux-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	if err := in.WriteOwnInto(f); err != nil {
		return nil, err
	}
	if err := installSyslinux(f.Name(), o); err != nil {
		return nil, err
	}
	return in.Over(f)
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

func describeISOBIOS(b Base, o Options) (*extents.File, error) {
	files, cmdline, id, err := bootFiles(b)
	if err != nil {
		return nil, err
	}
	config, err := loaderConfig(cmdline)
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
	const boot = "isolinux/isolinux.bin"
	out := new(extents.File)
	_, err = disk.ISO{Label: "SEAWORTHY", Time: o.Time, BootCode: code, Signature: serial(id),
		Files: append(files, disk.Bytes(boot, loader), disk.Bytes("isolinux/ldlinux.c32", library), disk.Bytes("isolinux/isolinux.cfg", config)),
		Boot:  []disk.BootImage{{Path: boot, Platform: disk.PlatformBIOS, InfoTable: true}}}.Write(out)
	return out, err
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
