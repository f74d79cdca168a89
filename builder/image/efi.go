package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/image/disk"
	"github.com/seaworthy-os/seaworthy/builder/image/esp"
	"github.com/seaworthy-os/seaworthy/builder/image/extents"
	"github.com/seaworthy-os/seaworthy/builder/image/uki"
	"github.com/seaworthy-os/seaworthy/builder/image/unwrap"
)

// The endings of the files that UEFI firmware boots.
const (
	ukiEnding     = ".efi"
	rawEFIEnding  = "-efi.img"
	isoEFIEnding  = "-efi.iso"
	isoInitEnding = "-efi-initrd.iso"
)

// efiArch is what differs between the architectures: the name of systemd's stub,
// and of the program that firmware starts from a disk without boot entries.
type efiArch struct{ stub, program string }

var efiArches = map[string]efiArch{
	"amd64": {"linuxx64.efi.stub", "EFI/BOOT/BOOTX64.EFI"},
	"arm64": {"linuxaa64.efi.stub", "EFI/BOOT/BOOTAA64.EFI"},
}

// efi lists the architectures of EFI formats.
var efi = []string{"amd64", "arm64"}

// stubTool is systemd's stub, which starts the kernel of a UKI. Debian's package has
// the stub of its own architecture only.
func stubTool(arch string) Tool {
	pkg := "systemd-boot-efi"
	if arch != runtime.GOARCH {
		pkg += ":" + arch
	}
	return Tool{Name: efiArches[arch].stub, Package: pkg, Dir: "/usr/lib/systemd/boot/efi", version: stubVersion}
}

// stubVersion is the version that a stub has in itself: that of its Debian package.
func stubVersion(data []byte) string {
	stub, err := uki.ParseStub(data)
	if err != nil {
		return ""
	}
	return stub.Version
}

// ukiFormat is a Unified Kernel Image: one EFI program with kernel, initrd and
// command line.
var ukiFormat = Format{Name: "uki", Files: []string{ukiEnding}, NeedsKernel: true, Arches: efi, from: "kernel+initrd", describe: describeUKI,
	// Sizes in a PE file, of files on FAT, and of files on ISO 9660 have 32 bits. The
	// rest is for the kernel and the tables of the FAT file system.
	initrd:  initrdLimit{1<<32 - 256<<20, "a UKI, and the partition with it, have at most 4 GiB"},
	Machine: &Machine{Program: ukiEnding, EFI: true}, needs: func(arch string) []Tool { return []Tool{stubTool(arch)} }}

// rawEFIFormat is a disk with an EFI system partition that holds the UKI.
var rawEFIFormat = Format{Name: "raw-efi", Files: []string{rawEFIEnding}, NeedsKernel: true, Arches: efi, from: "uki", describe: describeRawEFI,
	Machine: &Machine{Disk: rawEFIEnding, DiskFormat: "raw", EFI: true}}

// isoEFIFormat is an ISO that firmware boots from a CD or a USB stick.
var isoEFIFormat = Format{Name: "iso-efi", Files: []string{isoEFIEnding}, NeedsKernel: true, Arches: efi, from: "uki",
	describe: describeISOEFI, Machine: &Machine{CD: isoEFIEnding, EFI: true}}

// isoEFIInitrdFormat has LinuxKit's other name for an ISO with an initrd. Ours
// always has one.
var isoEFIInitrdFormat = Format{Name: "iso-efi-initrd", Files: []string{isoInitEnding}, NeedsKernel: true, Arches: efi, from: "uki",
	describe: describeISOEFI, Machine: &Machine{CD: isoInitEnding, EFI: true}}

// describeUKI is a UKI of the kernel, the initrd and the command line of b. It is signed
// if there is a signer.
func describeUKI(b Base, o Options) (*extents.File, error) {
	unsigned, err := describeUnsignedUKI(b, o)
	if err != nil || o.SecureBoot == nil {
		return unsigned, err
	}
	signed := new(extents.File)
	return signed, uki.Sign(context.Background(), extents.NewWriter(signed), unsigned, unsigned.Size(), o.SecureBoot)
}

func describeUnsignedUKI(b Base, o Options) (*extents.File, error) {
	stub, err := readStub(o)
	if err != nil {
		return nil, err
	}
	kernel, err := b.content(KernelEnding)
	if err != nil {
		return nil, err
	}
	initrd, err := b.content(InitrdEnding)
	if err != nil {
		return nil, err
	}
	cmdline, err := b.text(CmdlineEnding)
	if err != nil {
		return nil, err
	}
	out := new(extents.File)
	return out, uki.Build(extents.NewWriter(out), stub, uki.Sections{
		OSRelease: OSRelease(o.Stem), Cmdline: strings.TrimRight(string(cmdline), "\n"), Uname: o.Kernel.Version,
		Kernel: &uki.Content{ReaderAt: kernel, Size: kernel.Size()}, Initrd: &uki.Content{ReaderAt: initrd, Size: initrd.Size()},
	})
}

