package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/boot"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

func TestParseSize(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{"1": 1, "512M": 512 << 20, "4G": 4 << 30, "2K": 2048, "1T": 1 << 40} {
		if got, err := parseSize(text); got != want || err != nil {
			t.Errorf("%s: %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "0", "-1", "+1", "4GB", "4g", "1.5G", "G", "4GG", "9999999999T", "9223372036854775808", "data.img"} {
		if n, err := parseSize(text); err == nil {
			t.Errorf("%q: %d", text, n)
		}
	}
}

func TestOpenDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	there := filepath.Join(dir, "there.qcow2")
	if err := os.WriteFile(there, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text, format string
		size         int64
	}{{"2M", "raw", 2 << 20}, {filepath.Join(dir, "new:1M"), "raw", 1 << 20}, {filepath.Join(dir, "new:2M"), "raw", 1 << 20}, {filepath.Join(dir, "new"), "raw", 1 << 20}, {there, "qcow2", 7}} {
		f, format, err := openDisk(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if info, err := f.Stat(); err != nil || info.Size() != c.size || format != c.format {
			t.Errorf("%s: %d bytes, %s, %v", c.text, info.Size(), format, err)
		}
		f.Close()
	}
	for _, text := range []string{filepath.Join(dir, "missing"), filepath.Join(dir, "missing.qcow2:4G"), "4X", pipe, "/dev/null"} {
		if _, _, err := openDisk(text); !errors.Is(err, system.ErrInput) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if err := (&machineFlags{cdrom: pipe}).set(t.Context(), nil, &boot.Options{}); !errors.Is(err, system.ErrInput) {
		t.Errorf("--cdrom: %v", err)
	}
	if err := (&machineFlags{tpmState: "x"}).set(t.Context(), nil, &boot.Options{}); err == nil || !strings.Contains(err.Error(), "--tpm-state needs --tpm") {
		t.Errorf("%v", err)
	}
}

// The exercise of trace has a variable for each port. TCP and UDP ports with the same number
// have different names.
func TestPortVariables(t *testing.T) {
	t.Parallel()
	ports, err := forwards([]string{"5300:53/udp", "5301:53", "8080:80/tcp"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"SEAWORTHY_PORT=5300", "SEAWORTHY_PORT_53_UDP=5300", "SEAWORTHY_PORT_53=5301", "SEAWORTHY_PORT_80=8080"}
	if got := portVariables(ports); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
