//go:build linux

package main

import "golang.org/x/sys/unix"

// olderUses lists the paths of calls that newer architectures do not have.
func (p *process) olderUses(n *notification) use {
	a := n.args
	switch n.number {
	case unix.SYS_OPEN:
		return use{[]name{{here, a[0], false}}, opens(a[1])}
	case unix.SYS_CREAT, unix.SYS_CHMOD, unix.SYS_CHOWN, unix.SYS_UTIME, unix.SYS_UTIMES:
		return use{[]name{{here, a[0], false}}, true}
	case unix.SYS_MKDIR, unix.SYS_MKNOD, unix.SYS_RMDIR, unix.SYS_UNLINK, unix.SYS_LCHOWN:
		return use{[]name{{here, a[0], true}}, true}
	case unix.SYS_RENAME:
		return use{[]name{{here, a[0], true}, {here, a[1], true}}, true}
	case unix.SYS_LINK, unix.SYS_SYMLINK:
		return use{[]name{{here, a[1], true}}, true}
	case unix.SYS_RENAMEAT:
		return use{[]name{{fd(a[0]), a[1], true}, {fd(a[2]), a[3], true}}, true}
	case unix.SYS_FUTIMESAT:
		return use{[]name{{fd(a[0]), a[1], false}}, a[1] != 0}
	}
	return use{}
}
