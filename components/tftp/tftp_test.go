//go:build linux

package tftp

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// client is a machine that boots. It acknowledges each packet twice, as a bad network does.
type client struct {
	t    *testing.T
	conn *net.UDPConn
}

func newClient(t *testing.T, server net.Addr) *client {
	t.Helper()
	conn, err := net.DialUDP("udp", nil, server.(*net.UDPAddr))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &client{t, conn}
}

func (c *client) send(b []byte) {
	c.t.Helper()
	if _, err := c.conn.Write(b); err != nil {
		c.t.Fatal(err)
	}
}

// receive returns a packet, without the bytes of its kind.
func (c *client) receive() (op uint16, b []byte) {
	c.t.Helper()
	if err := c.conn.SetReadDeadline(time.Now().Add(5 * time.Minute)); err != nil {
		c.t.Fatal(err)
	}
	packet := make([]byte, 1<<16)
	n, err := c.conn.Read(packet)
	if err != nil {
		c.t.Fatal(err)
	}
	return binary.BigEndian.Uint16(packet), packet[2:n]
}

func ack(number uint16) []byte { return binary.BigEndian.AppendUint16([]byte{0, opAck}, number) }

// get fetches a file. options are words, in pairs. It returns the confirmed options.
func (c *client) get(name string, options ...string) (data, confirmed []byte, err error) {
	c.t.Helper()
	c.send([]byte("\x00\x01" + strings.Join(append([]string{name, "octet"}, options...), "\x00") + "\x00"))
	block, want := plainBlock, uint16(1)
	for {
		op, b := c.receive()
		switch op {
		case opError:
			return nil, nil, errors.New(string(b[2 : len(b)-1]))
		case opOAck:
			confirmed = b
			if strings.Contains(string(b), "blksize") {
				block = maxBlock
			}
			c.send(ack(0))
			continue
		case opData:
		default:
			c.t.Fatalf("a packet of kind %d", op)
		}
		number := binary.BigEndian.Uint16(b)
		c.send(ack(number))
		c.send(ack(number))
		if number != want {
			continue // it was sent again
		}
		want++
		if data = append(data, b[2:]...); len(b)-2 < block {
			return data, confirmed, nil
		}
	}
}

// start serves two folders, of which the first has links that lead out of it.
func start(t *testing.T) (net.Addr, map[string][]byte) {
	t.Helper()
	first, second, outside := t.TempDir(), t.TempDir(), t.TempDir()
	content := map[string][]byte{
		"both": []byte("first"), "large": bytes.Repeat([]byte("0123456789abcdef"), 5000), "even": make([]byte, 2*plainBlock), "empty": {},
	}
	for name, data := range content {
		if err := os.WriteFile(filepath.Join(second, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(
		os.WriteFile(filepath.Join(second, "both"), []byte("second"), 0o644),
		os.WriteFile(filepath.Join(first, "both"), content["both"], 0o644),
		os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o644),
		os.Mkdir(filepath.Join(first, "folder"), 0o755),
		os.Symlink(filepath.Join(outside, "secret"), filepath.Join(first, "link")),
	); err != nil {
		t.Fatal(err)
	}
	files, err := Open([]string{first, second})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- serve(ctx, io.Discard, conn, files) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return conn.LocalAddr(), content
}

func TestServe(t *testing.T) {
	t.Parallel()
	server, content := start(t)
	for name, want := range content {
		for _, options := range [][]string{nil, {"tsize", "0", "blksize", "9000"}} {
			got, confirmed, err := newClient(t, server).get(name, options...)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%q %q: %d bytes, %v", name, options, len(got), err)
			}
			if options != nil && !strings.HasPrefix(string(confirmed), "blksize\x001468\x00tsize\x00") {
				t.Errorf("%q: confirmed %q", name, confirmed)
			}
		}
	}
	for name, want := range map[string]string{
		"/both": "first", `\both`: "first", "link": "!cannot be read", "folder": "!cannot be read", "missing": "!no such file",
		"../secret": "!cannot be read", "/../../etc/passwd": "!cannot be read", "": "!cannot be read",
	} {
		got, _, err := newClient(t, server).get(name)
		if err != nil {
			got = []byte("!" + err.Error())
		}
		if !strings.HasPrefix(string(got), want[:1]) || !strings.Contains(string(got), strings.TrimPrefix(want, "!")) {
			t.Errorf("%q: %q", name, got)
		}
	}
	for packet, want := range map[string]string{
		"\x00\x02new\x00octet\x00":                  "only for reading",
		"\x00\x01both\x00netascii\x00":              "is not octet",
		"\x00\x01both\x00octet":                     "not complete",
		"\x00\x01both\x00":                          "not complete",
		"\x00\x01both\x00octet\x00blksize\x00":      "not complete",
		"\x00\x01both\x00octet\x00blksize\x007\x00": "from 8",
	} {
		c := newClient(t, server)
		c.send([]byte(packet))
		if op, b := c.receive(); op != opError || !strings.Contains(string(b), want) {
			t.Errorf("%q: %d %q", packet, op, b)
		}
	}
}

// TestLost: a client that got no packet asks again, and gets the same block.
func TestLost(t *testing.T) {
	t.Parallel()
	server, content := start(t)
	c := newClient(t, server)
	c.send([]byte("\x00\x01even\x00octet\x00"))
	for range 2 {
		if op, b := c.receive(); op != opData || !bytes.Equal(b, append([]byte{0, 1}, content["even"][:plainBlock]...)) {
			t.Fatalf("%d %d bytes", op, len(b))
		}
	}
	c.send(ack(1))
	if op, b := c.receive(); op != opData || b[1] != 2 {
		t.Fatalf("%d %d", op, b[1])
	}
	c.send([]byte("\x00\x05\x00\x00enough\x00"))
}

func TestOpen(t *testing.T) {
	t.Parallel()
	if _, err := Open(nil); err == nil || !strings.Contains(err.Error(), "-dir") {
		t.Error(err)
	}
	if _, err := Open([]string{filepath.Join(t.TempDir(), "missing")}); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}
