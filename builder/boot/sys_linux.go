package boot

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// ownGroup puts the program into its own process group. The program is killed
// when this process ends.
func ownGroup(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

func killGroup(c *exec.Cmd) { _ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }

// fdPath returns the path under which a child can open a descriptor that it
// inherited.
func fdPath(fd int) string { return fmt.Sprintf("/proc/self/fd/%d", fd) }

// socketPair returns the two ends of a socket.
func socketPair() (ours, theirs *os.File, err error) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	return os.NewFile(uintptr(fds[0]), "qmp"), os.NewFile(uintptr(fds[1]), "qmp"), nil
}
