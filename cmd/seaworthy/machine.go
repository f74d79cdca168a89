package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/builder/boot"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
)

// machineFlags describe the machine that boot and trace start, besides the image.
type machineFlags struct {
	publish                                      []string
	memory, cpus                                 int
	accel, disk, diskBus, cdrom, agent, tpmState string
	tpm                                          bool
}

// add adds the flags. memory is the default of --memory, and publish the help of --publish.
func (f *machineFlags) add(cmd *cobra.Command, memory int, publish string) {
	flags := cmd.Flags()
	flags.StringArrayVar(&f.publish, "publish", nil, publish)
	flags.IntVar(&f.memory, "memory", memory, "memory of the machine, in MiB")
	flags.IntVar(&f.cpus, "cpus", 1, "number of processors of the machine")
	flags.StringVar(&f.accel, "accel", boot.TCG, "tcg (emulation, works everywhere), kvm, or auto: kvm if a test machine runs with it")
	flags.StringVar(&f.disk, "disk", "", "second disk, which the system can write to: FILE (kept; qcow2 by its name, else raw), FILE:SIZE (made if it does not exist) or SIZE, such as 4G (lost at the end)")
	flags.StringVar(&f.diskBus, "disk-bus", boot.Virtio, "how the disk of --disk is attached: virtio, or nvme as in many clouds")
	flags.StringVar(&f.agent, "guest-agent", "", "path of a new socket, for questions to the system's component qemu-guest-agent")
	flags.StringVar(&f.cdrom, "cdrom", "", "file that the system sees as a CD-ROM, for example with its settings (NoCloud, OpenStack); it is not booted")
	flags.BoolVar(&f.tpm, "tpm", false, "give the machine a TPM 2.0, with the program swtpm")
	flags.StringVar(&f.tpmState, "tpm-state", "", "folder in which the TPM keeps its state between boots (with --tpm; default: a temporary folder)")
}

// options are those that need no file. set sets the others.
func (f *machineFlags) options() (o boot.Options, err error) {
	o.Memory, o.CPUs = f.memory, f.cpus
	for _, p := range f.publish {
		forward, err := boot.ParseForward(p)
		if err != nil {
			return o, err
		}
		o.Forward = append(o.Forward, forward)
	}
	return o, nil
}

// close closes the files that set opened, also before an error, and removes the socket.
func (f *machineFlags) close(o *boot.Options) {
	if o.Agent != nil {
		os.Remove(f.agent)
	}
	for _, file := range []*os.File{o.Data, o.Media, o.Agent} {
		if file != nil {
			file.Close()
		}
	}
}

// set sets the options. The caller closes their files with close.
func (f *machineFlags) set(ctx context.Context, say func(string), o *boot.Options) error {
	if f.tpmState != "" && !f.tpm {
		return system.BadInput("--tpm-state needs --tpm").Suggest("add --tpm")
	}
	o.TPM, o.TPMState = f.tpm, f.tpmState
	if f.diskBus != boot.Virtio && f.diskBus != boot.NVMe {
		return system.BadInput("--disk-bus %q is neither virtio nor nvme", f.diskBus).Suggest("use virtio or nvme")
	}
	if f.diskBus == boot.NVMe && f.disk == "" {
		return system.BadInput("--disk-bus needs --disk").Suggest("add --disk, for example --disk 1G")
	}
	o.DataBus = f.diskBus
	var err error
	if f.agent != "" {
		if o.Agent, err = listen(f.agent); err != nil {
			return err
		}
	}
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

// listen makes a socket that only this user can connect to. It is made in a folder of its
// own, so no other user can connect before its mode is right. An existing file is an error.
func listen(path string) (*os.File, error) {
	fail := func(err error) (*os.File, error) {
		return nil, system.Unusable("cannot make the socket %s", path).Because(err).Suggest("give a path that does not exist, in a folder that you can write to")
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), ".seaworthy-")
	if err != nil {
		return fail(err)
	}
	defer os.RemoveAll(dir)
	made := filepath.Join(dir, "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: made, Net: "unix"})
	if err != nil {
		return fail(err)
	}
	defer l.Close() // the file below keeps listening
	if err := errors.Join(os.Chmod(made, 0o600), os.Link(made, path)); err != nil {
		return fail(err)
	}
	return l.File()
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
