package verify

import (
	"os"
	"syscall"
	"unsafe"
)

// hasCapabilities reports whether a program in the file would get capabilities.
// Other attributes give no rights. Some of them, such as labels of the machine,
// are set on honest copies too.
func hasCapabilities(f *os.File) bool {
	name := []byte("security.capability\x00")
	size, _, failed := syscall.Syscall6(syscall.SYS_FGETXATTR, f.Fd(), uintptr(unsafe.Pointer(&name[0])), 0, 0, 0, 0)
	return failed == 0 && size > 0
}
