package guest

import (
	"errors"
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// runtimes are the OCI runtimes that init knows to use, in order of
// preference; both take the same arguments.
var runtimes = []string{"/usr/bin/crun", "/usr/bin/runc", "/bin/crun", "/bin/runc", "/usr/local/bin/crun", "/usr/local/bin/runc"}

// findRuntime gives the OCI runtime of the system.
func findRuntime() (string, error) {
	for _, p := range runtimes {
		if st, err := os.Stat(p); err == nil && st.Mode().IsRegular() && st.Mode()&0o111 != 0 {
			return p, nil
		}
	}
	return "", errors.New("no OCI runtime in the image: add crun or runc to the init section")
}

// runner runs containers.
type runner struct {
	path string
	kids *children
	act  *actor
}

// running is a container that was started.
type running struct {
	b     *Bundle
	pid   int
	ended <-chan syscall.WaitStatus
}

// prepare takes the steps before the container is created; once per boot.
func (r *runner) prepare(b *Bundle) error { return r.act.all(b.Before, 0) }

// start creates the container, takes the steps in between, and starts it.
// Its output goes to out.
func (r *runner) start(b *Bundle, out *os.File) (*running, error) {
	pidFile := path.Join("/run/seaworthy", b.Section+"-"+b.Name+".pid")
	if err := r.command(out, b, "create", "--bundle", b.Dir, "--pid-file", pidFile, b.Name); err != nil {
		return nil, err
	}
	c, err := r.started(b, pidFile, out)
	if err != nil {
		r.remove(b, out)
	}
	return c, err
}

func (r *runner) started(b *Bundle, pidFile string, out *os.File) (*running, error) {
	text, err := os.ReadFile(pidFile)
	if err != nil {
		return nil, fmt.Errorf("read the container's process id: %w", err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid <= 1 {
		return nil, fmt.Errorf("the OCI runtime gave %q as process id", text)
	}
	ended, err := r.kids.adopt(pid)
	if err != nil {
		return nil, fmt.Errorf("the container ended before its start: %w", err)
	}
	if err := r.act.all(b.Created, pid); err != nil {
		return nil, err
	}
	if err := r.command(out, b, "start", b.Name); err != nil {
		return nil, err
	}
	return &running{b: b, pid: pid, ended: ended}, nil
}

// stop ends the container: SIGTERM, and after grace SIGKILL.
func (r *runner) stop(c *running, grace time.Duration, out *os.File) (forced bool) {
	_ = unix.Kill(c.pid, unix.SIGTERM)
	select {
	case <-c.ended:
	case <-time.After(grace):
		forced = true
	}
	r.remove(c.b, out)
	if forced {
		select {
		case <-c.ended:
		case <-time.After(5 * time.Second): // stuck in the kernel
		}
	}
	return forced
}

// remove deletes the container and kills whatever is left in its cgroup.
func (r *runner) remove(b *Bundle, out *os.File) { _ = r.command(out, b, "delete", "--force", b.Name) }

// command runs the OCI runtime and waits for it.
func (r *runner) command(out *os.File, b *Bundle, args ...string) error {
	state := "/run/" + path.Base(r.path)
	if n := b.Runtime.Namespace; n != "" {
		state = path.Join("/run/seaworthy/namespaces", n)
	}
	_, ended, err := r.kids.start(append([]string{r.path, "--root", state}, args...), out)
	if err != nil {
		return err
	}
	if ws := <-ended; failed(ws) {
		return fmt.Errorf("%s %s: %s", path.Base(r.path), args[0], statusText(ws))
	}
	return nil
}
