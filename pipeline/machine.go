package pipeline

import (
	"bytes"
	"errors"
	"os"
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

// Machine sets the boot files of a verified image in o. It copies them to memory that
// cannot change, so that QEMU gets the bytes that were verified. An image without a
// kernel, an initrd and a command line is an ErrInput.
func Machine(r *verify.Result, o *boot.Options) error {
	o.Arch = r.Arch
	var cmdline *os.File
	var errs []error
	for _, f := range r.Files {
		into := map[string]**os.File{r.Name + image.KernelEnding: &o.Kernel, r.Name + image.InitrdEnding: &o.Initrd, r.Name + image.CmdlineEnding: &cmdline}[f.Name]
		if into == nil {
			continue
		}
		var err error
		*into, err = boot.Private(f.Name, f.Digest, r.Open(f.Name))
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if o.Kernel == nil || o.Initrd == nil || cmdline == nil {
		return system.BadInput("image %s cannot boot: it needs a kernel, an initrd and a command line", r.Name).
			Suggest("build it with --format %s", strings.Join(image.Formats(func(f image.Format) bool { return f.Bootable }), " or "))
	}
	defer cmdline.Close()
	text, err := bounded.Read(cmdline, maxCmdline)
	if err != nil {
		return system.Unusable("command line").Because(err)
	}
	o.Cmdline = string(bytes.TrimSpace(text))
	return nil
}
