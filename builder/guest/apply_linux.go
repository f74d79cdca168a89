package guest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// actor executes steps on the running system.
type actor struct {
	modules *moduleLoader
}

// all executes steps in order. pid is the first process of the created
// container, or 0 before the container is created.
func (a *actor) all(steps []Step, pid int) error {
	for _, s := range steps {
		if err := a.one(s, pid); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

func (a *actor) one(s Step, pid int) error {
	switch s := s.(type) {
	case stepCgroup:
		return makeCgroup(s.name)
	case stepMkdir:
		return os.MkdirAll(s.path, 0o755)
	case stepMount:
		return a.mount(s)
	case stepBindNS:
		return bindNamespace(pid, s.file, s.path)
	case stepInterface:
		if s.kind != "" {
			a.modules.alias("rtnl-link-" + s.kind)
		}
		return addInterface(s, pid)
	}
	return fmt.Errorf("unknown step %T", s)
}

func (a *actor) mount(s stepMount) error {
	dest := s.dest
	if s.inside != "" {
		fd, err := makeInside(s.inside, s.dest)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		dest = fmt.Sprintf("/proc/self/fd/%d", fd)
	}
	switch {
	case s.flags&msRemount != 0:
		if err := unix.Mount("", dest, "", s.flags, s.data); err != nil {
			return err
		}
	case s.flags&msBind != 0:
		if err := makeTarget(s.source, dest); err != nil {
			return err
		}
		if err := unix.Mount(s.source, dest, "", s.flags&(msBind|msRec), ""); err != nil {
			return err
		}
		// For a bind mount, the kernel ignores all other flags in the first
		// call. They need a second call.
		if rest := s.flags &^ (msBind | msRec); rest != 0 {
			if err := unix.Mount("", dest, "", rest|msBind|msRemount, ""); err != nil {
				return fmt.Errorf("cannot set the flags: %w", err)
			}
		}
	case s.typ == "" && s.source == "" && len(s.propagation) > 0:
		// only the propagation changes
	default:
		if err := a.mountNew(s, dest); err != nil {
			return err
		}
	}
	for _, p := range s.propagation {
		if err := unix.Mount("", dest, "", p, ""); err != nil {
			return fmt.Errorf("cannot set the propagation: %w", err)
		}
	}
	return nil
}

func (a *actor) mountNew(s stepMount, dest string) error {
	if s.inside == "" {
		if err := os.MkdirAll(dest, 0o755); err != nil {
			return err
		}
	}
	if s.typ == "overlay" {
		lower, upper := dataValue(s.data, "lowerdir"), dataValue(s.data, "upperdir")
		_, err := os.Stat(upper)
		for _, d := range []string{upper, dataValue(s.data, "workdir")} {
			if d == "" {
				continue
			}
			if err := os.MkdirAll(d, 0o755); err != nil {
				return err
			}
		}
		if err != nil && upper != "" { // it is new
			if err := ownLayer(lower, upper); err != nil {
				return err
			}
		}
	}
	if !knownFilesystem(s.typ) {
		a.modules.alias("fs-" + s.typ)
	}
	return unix.Mount(s.source, dest, s.typ, s.flags, s.data)
}

// ownLayer gives the upper layer of an overlay the owner of the lower one: the root of the
// overlay is the upper folder. In a user namespace, root of the container owns it.
func ownLayer(lower, upper string) error {
	var st unix.Stat_t
	if err := unix.Stat(lower, &st); err != nil {
		return err
	}
	return os.Lchown(upper, int(st.Uid), int(st.Gid))
}

// knownFilesystem reports whether the kernel supports the file system now.
func knownFilesystem(typ string) bool {
	list, err := os.ReadFile("/proc/filesystems")
	if err != nil {
		return false
	}
	for line := range bytes.Lines(list) {
		if f := bytes.Fields(line); len(f) > 0 && string(f[len(f)-1]) == typ {
			return true
		}
	}
	return false
}

// makeTarget creates the mount point of a bind mount: a folder, or an empty
// file if the source is not a folder.
func makeTarget(source, dest string) error {
	st, err := os.Stat(source)
	if err != nil {
		return err
	}
	if st.IsDir() {
		return os.MkdirAll(dest, 0o755)
	}
	if _, err := os.Stat(dest); err == nil {
		return nil
	}
	return makeFile(dest)
}

func makeFile(name string) error {
	if err := os.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDONLY, 0o644)
	if err != nil {
		return err
	}
	return f.Close()
}

// makeInside creates the folder rel below root and opens it. Symbolic links in
// the path come from the container's image. They cannot lead outside root.
func makeInside(root, rel string) (int, error) {
	dir, err := unix.Open(root, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	defer unix.Close(dir)
	how := unix.OpenHow{Flags: unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS}
	parent, done := dir, ""
	for part := range strings.SplitSeq(rel, "/") {
		done = path.Join(done, part)
		fd, err := unix.Openat2(dir, done, &how)
		if errors.Is(err, unix.ENOENT) {
			if err = unix.Mkdirat(parent, part, 0o755); err == nil {
				fd, err = unix.Openat2(dir, done, &how)
			}
		}
		if parent != dir {
			unix.Close(parent)
		}
		if err != nil {
			return -1, err
		}
		parent = fd
	}
	return parent, nil
}

// bindNamespace keeps a namespace of process pid at path. It replaces the bind
// mount of an earlier start of the container.
func bindNamespace(pid int, file, path string) error {
	for unix.Unmount(path, unix.MNT_DETACH) == nil {
	}
	if err := makeFile(path); err != nil {
		return err
	}
	return unix.Mount(fmt.Sprintf("/proc/%d/ns/%s", pid, file), path, "", unix.MS_BIND, "")
}

const cgroupRoot = "/sys/fs/cgroup"

// makeCgroup creates a cgroup and enables every controller for it.
func makeCgroup(name string) error {
	dir := cgroupRoot
	for part := range strings.SplitSeq(name, "/") {
		if err := enableControllers(dir); err != nil {
			return err
		}
		dir = path.Join(dir, part)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	return nil
}

// enableControllers enables every controller of the cgroup dir for its
// children. It skips those that cannot be delegated.
func enableControllers(dir string) error {
	list, err := os.ReadFile(path.Join(dir, "cgroup.controllers"))
	if err != nil {
		return err
	}
	for _, c := range strings.Fields(string(list)) {
		_ = os.WriteFile(path.Join(dir, "cgroup.subtree_control"), []byte("+"+c), 0o644)
	}
	return nil
}
