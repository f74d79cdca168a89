//go:build linux

// Package buildbotworker is the program buildbot-worker-start, which starts Buildbot's
// worker. The worker and its jobs are one user, so it keeps the worker's password from the
// jobs: it reads the password, takes away all access to the folder of the password for
// itself and all processes after it, and then starts the worker.
package buildbotworker

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/components/applet"
	"github.com/seaworthy-os/seaworthy/components/landlock"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
)

// Main runs the program.
func Main() {
	s := starter{root: "/", exec: unix.Exec}
	(&applet.Program{Name: "buildbot-worker-start", Usage: "[flags]", Flags: s.flags, FlagsOnly: true, Run: s.run}).Main()
}

type starter struct {
	server, name, password, ca, status, root string

	exec func(path string, args, env []string) error
}

func (s *starter) flags(fs *flag.FlagSet) {
	fs.StringVar(&s.server, "server", "", "HOST:PORT of the Buildbot server, which speaks TLS there")
	fs.StringVar(&s.name, "name", "", "name of this worker on the server")
	fs.StringVar(&s.password, "password", "/run/config/userdata", "file with the password of this worker; it must be below /run")
	fs.StringVar(&s.ca, "ca", "/etc/buildbot-worker/ca", "folder with the certificates (*.pem) of the authorities that may sign the server's certificate")
	fs.StringVar(&s.status, "status", "/run/status/status", "file for the status of this worker; it must be below /run")
}

// closed is the folder that jobs cannot use.
const closed = "run"

func (s *starter) closed() string { return filepath.Join(s.root, closed) + "/" }

// settings are what the worker reads from its standard input (files/buildbot.tac).
type settings struct {
	Name       string `json:"name"`
	Password   string `json:"password"`
	Connection string `json:"connection"`
	Status     int    `json:"status"`
}

func (s *starter) run(_ context.Context, w io.Writer, _ []string) error {
	given := settings{Name: s.name}
	var err error
	if given.Connection, err = s.connection(); err != nil {
		return err
	}
	if given.Password, err = s.secret(); err != nil {
		return err
	}
	status, err := os.OpenFile(s.status, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	if _, err := status.WriteString("not connected\n"); err != nil {
		return err
	}
	given.Status = int(status.Fd())
	python, err := applet.Find("python3")
	if err != nil {
		return err
	}
	if err := s.restrict(); err != nil {
		return err
	}
	fmt.Fprintf(w, "%s asks %s for jobs; jobs cannot use /%s\n", s.name, s.server, closed)
	return s.start(python, &given)
}

// start replaces this process by the worker, whose standard input is the settings: no
// file and no variable of the environment has the password.
func (s *starter) start(python string, given *settings) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	if err := errors.Join(json.NewEncoder(w).Encode(given), w.Close(), unix.Dup2(int(r.Fd()), 0)); err != nil {
		return err
	}
	if _, err := unix.FcntlInt(uintptr(given.Status), unix.F_SETFD, 0); err != nil { // it stays open
		return err
	}
	return s.exec(python, []string{python, "-I", "-B", "-c", "from twisted.scripts.twistd import run; run()",
		"--nodaemon", "--pidfile=", "--no_save", "--python=/etc/buildbot-worker/buildbot.tac"}, os.Environ())
}

// workerName is the form of a worker's name.
var workerName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,49}$`)

// connection describes the server in the form of Twisted's endpoints.
func (s *starter) connection() (string, error) {
	host, port, err := net.SplitHostPort(s.server)
	switch {
	case s.server == "":
		return "", applet.Usagef("give -server, the HOST:PORT of the Buildbot server")
	case err != nil || host == "":
		return "", applet.Usagef("-server %q is not HOST:PORT", s.server)
	case !workerName.MatchString(s.name):
		return "", applet.Usagef("-name %q is not the name of a worker: use letters, digits, and . _ -", s.name)
	}
	found, err := filepath.Glob(filepath.Join(s.ca, "*.pem"))
	if err != nil {
		return "", err
	}
	if len(found) == 0 {
		return "", fmt.Errorf("%s has no *.pem file: add the certificate of the authority that signed the certificate of %s", s.ca, s.server)
	}
	escape := strings.NewReplacer(`\`, `\\`, ":", `\:`, "=", `\=`)
	return fmt.Sprintf("tls:host=%s:port=%s:trustRoots=%s", escape.Replace(host), escape.Replace(port), escape.Replace(s.ca)), nil
}

// maxPassword limits how much of a file is read.
const maxPassword = 4096

// secret reads the password.
func (s *starter) secret() (string, error) {
	folder := s.closed()
	for name, file := range map[string]string{"-password": s.password, "-status": s.status} {
		if !strings.HasPrefix(filepath.Clean(file), folder) {
			return "", applet.Usagef("%s %s is not below %s: jobs could use the file", name, file, folder)
		}
	}
	b, err := bounded.ReadFile(s.password, maxPassword)
	if err != nil {
		return "", fmt.Errorf("%s: %w", s.password, err)
	}
	password := strings.TrimSuffix(string(b), "\n")
	switch {
	case password == "":
		return "", fmt.Errorf("%s is empty: write the password of this worker into it", s.password)
	case strings.ContainsAny(password, "\n\x00"):
		return "", fmt.Errorf("%s is not a password: it must be one line", s.password)
	}
	return password, nil
}

// restrict takes away all access to the folder closed, from this process and all that it
// becomes and starts.
func (s *starter) restrict() error {
	entries, err := os.ReadDir(s.root)
	if err != nil {
		return err
	}
	needs := landlock.Needs{AnyPort: true}
	for _, e := range entries {
		path, err := filepath.EvalSymlinks(filepath.Join(s.root, e.Name()))
		if err != nil || strings.HasPrefix(path+"/", s.closed()) {
			continue // a link to nothing, or the folder itself
		}
		if st, err := os.Stat(path); err == nil && st.IsDir() {
			needs.Write = append(needs.Write, path)
		} else {
			needs.Open = append(needs.Open, path)
		}
	}
	version, err := landlock.Restrict(needs)
	if err != nil {
		return err
	}
	if version == 0 {
		return errors.New("this kernel does not run Landlock, so jobs could read the password of the runner: use a kernel with CONFIG_SECURITY_LANDLOCK, and name landlock in lsm= on its command line if lsm= is there")
	}
	return nil
}
