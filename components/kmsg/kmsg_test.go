//go:build linux

package kmsg

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// records are what /dev/kmsg gives: one message in each read.
type records []string

func (r *records) Read(b []byte) (int, error) {
	if len(*r) == 0 {
		return 0, io.EOF
	}
	first := (*r)[0]
	*r = (*r)[1:]
	if first == "lost" {
		return 0, &os.PathError{Op: "read", Path: "/dev/kmsg", Err: unix.EPIPE}
	}
	return copy(b, first), nil
}

func TestCopy(t *testing.T) {
	t.Parallel()
	l := &file{name: filepath.Join(t.TempDir(), "messages"), max: 100}
	r := &records{
		"5,0,0,-;Linux version 6.1\n SUBSYSTEM=cpu\n", "6,1,12345678,-,caller=T1;a \\x0a b\n", "lost", "4,3,1;short\n", "garbage", "x,1,2,-;text",
	}
	if err := l.copy(r); err != nil {
		t.Fatal(err)
	}
	if err := l.close(); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, name := range []string{l.name + ".1", l.name} {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(b) > 100 {
			t.Errorf("%s has %d bytes", name, len(b))
		}
		got = append(got, string(b))
	}
	// The first 100 bytes went to a file that was replaced.
	const want = "<4>[    0.000001] short\nkmsg: unknown form of a message\nkmsg: unknown form of a message\n"
	if text := strings.Join(got, ""); !strings.HasSuffix(text, want) || !strings.Contains(text, "messages were overwritten") {
		t.Errorf("%q", got)
	}
	if got := format([]byte("6,1,12345678,-,caller=T1;a \\x0a b\n")); got != "<6>[   12.345678] a \\x0a b\n" {
		t.Errorf("%q", got)
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	from, to := filepath.Join(dir, "kmsg"), filepath.Join(dir, "messages")
	if err := os.WriteFile(from, []byte("5,0,0,-;Linux version 6.1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := (&keeper{device: from, max: maxRecord}).run(t.Context(), io.Discard, []string{to}); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(to); err != nil || string(b) != "<5>[    0.000000] Linux version 6.1\n" {
		t.Errorf("%q, %v", b, err)
	}
	if err := (&keeper{device: from, max: 1}).run(t.Context(), io.Discard, []string{to}); err == nil {
		t.Error("-max 1 was accepted")
	}
	if err := (&keeper{device: from + "x", max: maxRecord}).run(t.Context(), io.Discard, []string{to}); err == nil {
		t.Error("a device that does not exist was accepted")
	}
}
