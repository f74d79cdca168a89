//go:build linux

package buildbotworker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/components/applet"
)

// With helperEnv, the test binary is the worker of a system whose root is the folder in it.
const helperEnv = "SEAWORTHY_TEST_BUILDBOT"

func TestMain(m *testing.M) {
	switch root := os.Getenv(helperEnv); {
	case root == "":
		os.Exit(m.Run())
	case len(os.Args) > 1: // started in place of Python
		if err := worker(root); err != nil {
			os.Stdout.WriteString(err.Error())
			os.Exit(1)
		}
	default:
		s := starter{root: root, server: "ci.example.com:9989", name: "runner-1", password: filepath.Join(root, "run/password"), ca: filepath.Join(root, "ca"), status: filepath.Join(root, "run/status")}
		s.exec = func(_ string, args, env []string) error { return unix.Exec(filepath.Join(root, "program"), args, env) }
		if err := s.run(context.Background(), os.Stderr, nil); err != nil {
			os.Stdout.WriteString(err.Error())
			os.Exit(1)
		}
	}
	os.Exit(0)
}

// worker is what the worker can do after its start.
func worker(root string) error {
	var got settings
	if err := json.NewDecoder(os.Stdin).Decode(&got); err != nil {
		return err
	}
	want := settings{Name: "runner-1", Password: "secret", Connection: "tls:host=ci.example.com:port=9989:trustRoots=" + filepath.Join(root, "ca"), Status: got.Status}
	if got != want {
		return errors.New("the settings are wrong")
	}
	if slices.ContainsFunc(os.Environ(), func(v string) bool { return strings.Contains(v, "secret") }) || strings.Contains(strings.Join(os.Args, " "), "secret") {
		return errors.New("the password is in the environment or the arguments")
	}
	status := os.NewFile(uintptr(got.Status), "status")
	if _, err := status.WriteString("ready\n"); err != nil {
		return err
	}
	_, read := os.ReadFile(filepath.Join(root, "run/password"))
	_, list := os.ReadDir(filepath.Join(root, "run"))
	for _, err := range []error{read, list, os.WriteFile(filepath.Join(root, "run/status"), nil, 0o600), os.Remove(filepath.Join(root, "run/password"))} {
		if !errors.Is(err, unix.EACCES) {
			return errors.Join(errors.New("a job can use /run"), err)
		}
	}
	file := filepath.Join(root, "work/x")
	return errors.Join(os.WriteFile(file, nil, 0o600), os.Mkdir(filepath.Join(root, "work/d"), 0o700), os.Rename(file, filepath.Join(root, "work/d/x")))
}

// system makes the root of a system.
func system(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for _, dir := range []string{"run", "ca", "work"} {
		if err := os.Mkdir(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{"run/password": "secret\n", "ca/server.pem": "x"} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestStart(t *testing.T) {
	t.Parallel()
	if _, err := syscall.LandlockGetABIVersion(); err != nil {
		t.Skip("skipped: the kernel of this machine does not run Landlock; TestExamples boots one that does")
	}
	if _, err := applet.Find("python3"); err != nil {
		t.Skip("skipped: python3 is not installed")
	}
	root := system(t)
	program, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "program"), program, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"lib", "lib64", "usr"} { // a test binary may need libraries
		if err := os.Symlink("/"+dir, filepath.Join(root, dir)); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{"nothing": "missing", "secrets": "run"} {
		if err := os.Symlink(target, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperEnv+"="+root)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if out, err := cmd.Output(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got := errs.String(); got != "runner-1 asks ci.example.com:9989 for jobs; jobs cannot use /run\n" {
		t.Errorf("it printed %q", got)
	}
	if b, err := os.ReadFile(filepath.Join(root, "run/status")); err != nil || string(b) != "not connected\nready\n" {
		t.Errorf("the status is %q: %v", b, err)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*testing.T, *starter)
		want   string
	}{
		"no server":    {func(_ *testing.T, s *starter) { s.server = "" }, "usage: give -server"},
		"no port":      {func(_ *testing.T, s *starter) { s.server = "ci.example.com" }, "is not HOST:PORT"},
		"no host":      {func(_ *testing.T, s *starter) { s.server = ":9989" }, "is not HOST:PORT"},
		"no name":      {func(_ *testing.T, s *starter) { s.name = "" }, "is not the name of a worker"},
		"name":         {func(_ *testing.T, s *starter) { s.name = "a\nb" }, "is not the name of a worker"},
		"no authority": {func(t *testing.T, s *starter) { s.ca = t.TempDir() }, "has no *.pem file"},
		"open folder":  {func(_ *testing.T, s *starter) { s.password = filepath.Join(s.root, "work/password") }, "jobs could use the file"},
		"dots":         {func(_ *testing.T, s *starter) { s.password = s.root + "/run/../password" }, "jobs could use the file"},
		"open status":  {func(_ *testing.T, s *starter) { s.status = filepath.Join(s.root, "status") }, "jobs could use the file"},
		"pipe": {func(t *testing.T, s *starter) { // it may never have a writer
			s.password += "-pipe"
			if err := unix.Mkfifo(s.password, 0o600); err != nil {
				t.Fatal(err)
			}
		}, "run/password-pipe: it is a named pipe"},
		"no password": {func(_ *testing.T, s *starter) { s.password += "x" }, "no such file"},
		"empty":       {write("\n"), "is empty"},
		"two lines":   {write("a\nb\n"), "is not a password"},
		"long":        {write(strings.Repeat("a", maxPassword+1)), "run/password: larger than 4 KiB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := system(t)
			s := starter{root: root, server: "ci.example.com:9989", name: "runner-1", password: filepath.Join(root, "run/password"), ca: filepath.Join(root, "ca"), status: filepath.Join(root, "run/status")}
			s.exec = func(string, []string, []string) error { return errors.New("started") }
			c.change(t, &s)
			if err := s.run(t.Context(), os.Stderr, nil); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

// write writes the file of the password.
func write(text string) func(*testing.T, *starter) {
	return func(t *testing.T, s *starter) {
		if err := os.WriteFile(s.password, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// Hosts and folders with the characters of Twisted's endpoints.
func TestConnection(t *testing.T) {
	t.Parallel()
	s := starter{server: "[2001:db8::1]:9989", name: "a", ca: filepath.Join(t.TempDir(), "a:b=c")}
	if err := errors.Join(os.Mkdir(s.ca, 0o755), os.WriteFile(filepath.Join(s.ca, "x.pem"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	got, err := s.connection()
	if want := `tls:host=2001\:db8\:\:1:port=9989:trustRoots=`; err != nil || !strings.HasPrefix(got, want) || !strings.HasSuffix(got, `a\:b\=c`) {
		t.Errorf("%s: %v", got, err)
	}
}
