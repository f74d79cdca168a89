//go:build linux

package landlock

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// With helperEnv, the test binary restricts itself and reports what it can still do.
const helperEnv = "SEAWORTHY_TEST_LANDLOCK"

func TestMain(m *testing.M) {
	if dir := os.Getenv(helperEnv); dir != "" {
		if err := restricted(dir); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// restricted uses what it may use, and tries what it must not be able to do, on many
// threads.
func restricted(dir string) error {
	open, err := os.Open(filepath.Join(dir, "closed"))
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	version, err := Restrict(Needs{Read: []string{filepath.Join(dir, "read")}, Connect: []int{port},
		Run: []string{filepath.Join(dir, "run"), "/usr", "/lib", filepath.Join(dir, "missing")}, Write: []string{filepath.Join(dir, "write")}, Open: []string{filepath.Join(dir, "open"), os.DevNull}})
	if err != nil {
		return err
	}
	if version == 0 {
		return errors.New("restricted nothing")
	}
	var wait sync.WaitGroup
	errs := make([]error, 16)
	for i := range errs {
		wait.Go(func() { errs[i] = once(dir, port, version, i) })
	}
	wait.Wait()
	if _, err := open.Read(make([]byte, 1)); err != nil {
		errs = append(errs, fmt.Errorf("a file that was open: %w", err))
	}
	return errors.Join(errs...)
}

func once(dir string, port, version, i int) error {
	var errs []error
	allowed := func(what string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", what, err))
		}
	}
	denied := func(what string, err error) {
		if !errors.Is(err, unix.EACCES) {
			errs = append(errs, fmt.Errorf("%s: %v, want permission denied", what, err))
		}
	}
	_, err := os.ReadFile(filepath.Join(dir, "read", "below", "file"))
	allowed("read below a folder", err)
	_, err = os.ReadDir(filepath.Join(dir, "read"))
	allowed("list a folder", err)
	_, err = os.ReadFile(filepath.Join(dir, "closed"))
	denied("read another file", err)
	_, err = os.ReadDir(dir)
	denied("list another folder", err)
	denied("write", os.WriteFile(filepath.Join(dir, "read", fmt.Sprint(i)), nil, 0o600))
	denied("make a folder", os.Mkdir(filepath.Join(dir, "read", fmt.Sprint(i)), 0o700))
	denied("remove", os.Remove(filepath.Join(dir, "read", "below", "file")))
	allowed("start a program of a folder", exec.Command(filepath.Join(dir, "run", "sleep"), "0").Run())
	allowed("make a file in a folder", os.WriteFile(filepath.Join(dir, "write", fmt.Sprint(i)), nil, 0o600))
	if version > 1 {
		below := filepath.Join(dir, "write", "below")
		allowed("move a file to another folder", errors.Join(os.MkdirAll(below, 0o700), os.Rename(filepath.Join(dir, "write", fmt.Sprint(i)), filepath.Join(below, fmt.Sprint(i)))))
	}
	opened, err := os.OpenFile(filepath.Join(dir, "open"), os.O_RDWR, 0)
	allowed("write to a file", err)
	opened.Close()
	denied("start a program", exec.Command(os.Args[0]).Run())
	connection, err := net.Dial("tcp", fmt.Sprint("127.0.0.1:", port))
	allowed("connect", err)
	if err == nil {
		connection.Close()
	}
	if version >= 4 {
		denied("listen", listen())
		_, err = net.Dial("tcp", "127.0.0.1:1")
		denied("connect to another port", err)
	}
	return errors.Join(errs...)
}

// listen tries TCP, and not multipath TCP.
func listen() error {
	var c net.ListenConfig
	c.SetMultipathTCP(false)
	l, err := c.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	return l.Close()
}

// needsLandlock skips a test if the kernel of this machine does not run Landlock.
func needsLandlock(t *testing.T) {
	t.Helper()
	if _, err := syscall.LandlockGetABIVersion(); err != nil {
		t.Skip("skipped: the kernel of this machine does not run Landlock; TestMinimal boots one that does")
	}
}

func TestRestrict(t *testing.T) {
	t.Parallel()
	needsLandlock(t)
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "read", "below"), 0o755); err != nil {
		t.Fatal(err)
	}
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(sleep)
	if err := errors.Join(err, os.Mkdir(filepath.Join(dir, "run"), 0o755), os.Mkdir(filepath.Join(dir, "write"), 0o755),
		os.WriteFile(filepath.Join(dir, "run", "sleep"), program, 0o700)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"closed", "open", "read/below/file"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperEnv+"="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestMissingFolder(t *testing.T) {
	t.Parallel()
	needsLandlock(t)
	if _, err := Restrict(Needs{Read: []string{filepath.Join(t.TempDir(), "missing")}}); !errors.Is(err, unix.ENOENT) {
		t.Errorf("a missing folder: %v", err)
	}
}
