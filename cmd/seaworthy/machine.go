package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/builder/boot"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
)

// machineFlags describe the machine that boot starts, besides the image.
type machineFlags struct {
	accel, disk, cdrom, tpmState string
	tpm                          bool
}

func (f *machineFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.accel, "accel", boot.TCG, "tcg (emulation, works everywhere), kvm, or auto: kvm if a test machine runs with it")
	flags.StringVar(&f.disk, "disk", "", "second disk, which the system can write to: FILE (kept; qcow2 by its name, else raw), FILE:SIZE (made if it does not exist) or SIZE, such as 4G (lost at the end)")
	flags.StringVar(&f.cdrom, "cdrom", "", "file that the system sees as a CD-ROM, for example with its settings (NoCloud, OpenStack); it is not booted")
	flags.BoolVar(&f.tpm, "tpm", false, "give the machine a TPM 2.0, with the program swtpm")
	flags.StringVar(&f.tpmState, "tpm-state", "", "folder in which the TPM keeps its state between boots (with --tpm; default: a temporary folder)")
}

// forwards parses the values of --publish.
func forwards(publish []string) (out []boot.Forward, err error) {
	for _, p := range publish {
		f, err := boot.ParseForward(p)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

// closeDisks closes the files that machineFlags.set opened, also before an error.
func closeDisks(o *boot.Options) {
	for _, f := range []*os.File{o.Data, o.Media} {
		if f != nil {
			f.Close()
		}
	}
}

// set sets the options. The caller closes o.Data and o.Media with closeDisks.
func (f *machineFlags) set(ctx context.Context, say func(string), o *boot.Options) error {
	if f.tpmState != "" && !f.tpm {
		return system.BadInput("--tpm-state needs --tpm").Suggest("add --tpm")
	}
	o.TPM, o.TPMState = f.tpm, f.tpmState
	var err error
	if f.disk != "" {
		if o.Data, o.DataFormat, err = openDisk(f.disk); err != nil {
			return err
		}
	}
	if f.cdrom != "" {
		if o.Media, _, err = bounded.OpenImage(f.cdrom); err != nil {
			return system.NotRead(f.cdrom, err)
		}
	}
	if o.Accel = f.accel; f.accel != boot.Auto {
		return nil
	}
	var why string
	if o.Accel, why, err = boot.ChooseAccel(ctx, o.Arch, ""); why != "" {
		say("using emulation (tcg): " + why)
	}
	return err
}

// openDisk opens the disk that --disk names. The format is that of the name: the
// content is written by the system in the machine, which must not choose it.
func openDisk(text string) (*os.File, string, error) {
	if size, err := parseSize(text); err == nil {
		f, err := temporaryDisk(size)
		return f, "raw", err
	}
	path, size := text, int64(-1)
	if before, behind, ok := cutLast(text, ":"); ok {
		if n, err := parseSize(behind); err == nil {
			path, size = before, n
		}
	}
	format := "raw"
	if strings.HasSuffix(path, ".qcow2") {
		format = "qcow2"
	}
	f, _, err := bounded.OpenDisk(path)
	switch {
	case err == nil:
		return f, format, nil
	case !errors.Is(err, fs.ErrNotExist):
		return nil, "", system.NotRead(path, err)
	case size < 0:
		return nil, "", system.BadInput("--disk %s: there is no such file, and it is not a size", text).Suggest("make it with --disk %s:4G, or give a size such as 4G", path)
	case format != "raw":
		return nil, "", system.BadInput("--disk %s does not exist, and only raw disks are made", path).Suggest("make it with qemu-img create -f qcow2 %s", path)
	}
	f, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		err = f.Truncate(size)
	}
	if err != nil {
		return nil, "", system.Unusable("cannot make the disk %s", path).Because(err)
	}
	return f, format, nil
}

// temporaryDisk is a disk without a name.
func temporaryDisk(size int64) (*os.File, error) {
	f, err := os.CreateTemp("", "seaworthy-disk-")
	if err == nil {
		err = errors.Join(os.Remove(f.Name()), f.Truncate(size))
	}
	if err != nil {
		return nil, system.Unusable("cannot make a disk of %d bytes", size).Because(err)
	}
	return f, nil
}

// parseSize reads a size in bytes, or with the units K, M, G or T of 1024.
func parseSize(text string) (int64, error) {
	digits := strings.TrimRight(text, "KMGT")
	shift := map[string]int{"": 0, "K": 10, "M": 20, "G": 30, "T": 40}
	unit, ok := shift[text[len(digits):]]
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || !ok || n < 1 || n > 1<<(62-unit) || digits[0] == '+' {
		return 0, fmt.Errorf("%q is not a size such as 512M or 4G", text)
	}
	return n << unit, nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
