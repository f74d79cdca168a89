package guest

import (
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mapper makes one device of device-mapper, through the kernel's own interface
// (include/uapi/linux/dm-ioctl.h).
type mapper struct {
	control *os.File
	name    string
	// device is the path of the device: "/dev/dm-0".
	device string
}

// The commands, and the layout of struct dm_ioctl.
const (
	dmCreate    = 0xc138fd03
	dmSuspend   = 0xc138fd06 // without the flag to suspend, it resumes
	dmTableLoad = 0xc138fd09

	dmHeader   = 312
	dmTarget   = 40
	dmReadOnly = 1
	dmNameSize = 128
)

// newMapper creates a device without a table.
func newMapper(name string) (*mapper, error) {
	if len(name) >= dmNameSize {
		return nil, fmt.Errorf("device-mapper: the name %q is too long", name)
	}
	control, err := os.OpenFile("/dev/mapper/control", os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("device-mapper is not available: %w", err)
	}
	m := &mapper{control: control, name: name}
	b := m.request(0)
	if err := m.call(dmCreate, b); err != nil {
		control.Close()
		return nil, fmt.Errorf("device-mapper: cannot create %s: %w", name, err)
	}
	m.device = fmt.Sprintf("/dev/dm-%d", unix.Minor(binary.NativeEndian.Uint64(b[40:])))
	return m, nil
}

func (m *mapper) Close() { m.control.Close() }

// load gives the device a table of one target with size bytes, and starts it.
func (m *mapper) load(target, params string, size int64) error {
	b := m.request(dmTarget + (len(params)+8)/8*8) // with the 0 at the end, in whole words
	binary.NativeEndian.PutUint32(b[20:], 1)       // one target
	spec := b[dmHeader:]
	binary.NativeEndian.PutUint64(spec[8:], uint64(size/512))
	copy(spec[24:dmTarget-1], target)
	copy(spec[dmTarget:], params)
	if err := m.call(dmTableLoad, b); err != nil {
		return fmt.Errorf("device-mapper: cannot open the target %s: %w", target, err)
	}
	if err := m.call(dmSuspend, m.request(0)); err != nil {
		return fmt.Errorf("device-mapper: cannot start the target %s: %w", target, err)
	}
	return nil
}

// request is a struct dm_ioctl with room for data behind it.
func (m *mapper) request(data int) []byte {
	b := make([]byte, dmHeader+data)
	binary.NativeEndian.PutUint32(b, 4) // version 4.0.0
	binary.NativeEndian.PutUint32(b[12:], uint32(len(b)))
	binary.NativeEndian.PutUint32(b[16:], dmHeader)
	binary.NativeEndian.PutUint32(b[28:], dmReadOnly)
	copy(b[48:48+dmNameSize-1], m.name)
	return b
}

func (m *mapper) call(command uintptr, b []byte) error {
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, m.control.Fd(), command, uintptr(unsafe.Pointer(&b[0])))
	runtime.KeepAlive(b)
	if errno != 0 {
		return errno
	}
	return nil
}
