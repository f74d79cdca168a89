package guest

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// Only root can enter containerd's folder and use its socket, whatever they were.
func TestGuard(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root: it gives files to root")
	}
	dir := filepath.Join(t.TempDir(), "c")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(dir, 1000, 1000); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := guardFolder(dir); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir) // the path of a socket must be short
	if answers("s") == nil {
		t.Error("a missing socket answers")
	}
	l, err := net.Listen("unix", "s")
	if err != nil {
		t.Fatal(err)
	}
	if err := answers("s"); err != nil {
		t.Error(err)
	}
	if err := os.Chmod("s", 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown("s", 1000, 1000); err != nil {
		t.Fatal(err)
	}
	if err := guardSocket("s"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]uint32{dir: unix.S_IFDIR | 0o700, "s": unix.S_IFSOCK | 0o600} {
		var st unix.Stat_t
		if err := unix.Lstat(name, &st); err != nil || st.Mode != want || st.Uid != 0 || st.Gid != 0 {
			t.Errorf("%s: mode %o, owner %d:%d, %v", name, st.Mode, st.Uid, st.Gid, err)
		}
	}
	_ = l.Close()
	if answers("s") == nil {
		t.Error("a closed socket answers")
	}
	if err := os.Symlink("/etc", "link"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("file", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"link", "file"} {
		if guardFolder(name) == nil {
			t.Errorf("%s counts as a folder", name)
		}
		if guardSocket(name) == nil {
			t.Errorf("%s counts as a socket", name)
		}
	}
}

// A container of containerd is not a child of PID 1: a pidfd tells its end, and
// takes its signal.
func TestProcess(t *testing.T) {
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), helperEnv+"=wait")
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	fd, err := unix.PidfdOpen(c.Process.Pid, unix.PIDFD_NONBLOCK)
	if err != nil {
		t.Skipf("no pidfd: %v", err)
	}
	r := &running{pid: c.Process.Pid, under: &containerd{}, process: os.NewFile(uintptr(fd), "pidfd")}
	over := make(chan bool)
	go func() {
		waitProcess(r.process)
		close(over)
	}()
	select {
	case <-over:
		t.Fatal("the process has not ended")
	default:
	}
	r.terminate()
	<-over
	if ws := c.Wait(); ws == nil || c.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
		t.Errorf("it ended with %v", ws)
	}
	_ = r.process.Close()
	r.terminate() // has no effect
}
