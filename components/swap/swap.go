//go:build linux

// Package swap is the program swap, which makes the kernel use a file or a partition as
// memory.
package swap

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/components/applet"
	"github.com/seaworthy-os/seaworthy/components/block"
)

// Main runs the program.
func Main() {
	var path, size string
	var priority int
	var discard bool
	var wait time.Duration
	(&applet.Program{Name: "swap", Usage: "[flags] DEVICE | -path FILE -size SIZE",
		Flags: func(fs *flag.FlagSet) {
			fs.StringVar(&path, "path", "", "a file, which is made if it does not exist; not in a tmpfs")
			fs.StringVar(&size, "size", "", "size of a new file, such as 512M or 2G")
			fs.IntVar(&priority, "priority", -1, "0 to 32767: higher ones are used first (default: the kernel chooses)")
			fs.BoolVar(&discard, "discard", false, "tell the disk which pages are free")
			fs.DurationVar(&wait, "wait", block.Patience, "how long to wait for the device")
		},
		Run: func(ctx context.Context, w io.Writer, args []string) error {
			if len(args) > 1 || (len(args) == 1) == (path != "") {
				return applet.Usagef("give one device, or -path")
			}
			if priority > 32767 {
				return applet.Usagef("-priority %d is above 32767", priority)
			}
			if path != "" {
				if err := file(path, size); err != nil {
					return err
				}
			} else {
				d, err := block.System.Wait(ctx, args[0], wait)
				if err != nil {
					return err
				}
				if path, err = d.Path, device(d); err != nil {
					return err
				}
			}
			flags := 0
			if priority >= 0 {
				flags = 0x8000 | priority // SWAP_FLAG_PREFER
			}
			if discard {
				flags |= 0x10000 // SWAP_FLAG_DISCARD
			}
			if err := swapon(path, flags); err != nil && !errors.Is(err, unix.EBUSY) {
				return fmt.Errorf("the kernel does not use %s: %w", path, err)
			}
			fmt.Fprintf(w, "%s is used\n", path)
			return nil
		}}).Main()
}

func swapon(path string, flags int) error {
	p, err := unix.BytePtrFromString(path)
	if err != nil {
		return err
	}
	if _, _, errno := unix.Syscall(unix.SYS_SWAPON, uintptr(unsafe.Pointer(p)), uintptr(flags), 0); errno != 0 {
		return errno
	}
	return nil
}

// device writes a header to an empty device, and leaves one that is there.
func device(d *block.Device) error {
	c, err := d.Content()
	if err != nil || c.Type == "swap" {
		return err
	}
	if err := d.MustBeEmpty(); err != nil {
		return err
	}
	f, err := os.OpenFile(d.Path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(write(f, d.Size), f.Close())
}

// file makes the file, if it does not exist. The pages of other programs are in it, so
// only root can read it.
func file(path, size string) error {
	if st, err := os.Stat(path); err == nil {
		if !st.Mode().IsRegular() {
			return fmt.Errorf("%s is not a file", path)
		}
		return os.Chmod(path, 0o600)
	}
	n, err := parseSize(size)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = unix.Fallocate(int(f.Fd()), 0, 0, n)
	if err == nil {
		err = write(f, n)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(fmt.Errorf("cannot make %s of %d MiB: %w", path, n>>20, err), os.Remove(path))
	}
	return nil
}

// parseSize reads 512M, 2G or a number of bytes.
func parseSize(s string) (int64, error) {
	digits, shift := s, 0
	for suffix, by := range map[string]int{"K": 10, "M": 20, "G": 30} {
		if d, ok := strings.CutSuffix(strings.ToUpper(s), suffix); ok {
			digits, shift = d, by
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n <= 0 || n > 1<<44>>shift {
		return 0, applet.Usagef("-size %q is not a size such as 512M or 2G", s)
	}
	if n <<= shift; n < 10*pageSize {
		return 0, applet.Usagef("-size %q is less than ten pages", s)
	}
	return n, nil
}

// pageSize is that of the kernels that we build for.
const pageSize = 4096

// header is the first page of a swap space (include/linux/swap.h, union swap_header).
func header(size int64, uuid [16]byte) []byte {
	b := make([]byte, pageSize)
	binary.NativeEndian.PutUint32(b[1024:], 1)                       // version
	binary.NativeEndian.PutUint32(b[1028:], uint32(size/pageSize-1)) // last page
	copy(b[1036:], uuid[:])
	copy(b[pageSize-10:], "SWAPSPACE2")
	return b
}

type target interface {
	io.WriterAt
	Sync() error
}

func write(f target, size int64) error {
	if size/pageSize-1 > 1<<32-1 {
		return fmt.Errorf("%d bytes are too many for swap", size)
	}
	if os.Getpagesize() != pageSize {
		return fmt.Errorf("pages of %d bytes are not supported: make the swap space with mkswap", os.Getpagesize())
	}
	var id [16]byte
	if _, err := rand.Read(id[:]); err != nil {
		return err
	}
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	if _, err := f.WriteAt(header(size, id), 0); err != nil {
		return err
	}
	return f.Sync()
}
