//go:build linux

package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/internal/tracing"
)

// process is the process that waits for its system call.
type process struct {
	pid    uint32
	memory *os.File
	root   *os.File
}

func (p *process) close() {
	for _, f := range []*os.File{p.memory, p.root} {
		if f != nil {
			f.Close()
		}
	}
}

func (p *process) proc(name string) string { return fmt.Sprintf("/proc/%d/%s", p.pid, name) }

// read reads the memory of the process. It returns fewer bytes where the memory ends.
func (p *process) read(at uint64, n int) []byte {
	if p.memory == nil {
		f, err := os.Open(p.proc("mem"))
		if err != nil {
			return nil
		}
		p.memory = f
	}
	buf := make([]byte, n)
	// Addresses of processes are below 1 << 63.
	got, _ := p.memory.ReadAt(buf, int64(at))
	return buf[:got]
}

// text reads a text that ends with a zero byte. It reads page by page: the next page
// may not exist.
func (p *process) text(at uint64) (string, bool) {
	const page = 4096
	var out []byte
	for at != 0 && len(out) < unix.PathMax {
		part := p.read(at, int(page-at%page))
		if len(part) == 0 {
			return "", false
		}
		if i := bytes.IndexByte(part, 0); i >= 0 {
			return string(append(out, part[:i]...)), true
		}
		out, at = append(out, part...), at+uint64(len(part))
	}
	return "", false
}

// name is a path that a system call gets: a folder's descriptor, and an address.
type name struct {
	dir int
	at  uint64
	// last: a symbolic link at the end of the path is not followed.
	last bool
}

const here = unix.AT_FDCWD

// use is what a system call does with paths.
type use struct {
	names []name
	write bool
}

// files lists the files that a call uses.
func (p *process) files(n *notification) (out []tracing.File) {
	u := p.uses(n)
	for _, name := range u.names {
		if f := p.file(name, u.write); f != nil {
			out = append(out, *f)
		}
	}
	return out
}

// fd reads a descriptor from a register: the kernel uses its lower half.
func fd(arg uint64) int { return int(int32(uint32(arg))) }

// opens says whether a file is opened for writing.
func opens(flags uint64) bool {
	return flags&unix.O_ACCMODE != unix.O_RDONLY || flags&(unix.O_CREAT|unix.O_TRUNC) != 0
}

// uses lists the paths of the calls of all architectures. Other architectures than
// arm64 and riscv64 have older calls too (calls_amd64.go).
func (p *process) uses(n *notification) use {
	a := n.args
	const noFollow = unix.AT_SYMLINK_NOFOLLOW
	switch n.number {
	case unix.SYS_OPENAT:
		return use{[]name{{fd(a[0]), a[1], false}}, opens(a[2])}
	case unix.SYS_OPENAT2:
		how := p.read(a[2], 8)
		if len(how) < 8 {
			return use{}
		}
		return use{[]name{{fd(a[0]), a[1], false}}, opens(binary.NativeEndian.Uint64(how))}
	case unix.SYS_MKDIRAT, unix.SYS_MKNODAT, unix.SYS_UNLINKAT:
		return use{[]name{{fd(a[0]), a[1], true}}, true}
	case unix.SYS_RENAMEAT2:
		return use{[]name{{fd(a[0]), a[1], true}, {fd(a[2]), a[3], true}}, true}
	case unix.SYS_LINKAT:
		return use{[]name{{fd(a[2]), a[3], true}}, true}
	case unix.SYS_SYMLINKAT:
		return use{[]name{{fd(a[1]), a[2], true}}, true}
	case unix.SYS_FCHMODAT:
		return use{[]name{{fd(a[0]), a[1], false}}, true}
	case unix.SYS_FCHOWNAT:
		return use{[]name{{fd(a[0]), a[1], a[4]&noFollow != 0}}, true}
	case unix.SYS_UTIMENSAT:
		if a[1] == 0 {
			return use{} // of an open file, whose opening was observed
		}
		return use{[]name{{fd(a[0]), a[1], a[3]&noFollow != 0}}, true}
	case unix.SYS_TRUNCATE, unix.SYS_SETXATTR, unix.SYS_REMOVEXATTR:
		return use{[]name{{here, a[0], false}}, true}
	case unix.SYS_LSETXATTR, unix.SYS_LREMOVEXATTR:
		return use{[]name{{here, a[0], true}}, true}
	case unix.SYS_BIND:
		if family, address := p.address(a[1], a[2]); family == unix.AF_UNIX && len(address) > 0 && address[0] != 0 {
			return use{[]name{{here, a[1] + 2, true}}, true}
		}
		return use{}
	}
	return p.olderUses(n)
}

