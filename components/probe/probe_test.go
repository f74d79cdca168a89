package main

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"testing"

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
	if err := run(t.Context(), file); err != nil {
		t.Error(err)
	}
	if err := run(t.Context(), file+".missing"); err == nil {
		t.Error("a missing file is not an error")
	}
}
