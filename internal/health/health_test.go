package health

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{}`:                                     "needs one of",
		`{"tcp": 1, "udp": 2}`:                   "needs one of",
		`{"tcp": 70000}`:                         "1 to 65535",
		`{"tcp": 80, "get": "/"}`:                "",
		`{"udp": 53, "get": "/"}`:                "get needs tcp",
		`{"tcp": 80, "get": "/", "send": "x"}`:   "only one of",
		`{"udp": 53}`:                            "udp needs send",
		`{"udp": 53, "hex": "0g"}`:               "hex",
		`{"udp": 53, "hex": "00 ff"}`:            "",
		`{"file": "/x", "send": "x"}`:            "file cannot",
		`{"tcp": 80, "expect": "("}`:             "expect",
		`{"unix": "/run/x", "expect": "^ok$"}`:   "",
		`{"file": "/run/x", "expect": "^[0-9]"}`: "",
	} {
		var c Check
		if err := json.Unmarshal([]byte(text), &c); err != nil {
			t.Fatal(err)
		}
		switch err := c.Validate(); {
		case want == "" && err != nil:
			t.Errorf("%s: %v", text, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("up 1\n")) }))
	defer web.Close()
	port := web.Listener.Addr().(*net.TCPAddr).Port
	dir := t.TempDir()
	file := filepath.Join(dir, "f")
	if err := os.WriteFile(file, []byte("synced\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	go func() {
		b := make([]byte, 10)
		for {
			_, from, err := udp.ReadFrom(b)
			if err != nil {
				return
			}
			_, _ = udp.WriteTo([]byte("time"), from)
		}
	}()
	sock, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer sock.Close()
	go func() {
		for {
			c, err := sock.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte("hello\n"))
			c.Close()
		}
	}()
	for _, tc := range []struct {
		c    Check
		want string // "!": an error
	}{
		{Check{TCP: port, Get: "/", Expect: "up [0-9]"}, "up 1"},
		{Check{TCP: port}, ""},
		{Check{TCP: port, Send: "no request"}, ""},
		{Check{TCP: port, Get: "/", Expect: "down"}, "!"},
		{Check{File: file, Expect: "sync"}, "sync"},
		{Check{File: file + "x"}, "!"},
		{Check{UDP: udp.LocalAddr().(*net.UDPAddr).Port, Hex: "00 ff", Expect: "^t"}, "t"},
		{Check{UDP: udp.LocalAddr().(*net.UDPAddr).Port, Send: "x", Expect: "^t"}, "t"},
		{Check{Unix: filepath.Join(dir, "s"), Expect: "hello"}, "hello"},
		{Check{Unix: filepath.Join(dir, "t")}, "!"},
	} {
		got, err := tc.c.Run(t.Context(), time.Minute)
		if (err != nil) != (tc.want == "!") || err == nil && got != tc.want {
			t.Errorf("%+v: %q, %v", tc.c, got, err)
		}
	}
}

func TestEncode(t *testing.T) {
	t.Parallel()
	if s := Encode(nil); s != "" {
		t.Errorf("%q", s)
	}
	if s := Encode([]Check{{TCP: 6379, Send: "PING\r\n", Expect: "<PONG>"}}); s != `[{"tcp":6379,"send":"PING\r\n","expect":"<PONG>"}]` {
		t.Errorf("%s", s)
	}
}
