//go:build linux

// Package getty is the program getty, which lets one account log in on a terminal, with a
// password.
package getty

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/go-crypt/x/yescrypt"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/components/applet"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
)

// Main runs the program.
func Main() {
	g := getty{pause: 3 * time.Second}
	(&applet.Program{Name: "getty", Usage: "[flags]", FlagsOnly: true, Flags: g.flags, Run: g.run}).Main()
}

type getty struct {
	tty, user, file, shell, status string
	// pause is how long a wrong password takes.
	pause time.Duration
}

func (g *getty) flags(fs *flag.FlagSet) {
	fs.StringVar(&g.tty, "tty", "/dev/ttyS0", "the terminal")
	fs.StringVar(&g.user, "user", "admin", "the account that can log in: that of this program")
	fs.StringVar(&g.file, "password", "/etc/getty/password", "file with the hash of the password, by yescrypt or bcrypt")
	fs.StringVar(&g.shell, "shell", "/bin/sh", "what runs after the login")
	fs.StringVar(&g.status, "status", "", "file that says whether a user is logged in")
}

// maxHash limits how much of the file with the hash is read.
const maxHash = 4096

func (g *getty) run(ctx context.Context, w io.Writer, _ []string) error {
	data, err := bounded.ReadFile(g.file, maxHash)
	if err != nil {
		return fmt.Errorf("%s: %w", g.file, err)
	}
	check, err := checker(strings.TrimSpace(string(data)))
	if err != nil {
		return fmt.Errorf("%s: %w", g.file, err)
	}
	for ctx.Err() == nil {
		if err := g.login(ctx, w, check); err != nil {
			return err
		}
	}
	return nil
}

// minBcrypt is the least cost of bcrypt, as a power of two.
const minBcrypt = 8

// checker compares passwords with a hash. Without a hash no user could log in, so the
// program does not start: an empty password is never right.
func checker(hash string) (func(password []byte) bool, error) {
	switch {
	case hash == "":
		return nil, errors.New("there is no password: no user could log in. Bind a file with its hash there (mkpasswd -m yescrypt)")
	case strings.HasPrefix(hash, "$y$"):
		if sum, err := yescrypt.Hash([]byte("x"), []byte(hash)); err != nil || len(sum) != len(hash) {
			return nil, fmt.Errorf("it is no hash by yescrypt: %w", errors.Join(err, errDamaged))
		}
		return func(password []byte) bool {
			sum, err := yescrypt.Hash(password, []byte(hash))
			return err == nil && bytes.Equal(sum, []byte(hash)) && len(password) > 0
		}, nil
	case strings.HasPrefix(hash, "$2"):
		if cost, err := bcrypt.Cost([]byte(hash)); err != nil || cost < minBcrypt {
			return nil, fmt.Errorf("it is no hash by bcrypt with a cost of %d or more: %w", minBcrypt, errors.Join(err, errDamaged))
		}
		return func(password []byte) bool {
			return bcrypt.CompareHashAndPassword([]byte(hash), password) == nil && len(password) > 0
		}, nil
	}
	return nil, errors.New("the kind of hash is old or unknown: make one with mkpasswd -m yescrypt")
}

var errDamaged = errors.New("it is damaged, or not a hash")

// login asks until the password is right, and runs the shell until it ends.
func (g *getty) login(ctx context.Context, w io.Writer, check func([]byte) bool) error {
	tty, err := os.OpenFile(g.tty, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	defer tty.Close()
	if err := g.tell("waiting for a login"); err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = tty.Close() })()
	name, err := g.ask(tty, check)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	if name == "" {
		fmt.Fprintln(w, "a login was refused")
		select {
		case <-ctx.Done():
		case <-time.After(g.pause):
		}
		fmt.Fprintln(tty, "The name or the password is wrong.")
		return nil
	}
	fmt.Fprintf(w, "%s logs in on %s\n", name, g.tty)
	if err := g.tell(name + " is logged in"); err != nil {
		return err
	}
	// The shell has a terminal of its own: reads of this one can be ended.
	terminal, err := os.OpenFile(g.tty, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	defer terminal.Close()
	shell := exec.CommandContext(ctx, g.shell)
	shell.Args[0] = "-sh" // a login shell
	shell.Stdin, shell.Stdout, shell.Stderr = terminal, terminal, terminal
	shell.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/home/" + g.user, "USER=" + g.user, "TERM=linux"}
	shell.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := shell.Start(); err != nil {
		return err
	}
	_ = shell.Wait() // the exit status of the last command
	fmt.Fprintf(w, "%s logged out\n", name)
	return nil
}

// ask asks for the name and the password. The result is "" if one of them is wrong.
func (g *getty) ask(tty *os.File, check func([]byte) bool) (string, error) {
	fmt.Fprintf(tty, "Name: ")
	name, err := line(tty)
	if err != nil {
		return "", err
	}
	if err := echo(tty, false); err != nil {
		return "", err
	}
	fmt.Fprintf(tty, "Password: ")
	password, err := line(tty)
	err = errors.Join(err, echo(tty, true))
	fmt.Fprintln(tty)
	if err != nil {
		return "", err
	}
	// The time does not tell whether the name is right.
	right := check([]byte(password))
	if !right || name != g.user {
		return "", nil
	}
	return name, nil
}

// echo says whether the terminal shows what is typed.
func echo(tty *os.File, on bool) error {
	conn, err := tty.SyscallConn()
	if err != nil {
		return err
	}
	var inside error
	err = conn.Control(func(fd uintptr) {
		t, err := unix.IoctlGetTermios(int(fd), unix.TCGETS)
		if err != nil {
			inside = err
			return
		}
		if t.Lflag &^= unix.ECHO; on {
			t.Lflag |= unix.ECHO
		}
		inside = unix.IoctlSetTermios(int(fd), unix.TCSETS, t)
	})
	return errors.Join(err, inside)
}

// maxLine limits what is read as a name or a password.
const maxLine = 256

// line reads one line. It reads no byte of the next one.
func line(r io.Reader) (string, error) {
	var text []byte
	b := make([]byte, 1)
	for len(text) < maxLine {
		if _, err := io.ReadFull(r, b); err != nil {
			return "", err
		}
		if b[0] == '\n' || b[0] == '\r' {
			break
		}
		text = append(text, b[0])
	}
	return string(text), nil
}

func (g *getty) tell(text string) error {
	if g.status == "" {
		return nil
	}
	return os.WriteFile(g.status, []byte(text+"\n"), 0o644)
}
