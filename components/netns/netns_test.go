//go:build linux

package netns

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"loopback": "", "loopback lo": "no more words", "": "it is empty", "route ../x default 192.0.2.1": "not the name of a namespace", "route . default 192.0.2.1": "not the name of a namespace",
		"cable a eth0 192.0.2.1/30 b eth0 192.0.2.2/30": "", "cable a eth0 192.0.2.1/30 b": "two ends",
		"cable a eth0 192.0.2.1/30 a eth1 192.0.2.2/30":              "in one namespace",
		"cable a eth0 192.0.2.1 b eth0 192.0.2.2/30":                 "192.0.2.1 is not ADDRESS/BITS",
		"cable a interface-with-long-name 10.0.0.1/8 b e 10.0.0.2/8": "not the name of an interface",
		"route a default 2001:db8::1":                                "", "route a 198.51.100.0/24 192.0.2.1": "",
		"route a 198.51.100.1/24 192.0.2.1": "is not a network", "route a 198.51.100.0/24 2001:db8::1": "of this network", "route a default": "a network and a router",
		"bridge a b": "unknown kind",
	} {
		_, err := parse(text)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// keep makes a namespace, and mounts it on a file, as the init of a system does.
func keep(path string) error {
	if err := os.WriteFile(path, nil, 0o444); err != nil {
		return err
	}
	return thread(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return err
		}
		if err := unix.Mount(fmt.Sprintf("/proc/self/task/%d/ns/net", unix.Gettid()), path, "", unix.MS_BIND, ""); err != nil {
			return err
		}
		s, err := parse("loopback")
		if err != nil {
			return err
		}
		return s.apply("")
	})
}

// TestApply connects two namespaces, and sends bytes from one to the other.
func TestApply(t *testing.T) {
	dir := t.TempDir()
	do := func(text string) error {
		s, err := parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return s.apply(dir)
	}
	for _, n := range []string{"front", "back"} {
		t.Cleanup(func() { _ = unix.Unmount(filepath.Join(dir, n), unix.MNT_DETACH) })
		if err := keep(filepath.Join(dir, n)); errors.Is(err, unix.EPERM) {
			t.Skipf("skipped: it needs the right to make namespaces and to mount: %v", err)
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if err := do("cable front eth0 192.0.2.1/30 back eth0 192.0.2.2/30"); err != nil {
		if errors.Is(err, unix.EOPNOTSUPP) {
			t.Skipf("skipped: the kernel of this machine has no veth: %v", err)
		}
		t.Fatal(err)
	}
	if err := do("route back default 192.0.2.1"); err != nil {
		t.Error(err)
	}
	if err := do("route back default 198.51.100.1"); err == nil {
		t.Error("a route over a router that cannot be reached was accepted")
	}
	if err := do("cable front eth1 10.0.0.1/30 nothing eth1 10.0.0.2/30"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a namespace that does not exist: %v", err)
	}
	var l net.Listener
	if err := inside(filepath.Join(dir, "front"), func() (err error) { l, err = net.Listen("tcp", "192.0.2.1:0"); return err }); err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := inside(filepath.Join(dir, "back"), func() error {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			return err
		}
		return c.Close()
	}); err != nil {
		t.Error(err)
	}
}
