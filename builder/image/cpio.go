package image

import (
	"fmt"
	"io"
	"math"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// cpioWriter writes the newc form that the kernel unpacks
// (Documentation/driver-api/early-userspace/buffer-format.rst).
type cpioWriter struct {
	w     io.Writer
	mtime uint32
	// dev is the device that the entries are said to lie on. Numbers of files
	// count within it: of two entries with the same, one is a hard link.
	dev device
	ino uint32
	// pos counts the bytes written.
	pos int64
}

// What the kernel makes of names (init/initramfs.c): one ends the archive, and
// long ones are passed over (PATH_MAX, with the NUL).
const (
	cpioEnd  = "TRAILER!!!"
	cpioPath = 4095
)

// device is the major and the minor number of a device.
type device struct{ major, minor uint32 }

var cpioTypes = map[system.EntryType]uint32{
	system.TypeFile: 0o100000, system.TypeDir: 0o040000, system.TypeSymlink: 0o120000,
	system.TypeChar: 0o020000, system.TypeBlock: 0o060000, system.TypeFifo: 0o010000,
}

// header writes one entry's header and name. A symlink's target is written as
// its content. ino 0 takes the next number.
func (c *cpioWriter) header(e *system.Entry, ino, nlink uint32) error {
	typ, ok := cpioTypes[e.Type]
	if !ok {
		return fmt.Errorf("cannot write a %s", e.Type)
	}
	if e.Size > math.MaxUint32 {
		return fmt.Errorf("%d bytes: an initrd can contain files up to 4 GiB; use a volume, or use format tar", e.Size)
	}
	switch {
	case e.Path == cpioEnd:
		return fmt.Errorf("the name %s ends a cpio archive: rename the file, or use format tar", cpioEnd)
	case len(e.Path) > cpioPath || len(e.Link) > cpioPath:
		return fmt.Errorf("a path of %d bytes: the kernel ignores paths longer than %d bytes in an initrd; use format tar", max(len(e.Path), len(e.Link)), cpioPath)
	}
	if ino == 0 {
		ino = c.next()
	}
	size := uint32(e.Size)
	if e.Type == system.TypeSymlink {
		size = uint32(len(e.Link))
	}
	h := fmt.Sprintf("070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%s\x00",
		ino, typ|e.Mode&0o7777, uint32(e.UID), uint32(e.GID), nlink, c.mtime, size,
		c.dev.major, c.dev.minor, uint32(e.DevMajor), uint32(e.DevMinor), len(e.Path)+1, 0, e.Path)
	if err := c.write([]byte(h)); err != nil {
		return err
	}
	if err := c.pad(); err != nil {
		return err
	}
	if e.Type != system.TypeSymlink {
		return nil
	}
	if err := c.write([]byte(e.Link)); err != nil {
		return err
	}
	return c.pad()
}

func (c *cpioWriter) next() uint32 { c.ino++; return c.ino }

func (c *cpioWriter) write(p []byte) error {
	n, err := c.w.Write(p)
	c.pos += int64(n)
	return err
}

// pad fills up to a multiple of four.
func (c *cpioWriter) pad() error {
	var zero [3]byte
	return c.write(zero[:-c.pos&3])
}

// trailer ends the archive.
func (c *cpioWriter) trailer() error {
	h := fmt.Sprintf("070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%s\x00", 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, len(cpioEnd)+1, 0, cpioEnd)
	if err := c.write([]byte(h)); err != nil {
		return err
	}
	return c.pad()
}

// content takes one file's bytes and pads behind them.
type content struct{ c *cpioWriter }

func (w content) Write(p []byte) (int, error) {
	if err := w.c.write(p); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (w content) Close() error { return w.c.pad() }
