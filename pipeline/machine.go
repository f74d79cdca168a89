package pipeline

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/boot"
	"github.com/seaworthy-os/seaworthy/builder/image"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
)

// maxCmdline limits the size of the command line file. The kernel's own limit is at
// most 4 KiB.
const maxCmdline = 64 << 10

// Machine sets the files of a verified image in o. It copies them to memory that
// cannot change, so that QEMU gets the bytes that were verified. With several
// bootable formats it takes format, or the first one. An image without the files
// of a bootable format is an ErrInput.
func Machine(r *verify.Result, format string, o *boot.Options) error {
	m, err := machineFormat(r, format, o.SecureBoot != nil)
	if err != nil {
		return err
	}
	o.Arch, o.DiskFormat = r.Arch, m.DiskFormat
	if m.EFI {
		o.Firmware = boot.EFI
	}
	var cmdline, program *os.File
	var errs []error
	for _, f := range []struct {
		ending string
		into   **os.File
	}{{m.Kernel, &o.Kernel}, {m.Initrd, &o.Initrd}, {m.Cmdline, &cmdline}, {m.Program, &program}, {m.Disk, &o.Disk}, {m.CD, &o.CD}} {
		if f.ending == "" {
			continue
		}
		file := r.Files[slices.IndexFunc(r.Files, func(v verify.File) bool { return v.Name == r.Name+f.ending })]
		var err error
		*f.into, err = boot.Private(file.Name, file.Digest, r.Open(file.Name))
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if program != nil {
		defer program.Close()
		if o.Disk, err = diskOf(program, r.Arch); err != nil {
			return err
		}
	}
	if cmdline == nil {
		return nil
	}
	defer cmdline.Close()
	text, err := bounded.Read(cmdline, maxCmdline)
	if err != nil {
		return system.Unusable("command line").Because(err)
	}
	o.Cmdline = string(bytes.TrimSpace(text))
	return nil
}

// diskOf is a disk in memory, from which firmware starts an EFI program.
func diskOf(program *os.File, arch string) (*os.File, error) {
	size, err := program.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	return boot.Sealed(program.Name(), func(to *os.File) error { return image.WriteDisk(to, program, size, arch) })
}

// machineFormat finds the format to boot: all of its files are in the image.
// With secure, the firmware must be UEFI.
func machineFormat(r *verify.Result, format string, secure bool) (*image.Machine, error) {
	bootable, under := image.Formats(image.Bootable), ""
	if secure {
		bootable, under = image.Formats(image.Bootable, bootsEFI), " under Secure Boot"
	}
	if format != "" && !slices.Contains(bootable, format) {
		return nil, system.BadInput("format %q cannot boot%s", format, under).Suggest("use %s", strings.Join(bootable, " or "))
	}
	written := builtFormats(r, bootable)
	for _, f := range written {
		if format == "" || format == f.Name {
			return f.Machine, nil
		}
	}
	if format != "" {
		return nil, system.BadInput("image %s does not have the files of format %s", r.Name, format).Suggest("build it with --format %s", format)
	}
	return nil, system.BadInput("image %s has no format that can boot%s", r.Name, under).Suggest("build it with --format %s", strings.Join(bootable, " or "))
}

// bootsEFI is a condition for image.Formats.
func bootsEFI(f image.Format) bool { return f.Machine.EFI }

// builtFormats are the formats with these names that were built, and whose files have
// been verified. The files alone do not say it: kernel+squashfs has those of
// kernel+initrd, but its initrd is only a loader.
func builtFormats(r *verify.Result, names []string) []image.Format {
	var out []image.Format
	for _, name := range names {
		f, _ := image.Find(name)
		missing := slices.ContainsFunc(f.Files, func(ending string) bool {
			return !slices.ContainsFunc(r.Files, func(v verify.File) bool { return v.Name == r.Name+ending })
		})
		if slices.Contains(r.Formats, name) && !missing {
			out = append(out, f)
		}
	}
	return out
}
