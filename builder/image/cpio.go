package image

import (
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// cpioWriter writes a cpio archive in the newc format, which the kernel unpacks
// (Documentation/driver-api/early-userspace/buffer-format.rst).
type cpioWriter struct {
	w     io.Writer
	mtime uint32
	// dev is the device number in each entry's header. An inode number counts
	// only within its device: entries with the same device and inode number are
	// hard links to one file.
	dev device
	ino uint32
	// pos counts the bytes written.
	pos int64
}

// The kernel handles these names specially (init/initramfs.c): cpioEnd ends the
// archive, and names longer than cpioPath are ignored (PATH_MAX without the
// NUL).
const (
	cpioEnd  = "TRAILER!!!"
	cpioPath = 4095
)

// device is the major and minor number of a device.
type device struct{ major, minor uint32 }

var cpioTypes = map[system.EntryType]uint32{
	system.TypeFile: 0o100000, system.TypeDir: 0o040000, system.TypeSymlink: 0o120000,
	system.TypeChar: 0o020000, system.TypeBlock: 0o060000, system.TypeFifo: 0o010000,
}

// header writes the header and the name of one entry. It writes the target of a
// symlink as the entry's content. With ino 0, the entry gets the next inode
// number.
func (c *cpioWriter) header(e *system.Entry, ino, nlink uint32) error {
	typ, ok := cpioTypes[e.Type]
	if !ok {
		return fmt.Errorf("cannot write a %s", e.Type)
	}
	if e.Size > math.MaxUint32 {
		return system.BadInput("the file has %d bytes, and an initrd can contain files up to 4 GiB", e.Size).
			Suggest("use a format with a root on the disk: %s", strings.Join(Formats(rootOnDisk), " or "))
	}
	switch {
	case e.Path == cpioEnd:
		return system.BadInput("the name %s ends a cpio archive", cpioEnd).Suggest("rename the file, or use another --format")
	case len(e.Path) > cpioPath || len(e.Link) > cpioPath:
		return system.BadInput("a path of %d bytes: the kernel ignores paths longer than %d bytes in an initrd", max(len(e.Path), len(e.Link)), cpioPath).
			Suggest("use a shorter path, or another --format")
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

// rootOnDisk is a condition for Formats: files of the root can have any size.
func rootOnDisk(f Format) bool { return f.Verified }

func (c *cpioWriter) next() uint32 { c.ino++; return c.ino }

func (c *cpioWriter) write(p []byte) error {
	n, err := c.w.Write(p)
	c.pos += int64(n)
	return err
}

// pad writes zero bytes up to the next multiple of four.
func (c *cpioWriter) pad() error {
	var zero [3]byte
	return c.write(zero[:-c.pos&3])
}

// trailer writes the entry that ends the archive.
func (c *cpioWriter) trailer() error {
	h := fmt.Sprintf("070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%s\x00", 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, len(cpioEnd)+1, 0, cpioEnd)
	if err := c.write([]byte(h)); err != nil {
		return err
	}
	return c.pad()
}

// content writes the bytes of one file. Close adds the padding.
type content struct{ c *cpioWriter }

func (w content) Write(p []byte) (int, error) {
	if err := w.c.write(p); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (w content) Close() error { return w.c.pad() }
