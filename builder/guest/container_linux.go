package guest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// runtimes are the OCI runtimes that init can use, in order of preference. All take
// the same arguments. The first one exists only while seaworthy trace observes a
// service: it starts the next one.
var runtimes = []string{"/usr/lib/seaworthy/trace/crun", "/usr/bin/crun", "/usr/bin/runc", "/bin/crun", "/bin/runc", "/usr/local/bin/crun", "/usr/local/bin/runc"}

// findRuntime returns the path of the system's OCI runtime.
func findRuntime() (string, error) {
	for _, p := range runtimes {
		if isProgram(p) {
			return p, nil
		}
	}
	return "", errors.New("the image has no OCI runtime: add crun or runc to the init section")
}

// runner runs containers.
type runner struct {
	path string
	kids *children
	act  *actor
	// containerd runs the services. It is nil in a system without containerd. The
	// OCI runtime runs all other containers, as in LinuxKit.
	containerd *containerd
}

// running is a container that was started.
type running struct {
	b *Bundle
	// pid is the first process of the container, or 0 if it has already ended.
	pid   int
	ended <-chan syscall.WaitStatus
	// These are for containers of containerd: process is a pidfd, or nil if the
	// process has already ended; removal deletes the container once, and status is
	// then the exit status of the process.
	under   *containerd
	process *os.File
	removal sync.Once
	status  syscall.WaitStatus
}

// prepare executes the steps before the container is created. It is called once
// per boot.
func (r *runner) prepare(b *Bundle) error { return r.act.all(b.Before, 0) }

// start creates the container, executes the steps in between, and starts it.
// The container's output goes to out.
//
// If there are no steps in between, one `run` of the OCI runtime creates and
// starts the container, and remains its parent. That is faster. Otherwise
// `create` and `start` are separate, and the first process of the container
// becomes a child of PID 1.
//
// After ctx has ended, nothing is started.
func (r *runner) start(ctx context.Context, b *Bundle, out *os.File) (*running, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	args, err := r.config(b)
	if err != nil {
		return nil, err
	}
	if r.containerd != nil && b.Section == "services" {
		return r.containerd.start(ctx, b, r.act, args, out)
	}
	pidFile := pidFileOf(b)
	_ = os.Remove(pidFile) // it may exist from an earlier start
	args = append(args, "--bundle", b.Dir, "--pid-file", pidFile, b.Name)
	if len(b.Created) == 0 {
		return r.run(b, args, pidFile, out)
	}
	if err := r.command(out, b, append([]string{"create"}, args...)...); err != nil {
		return nil, err
	}
	c, err := r.started(ctx, b, pidFile, out)
	if err != nil {
		r.remove(&running{b: b}, out)
	}
	return c, err
}

// pidFileOf is the file with the id of the container's first process.
func pidFileOf(b *Bundle) string {
	return path.Join("/run/seaworthy", b.Section+"-"+b.Name+".pid")
}

// config returns the arguments that select a config.json. It is the container's
// own file if crun accepts its version, else a copy with an older version.
func (r *runner) config(b *Bundle) ([]string, error) {
	if path.Base(r.path) != "crun" || !needsVersion(b.Version) {
		return nil, nil
	}
	name := path.Join("/run/seaworthy", b.Section+"-"+b.Name+".json")
	data, err := os.ReadFile(path.Join(b.Dir, "config.json"))
	if err != nil {
		return nil, err
	}
	if data, err = withVersion(data, crunVersion); err != nil {
		return nil, err
	}
	if err := os.WriteFile(name, data, 0o600); err != nil {
		return nil, err
	}
	return []string{"--config", name}, nil
}

// run starts the container and waits until its first process exists.
func (r *runner) run(b *Bundle, args []string, pidFile string, out *os.File) (*running, error) {
	_, ended, err := r.kids.start(r.argv(b, append([]string{"run"}, args...)...), out)
	if err != nil {
		return nil, err
	}
	for {
		if pid, err := readPID(pidFile); err == nil {
			return &running{b: b, pid: pid, ended: ended}, nil
		}
		select {
		case ws := <-ended:
			// The container may have started and ended between two checks.
			if _, err := readPID(pidFile); err == nil {
				done := make(chan syscall.WaitStatus, 1)
				done <- ws
				return &running{b: b, ended: done}, nil
			}
			return nil, fmt.Errorf("%s run: %s", path.Base(r.path), statusText(ws))
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func readPID(file string) (int, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, fmt.Errorf("cannot read the container's process id: %w", err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid <= 1 {
		return 0, fmt.Errorf("the OCI runtime wrote an invalid process id: %q", text)
	}
	return pid, nil
}

func (r *runner) started(ctx context.Context, b *Bundle, pidFile string, out *os.File) (*running, error) {
	pid, err := readPID(pidFile)
	if err != nil {
		return nil, err
	}
	ended, err := r.kids.adopt(pid)
	if err != nil {
		return nil, fmt.Errorf("the container ended before it was started: %w", err)
	}
	if err := r.act.all(b.Created, pid); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err := r.command(out, b, "start", b.Name); err != nil {
		return nil, err
	}
	return &running{b: b, pid: pid, ended: ended}, nil
}

// stop ends the container with SIGTERM, and after the time grace with SIGKILL.
// It reports whether SIGKILL was needed.
func (r *runner) stop(c *running, grace time.Duration, out *os.File) (forced bool) {
	c.terminate()
	select {
	case <-c.ended:
	case <-time.After(grace):
		forced = true
	}
	r.remove(c, out)
	if forced {
		select {
		case <-c.ended:
		case <-time.After(5 * time.Second): // the process hangs in the kernel
		}
	}
	return forced
}

// remove deletes the container and kills all remaining processes in its cgroup.
// It does nothing if the OCI runtime has already deleted the container.
func (r *runner) remove(c *running, out *os.File) {
	if c.under != nil {
		c.under.remove(c, out)
		return
	}
	b := c.b
	if _, err := os.Stat(path.Join(r.stateDir(b), b.Name)); err == nil {
		_ = r.command(out, b, "delete", "--force", b.Name)
	}
}

// stateDir returns the folder where the OCI runtime keeps the state of the
// container.
func (r *runner) stateDir(b *Bundle) string {
	if n := b.Runtime.Namespace; n != "" {
		return path.Join("/run/seaworthy/namespaces", n)
	}
	return "/run/" + path.Base(r.path)
}

func (r *runner) argv(b *Bundle, args ...string) []string {
	return append([]string{r.path, "--root", r.stateDir(b)}, args...)
}

// command runs the OCI runtime and waits for its end.
func (r *runner) command(out *os.File, b *Bundle, args ...string) error {
	_, ended, err := r.kids.start(r.argv(b, args...), out)
	if err != nil {
		return err
	}
	if ws := <-ended; failed(ws) {
		return fmt.Errorf("%s %s: %s", path.Base(r.path), args[0], statusText(ws))
	}
	return nil
}
