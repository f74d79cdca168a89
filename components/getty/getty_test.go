//go:build linux

package getty

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
	"golang.org/x/sys/unix"
)

// terminal is a pseudo-terminal: what is typed, and what its screen shows.
type terminal struct {
	*os.File
	path string

	mu     sync.Mutex
	screen bytes.Buffer
}

func newTerminal(t *testing.T) *terminal {
	t.Helper()
	f, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("skipped: this machine has no pseudo-terminals: %v", err)
	}
	t.Cleanup(func() { f.Close() })
	term := &terminal{File: f}
	conn, err := f.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Control(func(fd uintptr) {
		n, err := unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		if err = errors.Join(err, unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0)); err != nil {
			t.Error(err)
		}
		term.path = fmt.Sprintf("/dev/pts/%d", n)
	}); err != nil {
		t.Fatal(err)
	}
	// The terminal stays open between two logins.
	other, err := os.OpenFile(term.path, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.Close() })
	go func() {
		b := make([]byte, 4096)
		for {
			n, err := f.Read(b)
			if err != nil {
				return
			}
			term.mu.Lock()
			term.screen.Write(b[:n])
			term.mu.Unlock()
		}
	}()
	return term
}

// shows waits until the screen has a text, and returns everything up to it.
func (term *terminal) shows(t *testing.T, want string) string {
	t.Helper()
	for {
		term.mu.Lock()
		text := term.screen.String()
		before, _, found := strings.Cut(text, want)
		if found {
			text = string(term.screen.Next(len(before) + len(want)))
		}
		term.mu.Unlock()
		if found {
			return text
		}
		select {
		case <-t.Context().Done():
			t.Fatalf("the screen shows %q, want %q", text, want)
		case <-time.After(time.Millisecond):
		}
	}
}

func (term *terminal) types(t *testing.T, text string) {
	t.Helper()
	if _, err := term.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// yescryptHash is that of "a good password", made by mkpasswd.
const yescryptHash = "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$G1U7ajsn3tm8D5GkgJ/LsxWHrOMEdtc/sMwJBWxJsu/"

func TestLogin(t *testing.T) {
	t.Parallel()
	hash, err := bcrypt.GenerateFromPassword([]byte("a good password"), minBcrypt)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file, status := filepath.Join(dir, "password"), filepath.Join(dir, "status")
	if err := os.WriteFile(file, append(hash, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
	term := newTerminal(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	g := getty{tty: term.path, user: "admin", file: file, shell: "/bin/sh", status: status, pause: time.Millisecond}
	var log bytes.Buffer
	done := make(chan error, 1)
	go func() { done <- g.run(ctx, &log, nil) }()
	login := func(name, password string) {
		t.Helper()
		term.shows(t, "Name: ")
		term.types(t, name+"\n")
		term.shows(t, "Password: ")
		term.types(t, password+"\n")
	}
	for _, wrong := range [][2]string{{"admin", "not-this-one"}, {"admin", ""}, {"root", "a good password"}, {"", ""}} {
		login(wrong[0], wrong[1])
		if screen := term.shows(t, "is wrong."); wrong[1] != "" && strings.Contains(screen, wrong[1]) {
			t.Errorf("the screen shows the password: %q", screen)
		}
	}
	login("admin", "a good password")
	term.types(t, "echo $((6*7))-$USER; tty\n")
	term.shows(t, "42-admin\r\n"+term.path)
	if b, err := os.ReadFile(status); err != nil || string(b) != "admin is logged in\n" {
		t.Errorf("%q, %v", b, err)
	}
	term.types(t, "exit\n")
	term.shows(t, "Name: ")
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if text := log.String(); strings.Count(text, "a login was refused") != 4 || !strings.Contains(text, "admin logs in on ") || strings.Contains(text, "password") {
		t.Errorf("%q", text)
	}
}

// The program does not start without a good hash of a password.
func TestChecker(t *testing.T) {
	t.Parallel()
	weak, err := bcrypt.GenerateFromPassword([]byte("x"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	for hash, want := range map[string]string{
		"": "there is no password", "x": "old or unknown", "*": "old or unknown", "$1$abc$def": "old or unknown", "$6$abc$def": "old or unknown",
		"$y$": "no hash by yescrypt", "$y$j9T$": "no hash by yescrypt", "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$": "no hash by yescrypt", "$2b$": "no hash by bcrypt", string(weak): "cost of 8 or more",
	} {
		if _, err := checker(hash); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", hash, err, want)
		}
	}
	check, err := checker(yescryptHash)
	if err != nil {
		t.Fatal(err)
	}
	for password, want := range map[string]bool{"a good password": true, "": false, "a good passwor": false, "A good password": false} {
		if check([]byte(password)) != want {
			t.Errorf("%q: %v", password, !want)
		}
	}
	g := getty{file: filepath.Join(t.TempDir(), "missing")}
	if err := g.run(t.Context(), &bytes.Buffer{}, nil); !errors.Is(err, os.ErrNotExist) || !strings.HasPrefix(err.Error(), g.file+": ") {
		t.Error(err)
	}
}
