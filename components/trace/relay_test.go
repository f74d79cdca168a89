//go:build linux

package main

import (
	"bufio"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
)

// A port on the loopback address can be reached at the other addresses, in both
// directions, until the input of the relay ends.
func TestRelay(t *testing.T) {
	t.Parallel()
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	outside := ""
	for _, a := range addresses {
		if ip, _, err := net.ParseCIDR(a.String()); err == nil && !ip.IsLoopback() && ip.To4() != nil {
			outside = ip.String()
		}
	}
	if outside == "" {
		t.Skip("skipped: this machine has only a loopback address")
	}
	service, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer service.Close()
	go func() {
		for {
			c, err := service.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				text, _ := io.ReadAll(c)
				_, _ = c.Write([]byte("answer to " + string(text)))
			}()
		}
	}()
	port := strconv.Itoa(service.Addr().(*net.TCPAddr).Port)
	until, end := io.Pipe()
	out, say := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- runRelay([]string{port}, until, say) }()
	if line, err := bufio.NewReader(out).ReadString('\n'); strings.TrimSpace(line) != ready {
		t.Fatalf("%q, %v", line, err)
	}
	c, err := net.Dial("tcp4", net.JoinHostPort(outside, port))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte("a question")); err != nil {
		t.Fatal(err)
	}
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(c); err != nil || string(text) != "answer to a question" {
		t.Errorf("%q, %v", text, err)
	}
	end.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