// HoldsUKI is a condition for Formats: the format is a UKI, or is derived from a
// format that holds one.
func HoldsUKI(f Format) bool {
	holds := func() bool { return f.Name == ukiFormat.Name || f.Name == rawEFIVerityFormat.Name }
	for !holds() && f.from != "" {
		f, _ = Find(f.from)
	}
	return holds()
}

// Started is a condition for Formats: a machine boots from a file of the format. The
// others are archives for other tools.
func Started(f Format) bool { return Bootable(f) || HoldsUKI(f) || f.from == rawBIOSFormat.Name }

// OpenUKI finds the UKI in a file of a format for which HoldsUKI is true.
func (f Format) OpenUKI(file io.ReaderAt, size int64, arch string) (*io.SectionReader, error) {
	switch m := f.Machine; {
	case m.Program != "":
		return io.NewSectionReader(file, 0, size), nil
	case m.CD != "":
		return esp.ProgramOnISO(file, size, efiArches[arch].program)
	case m.DiskFormat == "raw":
		return esp.Program(file, size, efiArches[arch].program)
	}
	d, err := unwrap.Open(file, size)
	if err != nil {
		return nil, err
	}
	return esp.Program(d, d.Size, efiArches[arch].program)
}

func readStub(o Options) (*uki.Stub, error) {
	data, err := o.Tools.read(stubTool(o.Arch))
	if err != nil {
		return nil, err
	}
	return uki.ParseStub(data)
}

// OSRelease is the text of a UKI that boot menus show: os-release(5).
func OSRelease(stem string) string {
	quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`")
	return fmt.Sprintf("ID=seaworthy\nNAME=Seaworthy\nPRETTY_NAME=\"%s (Seaworthy)\"\n", quote.Replace(stem))
}

// program is the UKI as a file of a disk, and its identity.
func program(b Base, arch string) (disk.File, []byte, error) {
	content, err := b.content(ukiEnding)
	if err != nil {
		return disk.File{}, nil, err
	}
	id, err := identity(content)
	return diskFile(efiArches[arch].program, content), id, err
}

// serial is the serial number of a FAT file system.
func serial(id []byte) uint32 {
	return uint32(id[0])<<24 | uint32(id[1])<<16 | uint32(id[2])<<8 | uint32(id[3])
}

// efiPartition is the FAT file system of a disk, with the program that firmware
// starts.
func efiPartition(file disk.File, id []byte, o Options) disk.FAT {
	return disk.FAT{Bits: 32, Serial: serial(id), Label: "SEAWORTHY", Time: o.Time, Hidden: disk.Alignment / 512, Files: []disk.File{file}}
}

func describeRawEFI(b Base, o Options) (*extents.File, error) {
	file, id, err := program(b, o.Arch)
	if err != nil {
		return nil, err
	}
	out := new(extents.File)
	return out, rawEFI(out, file, id, o)
}

// rawEFI describes the disk of raw-efi.
func rawEFI(out *extents.File, file disk.File, id []byte, o Options) error {
	fat := efiPartition(file, id, o)
	size, err := fat.Size()
	if err != nil {
		return err
	}
	parts := []disk.Partition{{Name: "EFI system", Type: disk.TypeESP, ID: disk.GUID("esp", id), Size: size}}
	if err := disk.WriteGPT(out, disk.Lay(parts), disk.GUID("disk", id), parts); err != nil {
		return err
	}
	return fat.Write(out.From(parts[0].Start))
}

// WriteDisk writes the disk of raw-efi to out, for a UKI of size bytes. Firmware
// starts a UKI from such a disk.
func WriteDisk(out, program *os.File, size int64, arch string) error {
	uki := extents.Of(program, size)
	id, err := identity(uki)
	if err != nil {
		return err
	}
	content := new(extents.File)
	if err := rawEFI(content, diskFile(efiArches[arch].program, uki), id, Options{Arch: arch, Time: time.Unix(0, 0)}); err != nil {
		return err
	}
	return content.WriteInto(out)
}

// maxFAT16 is the largest file in a FAT16 file system: its limit, less some reserve.
const maxFAT16 = 1<<31 - 1<<20

func describeISOEFI(b Base, o Options) (*extents.File, error) {
	file, id, err := program(b, o.Arch)
	if err != nil {
		return nil, err
	}
	bits := 16
	if file.Size > maxFAT16 {
		bits = 32
	}
	fat := disk.FAT{Bits: bits, Serial: serial(id), Label: "SEAWORTHY", Time: o.Time, Files: []disk.File{file}}
	size, err := fat.Size()
	if err != nil {
		return nil, err
	}
	esp := new(extents.File)
	if err := errors.Join(esp.Truncate(size), fat.Write(esp)); err != nil {
		return nil, err
	}
	const image = "boot/efi.img"
	out := new(extents.File)
	_, err = disk.ISO{
		Label: "SEAWORTHY", Time: o.Time, DiskID: disk.GUID("disk", id), PartitionID: disk.GUID("esp", id),
		Files: []disk.File{diskFile(image, esp)},
		Boot:  []disk.BootImage{{Path: image, Platform: disk.PlatformEFI}},
	}.Write(out)
	return out, err
}
