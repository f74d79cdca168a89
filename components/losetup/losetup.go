//go:build linux

// Package losetup is the program losetup, which makes a file a block device.
package losetup

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/components/applet"
)

// Main runs the program.
func Main() {
	var offset, size uint64
	var readOnly, partitions bool
	(&applet.Program{Name: "losetup", Usage: "[flags] [DEVICE] FILE",
		Flags: func(fs *flag.FlagSet) {
			fs.Uint64Var(&offset, "offset", 0, "where the device begins in the file, in bytes")
			fs.Uint64Var(&size, "size", 0, "size of the device in bytes (default: to the end of the file)")
			fs.BoolVar(&readOnly, "read-only", false, "the device cannot be written to")
			fs.BoolVar(&partitions, "partitions", false, "read the partition table of the file")
		},
		Run: func(_ context.Context, w io.Writer, args []string) error {
			device, file, err := arguments(args)
			if err != nil {
				return err
			}
			c := unix.LoopConfig{}
			c.Info.Offset, c.Info.Sizelimit = offset, size
			copy(c.Info.File_name[:len(c.Info.File_name)-1], file)
			if readOnly {
				c.Info.Flags |= unix.LO_FLAGS_READ_ONLY
			}
			if partitions {
				c.Info.Flags |= unix.LO_FLAGS_PARTSCAN
			}
			if device, err = attach(device, file, readOnly, &c); err != nil {
				return err
			}
			fmt.Fprintf(w, "%s is %s\n", device, file)
			return nil
		}}).Main()
}

// arguments gives the device, "" for a free one, and the file.
func arguments(args []string) (device, file string, err error) {
	if len(args) == 2 {
		device, args = args[0], args[1:]
	}
	if len(args) != 1 || device != "" && !strings.HasPrefix(device, "/dev/loop") {
		return "", "", applet.Usagef("give one file, and before it, if you want a certain device, /dev/loopN")
	}
	return device, args[0], nil
}

func attach(device, file string, readOnly bool, c *unix.LoopConfig) (string, error) {
	access := os.O_RDWR
	if readOnly {
		access = os.O_RDONLY
	}
	f, err := os.OpenFile(file, access, 0)
	if err != nil {
		return "", err
	}
	defer f.Close()
	c.Fd = uint32(f.Fd())
	// Another program can take a free device before this one does.
	for range 16 {
		name := device
		if name == "" {
			if name, err = free(); err != nil {
				return "", err
			}
		}
		d, err := os.OpenFile(name, access, 0)
		if err != nil {
			return "", err
		}
		err = errors.Join(unix.IoctlLoopConfigure(int(d.Fd()), c), d.Close())
		if err == nil {
			return name, nil
		}
		if device != "" || !errors.Is(err, unix.EBUSY) {
			return "", fmt.Errorf("cannot make %s a block device at %s: %w", file, name, err)
		}
	}
	return "", errors.New("other programs took every free loop device")
}

func free() (string, error) {
	f, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		return "", fmt.Errorf("%w: load the module loop before", err)
	}
	defer f.Close()
	n, err := unix.IoctlRetInt(int(f.Fd()), unix.LOOP_CTL_GET_FREE)
	if err != nil {
		return "", fmt.Errorf("there is no free loop device: %w", err)
	}
	return fmt.Sprintf("/dev/loop%d", n), nil
}
