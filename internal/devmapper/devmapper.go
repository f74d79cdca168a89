//go:build linux

// Package devmapper makes devices of the kernel's device mapper, through the kernel's own
// interface (include/uapi/linux/dm-ioctl.h).
package devmapper

import (
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Device is one device of the device mapper. Close frees what this process needs for it:
// the device stays.
type Device struct {
	// Path is the path of the device: "/dev/dm-0".
	Path string

	control *os.File
	name    string
	flags   uint32
}

// Options say what kind of device is made.
type Options struct {
	// ID identifies the device for other programs, such as CRYPT-LUKS2-…; it can be "".
	ID string
	// ReadOnly: nothing can be written to the device.
	ReadOnly bool
	// Secret: the table has a key, so the kernel clears its copies of the request.
	Secret bool
}

// The commands, and the layout of struct dm_ioctl.
const (
	create    = 0xc138fd03
	remove    = 0xc138fd04
	suspend   = 0xc138fd06 // without the flag to suspend, it resumes
	tableLoad = 0xc138fd09

	headerSize = 312
	targetSize = 40
	nameAt     = 48
	idAt       = 176
	maxName    = 127
	maxID      = 128

	flagReadOnly = 1 << 0
	flagSecret   = 1 << 15
)

// Create makes a device without a table.
func Create(name string, o Options) (*Device, error) {
	if name == "" || len(name) > maxName || len(o.ID) > maxID {
		return nil, fmt.Errorf("device-mapper: the name %q is empty or too long", name)
	}
	control, err := os.OpenFile("/dev/mapper/control", os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("device-mapper is not available (is the module dm_mod loaded?): %w", err)
	}
	d := &Device{control: control, name: name}
	if o.ReadOnly {
		d.flags |= flagReadOnly
	}
	if o.Secret {
		d.flags |= flagSecret
	}
	b := d.request(0)
	copy(b[idAt:idAt+maxID], o.ID)
	if err := d.call(create, b); err != nil {
		control.Close()
		return nil, fmt.Errorf("device-mapper: cannot create %s: %w", name, err)
	}
	d.Path = fmt.Sprintf("/dev/dm-%d", unix.Minor(binary.NativeEndian.Uint64(b[40:])))
	return d, nil
}

// Close closes the interface.
func (d *Device) Close() error { return d.control.Close() }

// Remove removes the device. It fails if the device is in use.
func (d *Device) Remove() error {
	if err := d.call(remove, d.request(0)); err != nil {
		return fmt.Errorf("device-mapper: cannot remove %s: %w", d.name, err)
	}
	return nil
}

// Load gives the device a table of one target with size bytes, and starts it. It clears
// its own copy of the parameters.
func (d *Device) Load(target, params string, size int64) error {
	b := d.request(targetSize + (len(params)+8)/8*8) // with the 0 at the end, in whole words
	defer clear(b)
	binary.NativeEndian.PutUint32(b[20:], 1) // one target
	spec := b[headerSize:]
	binary.NativeEndian.PutUint64(spec[8:], uint64(size/512))
	copy(spec[24:targetSize-1], target)
	copy(spec[targetSize:], params)
	if err := d.call(tableLoad, b); err != nil {
		return fmt.Errorf("device-mapper: cannot open the target %s: %w", target, err)
	}
	if err := d.call(suspend, d.request(0)); err != nil {
		return fmt.Errorf("device-mapper: cannot start the target %s: %w", target, err)
	}
	return nil
}

// request is a struct dm_ioctl with room for data behind it.
func (d *Device) request(data int) []byte {
	b := make([]byte, headerSize+data)
	binary.NativeEndian.PutUint32(b, 4) // version 4.0.0
	binary.NativeEndian.PutUint32(b[12:], uint32(len(b)))
	binary.NativeEndian.PutUint32(b[16:], headerSize)
	binary.NativeEndian.PutUint32(b[28:], d.flags)
	copy(b[nameAt:nameAt+maxName], d.name)
	return b
}

func (d *Device) call(command uintptr, b []byte) error {
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, d.control.Fd(), command, uintptr(unsafe.Pointer(&b[0])))
	runtime.KeepAlive(b)
	if errno != 0 {
		return errno
	}
	return nil
}
