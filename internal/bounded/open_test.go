package bounded

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func named(t *testing.T, dir string) string {
	t.Helper()
	name := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// A named pipe without a writer would block the test forever.
func TestNamedPipe(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := named(t, dir)
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if err := os.Symlink("pipe", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for what, open := range map[string]func() error{
		"Open":         func() error { _, err := Open(name); return err },
		"OpenIn":       func() error { _, err := OpenIn(root, "pipe"); return err },
		"OpenImage":    func() error { _, _, err := OpenImage(name); return err },
		"OpenDisk":     func() error { _, _, err := OpenDisk(name); return err },
		"ReadFile":     func() error { _, err := ReadFile(name, 10); return err },
		"through link": func() error { _, err := ReadFile(filepath.Join(dir, "link"), 10); return err },
	} {
		if err := open(); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A pipe without a name, as a shell passes it, is read to its end.
func TestUnnamedPipe(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	go func() { // more than a pipe holds, so the reader waits for the writer
		_, _ = io.WriteString(w, strings.Repeat("x", 1<<20))
		w.Close()
	}()
	data, err := ReadFile(fmt.Sprintf("/dev/fd/%d", r.Fd()), 2<<20)
	if err != nil || len(data) != 1<<20 {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	if _, _, err := OpenImage(fmt.Sprintf("/dev/fd/%d", r.Fd())); !errors.Is(err, fs.ErrInvalid) || !strings.Contains(err.Error(), "copy it to a file") {
		t.Errorf("an image from a pipe: %v", err)
	}
}

func TestOtherFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	socket := filepath.Join(dir, "socket")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := Open(socket); !errors.Is(err, syscall.ENXIO) {
		t.Errorf("a socket: %v", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if _, err := OpenIn(root, "."); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("a folder in a folder: %v", err)
	}
	if _, _, err := OpenImage(dir); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("a folder as an image: %v", err)
	}
	name := filepath.Join(dir, "f")
	if err := os.WriteFile(name, []byte("image"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, size, err := OpenImage(name)
	if err != nil || size != 5 {
		t.Fatal(size, err)
	}
	defer f.Close()
	if data, err := io.ReadAll(f); err != nil || string(data) != "image" {
		t.Errorf("%q, %v", data, err)
	}
	if f, err := OpenIn(root, "f"); err != nil {
		t.Error(err)
	} else {
		f.Close()
	}
}

// Interrupt ends a wait that has begun, and each later one.
func TestInterrupt(t *testing.T) { //nolint:paralleltest // it interrupts all pipes
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	defer func() { opened = waiting{} }()
	name := fmt.Sprintf("/dev/fd/%d", r.Fd())
	f, err := Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ended := make(chan error)
	go func() {
		_, err := io.ReadAll(f)
		ended <- err
	}()
	Interrupt()
	if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the read ended with %v", err)
	}
	if _, err := ReadFile(name, 10); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a later read ended with %v", err)
	}
}