// address reads a socket address: its family, and the bytes behind it.
func (p *process) address(at, length uint64) (family uint16, rest []byte) {
	b := p.read(at, int(min(length, 128)))
	if len(b) < 2 {
		return 0, nil
	}
	return binary.NativeEndian.Uint16(b), b[2:]
}

// detail says what a call asks for that may need a capability.
func (p *process) detail(n *notification) string {
	switch n.number {
	case unix.SYS_SOCKET:
		return tracing.SocketDetail(n.args[0], n.args[1]&0xf == unix.SOCK_RAW)
	case unix.SYS_CLONE:
		if n.args[0]&tracing.NewNamespaces != 0 {
			return "new namespaces"
		}
	case unix.SYS_BIND:
		family, rest := p.address(n.args[1], n.args[2])
		if (family == unix.AF_INET || family == unix.AF_INET6) && len(rest) >= 2 {
			return tracing.PortDetail(binary.BigEndian.Uint16(rest))
		}
	}
	return ""
}

// file finds the file that a name refers to, in the container. It returns nil if the
// call cannot succeed because there is no such file or folder, and for files of proc
// and sysfs, which are no files of the image.
func (p *process) file(n name, write bool) *tracing.File {
	text, ok := p.text(n.at)
	if !ok || text == "" {
		return nil
	}
	if !path.IsAbs(text) {
		link := "cwd"
		if n.dir != here {
			link = fmt.Sprintf("fd/%d", n.dir)
		}
		base, err := os.Readlink(p.proc(link))
		if err != nil || !path.IsAbs(base) {
			return nil
		}
		text = base + "/" + text
	}
	if p.root == nil {
		f, err := os.OpenFile(p.proc("root"), unix.O_PATH|unix.O_DIRECTORY, 0)
		if err != nil {
			return nil
		}
		p.root = f
	}
	if !n.last {
		if f := p.resolved(text, write); f != nil {
			return f
		}
	}
	if !write {
		return nil // a file that does not exist cannot be read
	}
	dir, base := path.Split(strings.TrimRight(text, "/"))
	if base == ".." || base == "." {
		return nil
	}
	f := p.resolved(dir, write)
	if f == nil || f.Kind != tracing.KindFolder {
		return nil
	}
	f.Path, f.Kind = path.Join(f.Path, base), tracing.KindFile
	return f
}

// resolved opens a path in the root of the process, without an effect on the file.
func (p *process) resolved(text string, write bool) *tracing.File {
	fd, err := unix.Openat2(int(p.root.Fd()), text, &unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT})
	if err != nil {
		return nil
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	var fs unix.Statfs_t
	real, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
	if err != nil || !path.IsAbs(real) || unix.Fstat(fd, &st) != nil || unix.Fstatfs(fd, &fs) != nil {
		return nil
	}
	switch uint32(fs.Type) {
	case unix.PROC_SUPER_MAGIC, unix.SYSFS_MAGIC, unix.CGROUP2_SUPER_MAGIC:
		return nil
	}
	f := &tracing.File{Path: real, Kind: tracing.KindOther, Write: write, ReadOnly: fs.Flags&unix.ST_RDONLY != 0}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		f.Kind = tracing.KindFile
	case unix.S_IFDIR:
		f.Kind = tracing.KindFolder
	case unix.S_IFSOCK:
		f.Kind = tracing.KindSocket
	case unix.S_IFCHR, unix.S_IFBLK:
		f.Kind = tracing.KindDevice
		kind := "c"
		if st.Mode&unix.S_IFMT == unix.S_IFBLK {
			kind = "b"
		}
		f.Device = fmt.Sprintf("%s %d:%d", kind, unix.Major(st.Rdev), unix.Minor(st.Rdev))
	}
	return f
}
