package guest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/internal/mountinfo"
)

func uptime() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}

// firstMount mounts /dev, /proc and /sys, and makes /dev/console the standard
// input and output.
func firstMount() error {
	for _, m := range firstMounts {
		if err := m.mount(); err != nil {
			return err
		}
	}
	for _, l := range [][2]string{{"/dev/fd", "/proc/self/fd"}, {"/dev/stdin", "fd/0"}, {"/dev/stdout", "fd/1"}, {"/dev/stderr", "fd/2"}} {
		_ = os.Symlink(l[1], l[0])
	}
	if console, err := unix.Open("/dev/console", unix.O_RDWR|unix.O_NOCTTY, 0); err == nil {
		for fd := range 3 {
			_ = unix.Dup3(console, fd, 0)
		}
		if console > 2 {
			_ = unix.Close(console)
		}
	}
	return nil
}

func (m systemMount) mount() error {
	st, err := os.Stat(m.dest)
	if err != nil {
		if m.optional && m.mode == 0 {
			return nil
		}
		if err := os.MkdirAll(m.dest, fs.FileMode(m.mode)); err != nil {
			return fmt.Errorf("cannot mount %s: %w", m.dest, err)
		}
	} else if !st.IsDir() {
		return fmt.Errorf("cannot mount %s: not a folder", m.dest)
	}
	if mounted(m.dest) {
		return nil
	}
	o := parseOptions(m.options)
	err = unix.Mount(m.source, m.dest, m.typ, o.flags, o.data)
	if err != nil && m.optional && (errors.Is(err, unix.ENODEV) || errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EOPNOTSUPP)) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot mount %s on %s: %w", m.typ, m.dest, err)
	}
	return nil
}

// mounted reports whether dir is a mount point. It compares device numbers.
func mounted(dir string) bool {
	var a, b unix.Stat_t
	if unix.Lstat(dir, &a) != nil || unix.Lstat(path.Dir(dir), &b) != nil {
		return false
	}
	return a.Dev != b.Dev
}

// leaveRootfs gives the initramfs its own mount as root. The kernel's first
// mount, "rootfs", has no parent, so pivot_root(2) fails on it, and OCI
// runtimes need pivot_root. A bind mount of the same files, moved over the
// root, has a parent. Nothing is copied, so the files use memory only once. Any
// other root (squashfs, a disk) stays unchanged.
func leaveRootfs() error {
	info, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	if !rootIsRootfs(info) {
		return nil
	}
	const stage = "/.root"
	if err := os.MkdirAll(stage, 0o700); err != nil {
		return err
	}
	if err := unix.Mount("/", stage, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("cannot bind the root: %w", err)
	}
	if err := enterRoot(stage); err != nil {
		return err
	}
	return os.Remove(stage)
}

// enterRoot makes the mount stage the root, with the mounts that already exist.
func enterRoot(stage string) error {
	for _, m := range firstMounts {
		if err := unix.Mount(m.dest, stage+m.dest, "", unix.MS_MOVE, ""); err != nil {
			return fmt.Errorf("cannot move %s: %w", m.dest, err)
		}
	}
	if err := unix.Chdir(stage); err != nil {
		return err
	}
	if err := unix.Mount(".", "/", "", unix.MS_MOVE, ""); err != nil {
		return fmt.Errorf("cannot move the root: %w", err)
	}
	if err := unix.Chroot("."); err != nil {
		return err
	}
	return unix.Chdir("/")
}

// rootIsRootfs reads /proc/self/mountinfo. It reports whether the topmost mount
// of / is the kernel's first mount.
func rootIsRootfs(info []byte) bool {
	is := false
	for _, m := range mountinfo.Parse(info) {
		if m.Point == "/" {
			is = m.Kind == "rootfs"
		}
	}
	return is
}

// restMount makes the remaining mounts and the folders in them, and makes the
// root read-only. Mounts propagate into containers and back, which containers
// that mount disks need.
func restMount() error {
	for _, m := range restMounts {
		if !m.optional || m.mode != 0 {
			if err := os.MkdirAll(m.dest, fs.FileMode(m.mode)); err != nil && !strings.HasPrefix(m.dest, "/sys/") {
				return err
			}
		}
		if err := m.mount(); err != nil {
			return err
		}
	}
	for _, d := range runDirs {
		if err := os.MkdirAll(d.path, fs.FileMode(d.mode)); err != nil {
			return err
		}
		if err := unix.Chmod(d.path, d.mode); err != nil {
			return err
		}
	}
	for _, l := range runLinks {
		if err := os.Symlink(l[1], l[0]); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	// Containers bind-mount this file before the network is up.
	if err := makeFile("/run/resolvconf/resolv.conf"); err != nil {
		return err
	}
	if err := enableControllers(cgroupRoot); err != nil {
		return fmt.Errorf("cannot enable the controllers of cgroup v2: %w", err)
	}
	return nil
}

// sealRoot makes the root read-only. Both the file system and the mount become
// read-only, so that no other mount of the same file system is writable. Device
// files on the root can no longer be used.
func sealRoot() error {
	if err := unix.Mount("", "/", "", unix.MS_REMOUNT|unix.MS_RDONLY|unix.MS_NODEV, ""); err != nil {
		return fmt.Errorf("cannot make the root read-only: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY|unix.MS_NODEV, ""); err != nil {
		return fmt.Errorf("cannot make the root read-only: %w", err)
	}
	return unix.Mount("", "/", "", unix.MS_REC|unix.MS_SHARED, "")
}

// setHostname sets the host name from /etc/hostname, or localhost if the file
// does not exist.
func setHostname() error {
	name := "localhost"
	if b, err := os.ReadFile("/etc/hostname"); err == nil {
		if s := strings.TrimSpace(string(b)); s != "" {
			name = s
		}
	}
	if len(name) > 64 || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' || r == '/' }) {
		return fmt.Errorf("/etc/hostname: bad name %q", name)
	}
	return unix.Sethostname([]byte(name))
}

// modulesLoad returns the module names in /etc/modules-load.d/*.conf, in the
// order of the file names.
func modulesLoad(root fs.FS) ([]string, error) {
	files, err := fs.Glob(root, "etc/modules-load.d/*.conf")
	if err != nil {
		return nil, err
	}
	var out []string
	for _, f := range files {
		b, err := readLimited(root, f, 1<<20)
		if err != nil {
			return nil, err
		}
		names, err := ParseModulesLoad(b)
		if err != nil {
			return nil, fmt.Errorf("/%s: %w", f, err)
		}
		out = append(out, names...)
	}
	return out, nil
}
