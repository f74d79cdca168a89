package outputfile

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A named pipe that no program reads would block the test forever.
func TestNamedPipe(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("x", 1<<20) // more than a pipe holds
	write := func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	}
	if err := Write(name, write); err == nil || !strings.Contains(err.Error(), "no program reads this pipe") {
		t.Errorf("without a reader: %v", err)
	}
	r, err := os.OpenFile(name, os.O_RDWR|syscall.O_NONBLOCK, 0) // read waits: the pipe has a writer
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	written := make(chan error)
	go func() { written <- Write(name, write) }()
	got := make([]byte, len(text))
	if _, err := io.ReadFull(r, got); err != nil || string(got) != text {
		t.Errorf("with a reader: %v", err)
	}
	if err := <-written; err != nil {
		t.Error(err)
	}
}

// A shell passes >(command) as a pipe without a name.
func TestUnnamedPipe(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	name := fmt.Sprintf("/dev/fd/%d", w.Fd())
	err = Write(name, func(to io.Writer) error {
		_, err := io.WriteString(to, "text")
		return err
	})
	w.Close()
	if got, _ := io.ReadAll(r); err != nil || string(got) != "text" {
		t.Errorf("%q, %v", got, err)
	}
}
