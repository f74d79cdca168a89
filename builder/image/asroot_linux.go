package image

import (
	"os"
	"syscall"
)

// asRoot are the ways to start a program that writes its own user into its output. In a
// user namespace, this user is root. Some systems do not allow these namespaces, so the
// last way is the usual one.
func asRoot() []*syscall.SysProcAttr {
	uid, gid := os.Getuid(), os.Getgid()
	if uid == 0 && gid == 0 {
		return []*syscall.SysProcAttr{nil}
	}
	return []*syscall.SysProcAttr{{
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: uid, Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: gid, Size: 1}},
	}, nil}
}
