package main

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/seaworthy-os/seaworthy/components/landlock"
	"github.com/seaworthy-os/seaworthy/internal/health"
)

// TestRun: probe ends its checks when every component has answered.
func TestRun(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte("+PONG\r\n"))
			c.Close()
		}
	}()
	port := l.Addr().(*net.TCPAddr).Port
	data, err := json.Marshal([]health.Component{{Name: "redis", Checks: []health.Check{{TCP: port, Send: "PING\r\n", Expect: "PONG"}}}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "probe.json")
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
	all, err := read(file)
	if err != nil {
		t.Fatal(err)
	}
	run(t.Context(), all)
	if _, err := read(file + ".missing"); err == nil {
		t.Error("a missing file is not an error")
	}
}

// TestNeeds: probe keeps access to the ports and the folders of its checks, and to
// nothing else.
func TestNeeds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	all := []health.Component{
		{Name: "redis", Checks: []health.Check{{TCP: 6379}, {UDP: 53, Send: "x"}}},
		{Name: "log", Checks: []health.Check{{File: dir + "/later/log"}, {Unix: dir + "/socket"}, {TCP: 80, Get: "/"}}},
	}
	want := landlock.Needs{Read: []string{dir}, Connect: []int{6379, 80}}
	if got := needs(all); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}
