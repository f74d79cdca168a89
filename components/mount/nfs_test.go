//go:build linux

package mount

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestNFSData(t *testing.T) {
	t.Parallel()
	four, six := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")
	for _, c := range []struct {
		n      share
		server netip.Addr
		want   string
	}{
		{share{version: "4.2", port: 2049}, four, "vers=4.2,addr=192.0.2.1,proto=tcp,port=2049"},
		{share{version: "3", port: 7}, six, "vers=3,addr=2001:db8::1,proto=tcp6,port=7,mountaddr=2001:db8::1,mountproto=tcp6,mountport=7,nolock"},
		{share{version: "2", port: 7}, four, "-version 2"},
		{share{version: "3", port: 0}, four, "-port 0"},
	} {
		got, err := c.n.data(c.server)
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%+v: %s", c.n, got)
		}
	}
}

func TestSplitSource(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{"host:/a/b": "host /a/b", "[2001:db8::1]:/": "2001:db8::1 /", "host": "!", ":/a": "!", "host:a": "!"} {
		host, path, err := splitSource(source)
		got := host + " " + path
		if err != nil {
			got = "!"
		}
		if got != want {
			t.Errorf("%q: %s", source, got)
		}
	}
}

// TestNFSTry: the server may not be there yet. Without the module, a second try does not help.
func TestNFSTry(t *testing.T) {
	t.Parallel()
	n := share{version: "3", port: 2049, options: "nosuid,soft", wait: time.Minute}
	var calls []string
	try := func(source, target, typ string, flags uintptr, data string) error {
		calls = append(calls, source+" "+target+" "+typ+" "+data)
		if flags != unix.MS_NOSUID {
			t.Errorf("flags %#x", flags)
		}
		return unix.ENODEV
	}
	flags, more, err := parse(n.options)
	if err != nil {
		t.Fatal(err)
	}
	if err := n.try(t.Context(), "127.0.0.1", "/a", "/mnt", flags, more, try); err == nil || !strings.Contains(err.Error(), "load the module nfsv3") {
		t.Error(err)
	}
	if want := "127.0.0.1:/a /mnt nfs vers=3,addr=127.0.0.1,proto=tcp,port=2049,mountaddr=127.0.0.1,mountproto=tcp,mountport=2049,nolock,soft"; len(calls) != 1 || calls[0] != want {
		t.Errorf("%q", calls)
	}
	if err := n.try(t.Context(), "::1", "/", "/mnt", flags, more, func(source, _, _ string, _ uintptr, _ string) error {
		calls = append(calls, source)
		return nil
	}); err != nil || calls[1] != "[::1]:/" {
		t.Errorf("%v, %q", err, calls)
	}
	var out bytes.Buffer
	for _, bad := range [][2]string{{"host", "/mnt"}, {"host:/a", "mnt"}, {"host:/a", "/"}} {
		if err := n.run(t.Context(), &out, bad[0], bad[1], try); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}
