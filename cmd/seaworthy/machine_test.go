package main

import (
	"errors"
	"io/fs"
	"net"
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
	if err := (&machineFlags{diskBus: boot.Virtio, cdrom: pipe}).set(t.Context(), nil, &boot.Options{}); !errors.Is(err, system.ErrInput) {
		t.Errorf("--cdrom: %v", err)
	}
}

func TestMachineFlags(t *testing.T) {
	t.Parallel()
	for want, f := range map[string]machineFlags{
		"--tpm-state needs --tpm":                   {tpmState: "x"},
		"--disk-bus needs --disk":                   {diskBus: boot.NVMe},
		`"ide" is neither virtio nor nvme`:          {diskBus: "ide", disk: "1M"},
		"cannot make the socket machine_test.go":    {diskBus: boot.Virtio, agent: "machine_test.go"},
		"cannot make the socket /missing/of/agent:": {diskBus: boot.Virtio, agent: "/missing/of/agent"},
	} {
		var o boot.Options
		if err := f.set(t.Context(), nil, &o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
		f.close(&o)
	}
	if _, err := os.Stat("machine_test.go"); err != nil {
		t.Error(err)
	}
}

// The socket of the agent is only for this user, and removed at the end.
func TestAgentSocket(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "agent") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	var o boot.Options
	f := machineFlags{diskBus: boot.Virtio, agent: filepath.Join(dir, "s")}
	if err := f.set(t.Context(), nil, &o); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(f.agent)
	if err != nil || info.Mode() != fs.ModeSocket|0o600 {
		t.Errorf("%v, %v", info, err)
	}
	c, err := net.Dial("unix", f.agent)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	f.close(&o)
	if left, err := os.ReadDir(dir); len(left) != 0 || err != nil {
		t.Errorf("%v, %v", left, err)
	}
}

// The exercise of trace has a variable for each port. TCP and UDP ports with the same number
// have different names.
func TestPortVariables(t *testing.T) {
	t.Parallel()
	o, err := (&machineFlags{publish: []string{"5300:53/udp", "5301:53", "8080:80/tcp"}}).options()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"SEAWORTHY_PORT=5300", "SEAWORTHY_PORT_53_UDP=5300", "SEAWORTHY_PORT_53=5301", "SEAWORTHY_PORT_80=8080"}
	if got := portVariables(o.Forward); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
