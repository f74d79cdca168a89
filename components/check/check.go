//go:build linux

// Package check is the program check, which fails the boot of a system if statements about
// it are wrong: a system that is not what it should be then does not start its services.
package check

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/components/applet"
)

// Main runs the program.
func Main() {
	(&applet.Program{Name: "check", Usage: "STATEMENT...\n" + kinds, Run: func(ctx context.Context, w io.Writer, args []string) error {
		if len(args) == 0 {
			return applet.Usagef("there is no statement")
		}
		var errs []error
		for _, s := range args {
			got, err := statement(ctx, s)
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", s, err))
				continue
			}
			fmt.Fprintf(w, "%s: %s\n", s, got)
		}
		return errors.Join(errs...)
	}}).Main()
}

const kinds = `A statement is one argument:
  file PATH REGEXP       the content of the file matches (RE2; it may have spaces)
  missing PATH           there is no such file
  mode PATH OCTAL        the permissions of the file, such as 0600
  mounted FOLDER TYPE    the last mount on the folder has this file system
  room FOLDER MIB        the file system of the folder has at least this size
  same FILE FILE         the files have the same content
  hostname NAME          the name of the system
  run REGEXP PROGRAM...  the program ends well, and its output matches; the expression has no spaces
  accepts ADDRESS:PORT   a firewall lets a TCP connection through to this port, on which check listens
  refuses ADDRESS:PORT   a firewall refuses a TCP connection to this port, on which check listens
`

// maxFile limits how much of a file is read.
const maxFile = 16 << 20

func statement(ctx context.Context, s string) (string, error) {
	kind, rest, _ := strings.Cut(s, " ")
	what, want, _ := strings.Cut(rest, " ")
	if what == "" || want == "" && !slices.Contains([]string{"missing", "hostname", "accepts", "refuses"}, kind) {
		return "", applet.Usagef("the statement is not complete")
	}
	switch kind {
	case "file":
		return file(what, want)
	case "missing":
		if _, err := os.Lstat(what); !errors.Is(err, os.ErrNotExist) {
			return "", fmt.Errorf("it exists (%w)", err)
		}
		return "right", nil
	case "mode":
		st, err := os.Stat(what)
		if err != nil {
			return "", err
		}
		if got := fmt.Sprintf("%04o", st.Mode().Perm()); got != want {
			return "", fmt.Errorf("it is %s", got)
		}
		return "right", nil
	case "mounted":
		b, err := os.ReadFile("/proc/self/mounts")
		if err != nil {
			return "", err
		}
		got := mounted(string(b), what)
		if got != want {
			return "", fmt.Errorf("it is %q", got)
		}
		return "right", nil
	case "room":
		least, err := strconv.ParseUint(want, 10, 32)
		if err != nil {
			return "", applet.Usagef("%q is not a size in MiB", want)
		}
		var st unix.Statfs_t
		if err := unix.Statfs(what, &st); err != nil {
			return "", err
		}
		if got := st.Blocks * uint64(st.Bsize) >> 20; got < least { //nolint:gosec // the kernel gives a size above 0
			return "", fmt.Errorf("it has %d MiB", got)
		}
		return "right", nil
	case "same":
		return same(what, want)
	case "hostname":
		var u unix.Utsname
		if err := unix.Uname(&u); err != nil {
			return "", err
		}
		if got := unix.ByteSliceToString(u.Nodename[:]); got != rest {
			return "", fmt.Errorf("it is %q", got)
		}
		return "right", nil
	case "accepts":
		return "right", dial(ctx, rest)
	case "refuses":
		switch err := dial(ctx, rest); {
		case err == nil:
			return "", errors.New("the connection was accepted")
		case refused(err):
			return "right", nil
		default:
			return "", err
		}
	case "run":
		f := strings.Fields(want)
		out, err := exec.CommandContext(ctx, f[0], f[1:]...).CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("%w: %.200q", err, out)
		}
		return match(what, out)
	}
	return "", applet.Usagef("unknown kind of statement %q", kind)
}

// dial connects to a port on which this process listens: only a firewall can be in the way.
func dial(ctx context.Context, address string) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("the port must be free: %w", err)
	}
	defer l.Close()
	c, err := (&net.Dialer{Timeout: patience}).DialContext(ctx, "tcp", l.Addr().String())
	if err != nil {
		return err
	}
	return c.Close()
}

// patience is how long a connection may take on a slow machine. Only a firewall that
// throws packets away makes it take that long.
const patience = time.Minute

// refused reports whether there was an answer, which refuses the connection. Without an
// answer, the packets can also be lost: that does not show what the firewall does.
func refused(err error) bool {
	for _, e := range []error{unix.ECONNREFUSED, unix.EHOSTUNREACH, unix.ENETUNREACH} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

func file(name, want string) (string, error) {
	b, err := read(name)
	if err != nil {
		return "", err
	}
	return match(want, b)
}

// same compares files that are not empty.
func same(one, other string) (string, error) {
	a, err := read(one)
	if err != nil {
		return "", err
	}
	b, err := read(other)
	if err != nil {
		return "", err
	}
	if len(a) == 0 || len(a) == maxFile || !bytes.Equal(a, b) {
		return "", errors.New("they differ, are empty, or are too large")
	}
	return "right", nil
}

func read(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFile))
}

// match returns the first line of what matches.
func match(want string, b []byte) (string, error) {
	re, err := regexp.Compile(want)
	if err != nil {
		return "", applet.Usagef("%v", err)
	}
	at := re.FindIndex(b)
	if at == nil {
		return "", fmt.Errorf("%.200q does not match", b)
	}
	first, _, _ := bytes.Cut(b[at[0]:at[1]], []byte("\n"))
	return fmt.Sprintf("%.80q", first), nil
}

// mounted returns the file system of the last mount on a folder, "" without one.
func mounted(mounts, folder string) (typ string) {
	for line := range strings.Lines(mounts) {
		if f := strings.Fields(line); len(f) > 2 && f[1] == folder {
			typ = f[2]
		}
	}
	return typ
}
