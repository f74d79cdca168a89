//go:build linux

package report

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// sysctls are parameters that show how the kernel is hardened.
var sysctls = []string{
	"kernel.kptr_restrict", "kernel.dmesg_restrict", "kernel.randomize_va_space", "kernel.unprivileged_bpf_disabled", "kernel.yama.ptrace_scope",
	"kernel.kexec_load_disabled", "kernel.modules_disabled", "kernel.sysrq", "kernel.perf_event_paranoid", "net.core.bpf_jit_harden",
	"net.ipv4.ip_forward", "net.ipv4.tcp_syncookies", "net.ipv4.conf.all.rp_filter", "net.ipv4.conf.all.accept_redirects",
	"vm.unprivileged_userfaultfd", "fs.protected_symlinks", "fs.protected_hardlinks", "fs.suid_dumpable", "user.max_user_namespaces",
}

// collect makes the report. Values that cannot be read are left out.
func collect() *Report {
	r := &Report{UID: os.Getuid(), GID: os.Getgid(), Namespaces: map[string]string{}, Sysctls: map[string]string{}, Attempts: tryAll(attempts)}
	if err := r.readStatus(read("/proc/self/status")); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
	}
	r.UserIDs, r.GroupIDs = parseIDs(read("/proc/self/uid_map")), parseIDs(read("/proc/self/gid_map"))
	r.Cgroup = readCgroup(read("/proc/self/cgroup"), "/sys/fs/cgroup")
	r.AppArmor = read("/proc/self/attr/apparmor/current")
	r.Hostname, _ = os.Hostname()
	r.Kernel = read("/proc/sys/kernel/osrelease")
	for _, ns := range []string{"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"} {
		if l, err := os.Readlink("/proc/self/ns/" + ns); err == nil {
			r.Namespaces[ns] = l
		}
	}
	r.Mounts = parseMounts(read("/proc/self/mountinfo"))
	for _, s := range sysctls {
		if b, err := os.ReadFile("/proc/sys/" + strings.ReplaceAll(s, ".", "/")); err == nil {
			r.Sysctls[s] = strings.TrimSpace(string(b))
		}
	}
	return r
}

func read(path string) string {
	b, _ := os.ReadFile(path)
	return strings.TrimRight(string(b), "\n\x00")
}

// action is something to try.
type action struct {
	name string
	try  func() error
}

// attempts are actions that a confined container must not be able to do, except that it
// can read /etc/passwd unless an AppArmor profile forbids it. Each
// attempt has no lasting effect. It is undone, or the kernel has nothing to do
// after its permission check.
var attempts = []action{
	{"write to /", func() error { return writeFile("/.report-write-test") }},
	{"write to /etc", func() error { return writeFile("/etc/.report-write-test") }},
	{"write to /usr", func() error { return writeFile("/usr/.report-write-test") }},
	{"read /etc/passwd", func() error { return readSome("/etc/passwd") }},
	{"write to /proc/sys", func() error { return openWrite("/proc/sys/kernel/printk") }},
	{"mount", mount},
	{"set the host name", sethostname},
	{"load a kernel module", func() error { return passed(unix.FinitModule(-1, "", 0), unix.EBADF) }},
	{"reboot", func() error { return passed(wrongReboot(), unix.EINVAL) }},
	{"raw socket", func() error { return socket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP) }},
	{"packet socket", func() error { return socket(unix.AF_PACKET, unix.SOCK_RAW, 0) }},
	{"read /proc/kcore", func() error { return readSome("/proc/kcore") }},
	{"read the kernel's log", func() error { _, err := unix.Klogctl(unix.SYSLOG_ACTION_SIZE_BUFFER, nil); return err }},
	{"make a device node", mknod},
	{"become root", func() error { return becomeRoot(os.Getuid()) }},
	{"chroot", func() error { return unix.Chroot("/") }},
	{"make a user namespace", userNamespace},
}

// tryAll tries each action, and reports the results.
func tryAll(list []action) []Attempt {
	var out []Attempt
	for _, a := range list {
		r := Attempt{Name: a.name, Allowed: true}
		if err := a.try(); err != nil {
			r.Allowed, r.Error = false, message(err)
		}
		out = append(out, r)
	}
	return out
}

// message returns the error of the kernel without the path.
func message(err error) string {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno.Error()
	}
	return err.Error()
}

// passed returns nil if the call passed the permission check. This is so if it
// failed with beyond.
func passed(err, beyond error) error {
	if errors.Is(err, beyond) {
		return nil
	}
	return err
}

func writeFile(path string) error {
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		return err
	}
	return os.Remove(path)
}

func openWrite(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return f.Close()
}

// readSome returns an error if the file is empty, because a masked file can be
// opened but is empty.
func readSome(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if n, err := f.Read(make([]byte, 1)); n == 0 {
		return fmt.Errorf("nothing to read: %w", err)
	}
	return nil
}

func mount() error {
	if err := unix.Mount("tmpfs", "/sys", "tmpfs", unix.MS_RDONLY, "size=4k"); err != nil {
		return err
	}
	return unix.Unmount("/sys", unix.MNT_DETACH)
}

func sethostname() error {
	name, err := os.Hostname()
	if err != nil {
		return err
	}
	return unix.Sethostname([]byte(name))
}

// wrongReboot calls reboot(2) with wrong magic numbers. The kernel checks the
// capability first and then refuses the numbers.
func wrongReboot() error {
	_, _, errno := unix.Syscall(unix.SYS_REBOOT, 0, 0, 0)
	return errno
}

func socket(domain, typ, proto int) error {
	fd, err := unix.Socket(domain, typ|unix.SOCK_CLOEXEC, proto)
	if err != nil {
		return err
	}
	return unix.Close(fd)
}

func mknod() error {
	const path = "/tmp/.report-device"
	if err := unix.Mknod(path, unix.S_IFCHR|0o600, int(unix.Mkdev(1, 3))); err != nil {
		return err
	}
	return os.Remove(path)
}

// userNamespace starts this program in a new user namespace. The child does
// nothing.
func userNamespace() error {
	// The name of the program says what it does: see components/box.
	c := &exec.Cmd{Path: "/proc/self/exe", Args: []string{"report", "-nothing"}}
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWUSER, Pdeathsig: syscall.SIGKILL}
	return c.Run()
}

func becomeRoot(uid int) error {
	if uid == 0 {
		return nil // the process is already root
	}
	// seteuid changes all threads of the process. So it is tried only if it
	// certainly fails without CAP_SETUID. If it succeeds, it is undone.
	if err := syscall.Seteuid(0); err != nil {
		return err
	}
	return syscall.Seteuid(uid)
}
