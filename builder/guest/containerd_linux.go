package guest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// containerdClient is the program that asks containerd to create, start and delete
// a container. Its commands are those of an OCI runtime.
const containerdClient = "/usr/bin/seaworthy-containerd"

// The files of containerd, and its namespace for services, are as in LinuxKit.
const (
	containerdConfig    = "/etc/containerd/config.toml"
	containerdRun       = "/run/containerd"
	containerdSocket    = containerdRun + "/containerd.sock"
	containerdRoot      = "/var/lib/containerd"
	containerdNamespace = "services.linuxkit"
)

// containerdName is the name of containerd's output, and of its log below /run/log.
// A container cannot have this name.
const containerdName = "init/containerd"

// findContainerd returns the path of containerd, or "" if the init section does not
// have both containerd and its client.
func findContainerd() string {
	if !isProgram(containerdClient) {
		return ""
	}
	for _, p := range []string{"/usr/bin/containerd", "/bin/containerd", "/usr/local/bin/containerd"} {
		if isProgram(p) {
			return p
		}
	}
	return ""
}

func isProgram(p string) bool {
	st, err := os.Stat(p)
	return err == nil && st.Mode().IsRegular() && st.Mode()&0o111 != 0
}

// containerd runs the services of a system whose init section has containerd.
type containerd struct {
	path, runtime string
	kids          *children
	console       *Console
	// up is closed when containerd has answered for the first time.
	up   chan struct{}
	once sync.Once
}

// run starts containerd, and starts it again when it ends, until ctx ends. The
// services continue without it.
func (d *containerd) run(ctx context.Context) {
	say := func(format string, args ...any) { d.console.Printf("containerd: %s", fmt.Sprintf(format, args...)) }
	supervise(ctx, &backoff{policy: "always"}, say, func(bool) {}, func() (*instance, error) { return d.launch(ctx, say) })
}

// launch starts containerd and waits until it answers.
func (d *containerd) launch(ctx context.Context, say func(string, ...any)) (*instance, error) {
	if err := guardFolder(containerdRun); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(path.Dir("/run/log/"+containerdName), 0o755); err != nil {
		return nil, err
	}
	// Only its log has its output: it reports each step of each container.
	out, err := newOutput(nil, containerdName, "/run/log/"+containerdName+".log")
	if err != nil {
		return nil, err
	}
	// These arguments replace the same settings of the file.
	args := []string{d.path, "--address", containerdSocket, "--state", containerdRun, "--root", containerdRoot, "--config", containerdConfig}
	pid, ended, err := d.kids.start(args, out.w)
	if err != nil {
		out.close()
		return nil, err
	}
	i := &instance{ended: ended, remove: func() {
		out.close()
		if l := out.lastLine(); l != "" {
			say("its last line: %s", l)
		}
	}}
	i.stop = func() bool {
		_ = unix.Kill(pid, unix.SIGTERM)
		return false
	}
	for {
		err := answers(containerdSocket)
		if err == nil {
			break
		}
		select {
		case ws := <-ended:
			i.remove()
			return nil, errors.New(statusText(ws))
		case <-ctx.Done():
			return i, nil
		case <-time.After(20 * time.Millisecond):
		}
	}
	for _, s := range []string{containerdSocket, containerdSocket + ".ttrpc"} {
		if err := guardSocket(s); err != nil {
			_ = unix.Kill(pid, unix.SIGKILL)
			<-ended
			i.remove()
			return nil, err
		}
	}
	d.once.Do(func() { close(d.up) })
	return i, nil
}

// guardFolder creates a folder that only root can enter. Its sockets are then closed
// to all other users, whatever their modes are.
func guardFolder(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	fd, err := unix.Open(dir, unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("%s must be a folder: %w", dir, err)
	}
	defer unix.Close(fd)
	if err := unix.Fchown(fd, 0, 0); err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	return unix.Fchmod(fd, 0o700)
}

// guardSocket gives a socket to root alone, whatever containerd's configuration
// says. A container that has the socket as a mount does not pass its folder.
func guardSocket(name string) error {
	st, err := os.Lstat(name)
	if err != nil {
		return err
	}
	if st.Mode().Type() != os.ModeSocket {
		return fmt.Errorf("%s is not a socket", name)
	}
	if err := os.Lchown(name, 0, 0); err != nil {
		return err
	}
	return os.Chmod(name, 0o600)
}

// answers returns nil if a process accepts connections on a socket.
func answers(socket string) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Connect(fd, &unix.SockaddrUnix{Name: socket})
}

