package guest

import (
	"fmt"
	"os"
	"sync"
	"syscall"
)

// children makes every wait(2) call of PID 1: for processes that PID 1 started,
// and for orphans that the kernel assigned to it.
type children struct {
	mu      sync.Mutex
	waiting map[int]chan syscall.WaitStatus
}

func newChildren() *children { return &children{waiting: map[int]chan syscall.WaitStatus{}} }

// start runs argv[0] with argv. Standard output and error go to out, and the
// input is empty. The channel receives the exit status once.
func (c *children) start(argv []string, out *os.File) (int, <-chan syscall.WaitStatus, error) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return 0, nil, err
	}
	defer null.Close()
	// The lock is held during the fork. Otherwise reap could see the end of a
	// child before the child is registered.
	c.mu.Lock()
	defer c.mu.Unlock()
	pid, err := syscall.ForkExec(argv[0], argv, &syscall.ProcAttr{
		Dir:   "/",
		Env:   []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
		Files: []uintptr{null.Fd(), out.Fd(), out.Fd()},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return 0, nil, fmt.Errorf("cannot run %s: %w", argv[0], err)
	}
	return pid, c.watch(pid), nil
}

// adopt waits for an orphan that is still alive: the first process of a
// container, whose parent, the OCI runtime, has ended.
func (c *children) adopt(pid int) (<-chan syscall.WaitStatus, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := syscall.Kill(pid, 0); err != nil {
		return nil, fmt.Errorf("process %d: %w", pid, err)
	}
	return c.watch(pid), nil
}

func (c *children) watch(pid int) <-chan syscall.WaitStatus {
	ch := make(chan syscall.WaitStatus, 1)
	c.waiting[pid] = ch
	return ch
}

// reap collects all processes that have ended. It is called on every SIGCHLD.
func (c *children) reap() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		var ws syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &ws, syscall.WNOHANG, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || pid <= 0 {
			return
		}
		if ch := c.waiting[pid]; ch != nil {
			delete(c.waiting, pid)
			ch <- ws
		}
	}
}

// statusText returns, as text, how a process ended.
func statusText(ws syscall.WaitStatus) string {
	switch {
	case ws.Signaled():
		return "killed by " + ws.Signal().String()
	case ws.ExitStatus() == 0:
		return "ended"
	case ws.ExitStatus() > 128 && ws.ExitStatus() < 128+65: // this is how shells and OCI runtimes report a signal
		return "killed by " + syscall.Signal(ws.ExitStatus()-128).String()
	}
	return fmt.Sprintf("exit status %d", ws.ExitStatus())
}

func failed(ws syscall.WaitStatus) bool { return ws.Signaled() || ws.ExitStatus() != 0 }
