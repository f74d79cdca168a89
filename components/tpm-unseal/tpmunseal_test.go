//go:build linux

package main

import (
	"bytes"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-tpm/tpm2/transport"
)

// software is a TPM in software for a test, and ends with it.
type software struct{ net.Conn }

func (s software) Send(input []byte) ([]byte, error) {
	if _, err := s.Write(input); err != nil {
		return nil, err
	}
	b := make([]byte, 8192)
	n, err := s.Read(b)
	return b[:n], err
}

// startTPM starts swtpm, and returns how to open it. Each start is a boot of the machine:
// the PCRs are zero, and what is permanent stays in dir.
func startTPM(t *testing.T, dir string) (open func(string) (transport.TPMCloser, error), stop func()) {
	t.Helper()
	path, err := exec.LookPath("swtpm")
	if err != nil {
		t.Skip("skipped: swtpm is not installed")
	}
	sockets, err := os.MkdirTemp("", "tpm") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(sockets) })
	socket := filepath.Join(sockets, "s")
	cmd := exec.Command(path, "socket", "--tpm2", "--server", "type=unixio,path="+socket, "--tpmstate", "dir="+dir, "--flags", "not-need-init,startup-clear")
	var printed bytes.Buffer
	cmd.Stdout, cmd.Stderr = &printed, &printed
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	stop = func() { _ = cmd.Process.Kill(); <-ended }
	t.Cleanup(stop)
	for {
		select {
		case <-ended:
			t.Fatalf("swtpm ended: %s", printed.String())
		case <-time.After(10 * time.Millisecond):
		}
		if _, err := os.Stat(socket); err == nil {
			break
		}
	}
	return func(string) (transport.TPMCloser, error) {
		c, err := net.Dial("unix", socket)
		if err != nil {
			return nil, err
		}
		return software{c}, nil
	}, stop
}

// unsealed runs the program, and returns the key, or the error as text.
func (u unsealer) unsealed(t *testing.T) ([]byte, string) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "keys", "disk")
	if u.handle == 0 {
		u.handle = 0x81018001
	}
	u.wait = time.Hour
	err := u.run(t.Context(), &bytes.Buffer{}, []string{name})
	if err != nil {
		if _, statErr := os.Stat(name); !errors.Is(statErr, os.ErrNotExist) {
			t.Error("it failed, and wrote a file")
		}
		return nil, err.Error()
	}
	key, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if st, err := os.Stat(name); err != nil || st.Mode() != 0o400 {
		t.Errorf("%v, %v", st, err)
	}
	return key, ""
}

func TestUnseal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open, stop := startTPM(t, dir)
	get := func(u unsealer) ([]byte, string) {
		t.Helper()
		u.open = open
		if u.pcrs == "" {
			u.pcrs = "7,15"
		}
		if u.lock == 0 {
			u.lock = -1
		}
		return u.unsealed(t)
	}
	if _, err := get(unsealer{}); !strings.Contains(err, "has no key at 0x81018001") {
		t.Error(err)
	}
	first, err := get(unsealer{create: true})
	if err != "" || len(first) != keySize {
		t.Fatalf("%d bytes, %s", len(first), err)
	}
	// A second run, with -create too, gets the same key.
	if again, err := get(unsealer{create: true}); err != "" || !bytes.Equal(first, again) {
		t.Errorf("%d bytes, %s", len(again), err)
	}
	if other, err := get(unsealer{create: true, handle: 0x81018002}); err != "" || bytes.Equal(first, other) {
		t.Errorf("another place has the same key: %s", err)
	}
	// Other PCRs than those of the key are another condition.
	if _, err := get(unsealer{pcrs: "7"}); !strings.Contains(err, "did not start as it did") {
		t.Error(err)
	}
	if again, err := get(unsealer{lock: 15}); err != "" || !bytes.Equal(first, again) {
		t.Errorf("%d bytes, %s", len(again), err)
	}
	if _, err := get(unsealer{create: true}); !strings.Contains(err, "did not start as it did") {
		t.Errorf("after the lock: %s", err)
	}
	// The next boot gets the key again.
	stop()
	open, _ = startTPM(t, dir)
	if again, err := get(unsealer{}); err != "" || !bytes.Equal(first, again) {
		t.Errorf("%d bytes, %s", len(again), err)
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for want, u := range map[string]unsealer{
		"each once":              {pcrs: "7,7"},
		"from 0 to 23":           {pcrs: "24"},
		"-pcrs \"\"":             {},
		"is not a persistent":    {pcrs: "7", handle: 5},
		"would not lock the key": {pcrs: "7", lock: 8, handle: 0x81018001},
		"waited 1ns":             {pcrs: "7", lock: -1, handle: 0x81018001, wait: 1},
	} {
		u.open = func(string) (transport.TPMCloser, error) { return nil, os.ErrNotExist }
		if err := u.run(t.Context(), &bytes.Buffer{}, []string{"/k"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	u := unsealer{pcrs: "7"}
	if err := u.run(t.Context(), &bytes.Buffer{}, []string{"relative"}); err == nil || !strings.Contains(err.Error(), "absolute") {
		t.Error(err)
	}
}