// start creates a container of containerd, executes the steps in between, and
// starts it. The container's output goes to out.
func (d *containerd) start(ctx context.Context, b *Bundle, act *actor, config []string, out *os.File) (*running, error) {
	select {
	case <-d.up:
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	pidFile := pidFileOf(b)
	_ = os.Remove(pidFile) // it may exist from an earlier start
	command := "run"
	if len(b.Created) > 0 {
		command = "create"
	}
	args := slices.Concat([]string{command, "--bundle", b.Dir, "--pid-file", pidFile}, config, []string{b.Name})
	if err := d.command(b, out, args...); err != nil {
		return nil, err
	}
	c := &running{b: b, under: d}
	pid, err := readPID(pidFile)
	if err == nil {
		c.pid = pid
		err = d.watch(c, out)
	}
	if err == nil && command == "create" {
		if err = act.all(b.Created, pid); err == nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if err == nil {
			err = d.command(b, out, "start", b.Name)
		}
	}
	if err != nil {
		d.remove(c, out)
		return nil, err
	}
	return c, nil
}

// watch waits for the end of the container's first process. The process is a child
// of containerd's shim, which knows its exit status.
func (d *containerd) watch(c *running, out *os.File) error {
	ended := make(chan syscall.WaitStatus, 1)
	c.ended = ended
	fd, err := unix.PidfdOpen(c.pid, unix.PIDFD_NONBLOCK)
	if errors.Is(err, unix.ESRCH) { // it has ended already
		ended <- d.remove(c, out)
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot watch process %d: %w", c.pid, err)
	}
	c.process = os.NewFile(uintptr(fd), "pidfd")
	go func() {
		waitProcess(c.process)
		ended <- d.remove(c, out)
		_ = c.process.Close()
	}()
	return nil
}

// waitProcess waits until the process of a pidfd has ended. It needs no thread.
func waitProcess(process *os.File) {
	over := func(fd uintptr, timeout int) bool { // the descriptor is then readable
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, timeout)
		return n > 0 || err != nil && !errors.Is(err, unix.EINTR)
	}
	conn, err := process.SyscallConn()
	if err == nil {
		err = conn.Read(func(fd uintptr) bool { return over(fd, 0) })
	}
	for err != nil && !over(process.Fd(), -1) { // epoll does not know this file: use a thread
	}
}

// terminate sends SIGTERM to the first process of the container.
func (c *running) terminate() {
	if c.process == nil {
		if c.under == nil && c.pid > 1 {
			_ = unix.Kill(c.pid, unix.SIGTERM)
		}
		return
	}
	// The file may be closed already. Then the process has ended.
	if conn, err := c.process.SyscallConn(); err == nil {
		_ = conn.Control(func(fd uintptr) { _ = unix.PidfdSendSignal(int(fd), unix.SIGTERM, nil, 0) })
	}
}

// remove deletes the container with all its processes, and returns the exit status
// of its first process. If containerd does not answer, it asks again until it does.
func (d *containerd) remove(c *running, out *os.File) syscall.WaitStatus {
	c.removal.Do(func() {
		statusFile := path.Join("/run/seaworthy", c.b.Section+"-"+c.b.Name+".status")
		_ = os.Remove(statusFile)
		for tries := 0; ; tries++ {
			err := d.command(c.b, out, "delete", "--status-file", statusFile, c.b.Name)
			if err == nil {
				break
			}
			if tries == 0 {
				d.console.Printf("service %s: not deleted yet: %v", c.b.Name, err)
			}
			time.Sleep(time.Second)
		}
		c.status = syscall.WaitStatus(unix.SIGKILL)
		if text, err := os.ReadFile(statusFile); err == nil {
			if n, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 8); err == nil {
				c.status = syscall.WaitStatus(n << 8)
			}
		}
	})
	return c.status
}

// command runs the client and waits for its end. What it prints is for the log of
// the container.
func (d *containerd) command(b *Bundle, out *os.File, args ...string) error {
	namespace := containerdNamespace
	if n := b.Runtime.Namespace; n != "" {
		namespace = n
	}
	all := slices.Concat([]string{containerdClient, "--address", containerdSocket, "--namespace", namespace, "--runtime", d.runtime}, args)
	_, ended, err := d.kids.start(all, out)
	if err != nil {
		return err
	}
	if ws := <-ended; failed(ws) {
		return fmt.Errorf("containerd: %s: %s", args[0], statusText(ws))
	}
	return nil
}
