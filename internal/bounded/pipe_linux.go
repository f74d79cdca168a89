package bounded

import (
	"os"
	"syscall"
)

// pipefs is the magic number of the file system of pipes without a name (magic.h).
const pipefs = 0x50495045

// unnamed reports whether an open pipe has no name in a folder.
func unnamed(f *os.File) bool {
	var st syscall.Statfs_t
	raw, err := f.SyscallConn()
	if err != nil {
		return false
	}
	if ctl := raw.Control(func(fd uintptr) { err = syscall.Fstatfs(int(fd), &st) }); ctl != nil {
		err = ctl
	}
	return err == nil && st.Type == pipefs
}
