//go:build linux

package lldp

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var mac = net.HardwareAddr{2, 0, 0, 0, 0, 7}

func TestFrame(t *testing.T) {
	t.Parallel()
	b := frame(mac, "eth0", "left", "a machine", 2*time.Minute)
	n, err := parse(b)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprintf("%+v", *n), "{Interface: Chassis:02:00:00:00:00:07 Port:eth0 PortText: Name:left Description:a machine ttl:120000000000}"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	// A frame of a switch: its port has the form of a MAC address, and a part that we do
	// not know. What follows the end is padding.
	if n, err = parse([]byte("\x02\x07\x04\x02\x00\x00\x00\x00\x07\x04\x07\x03\x02\x00\x00\x00\x00\x08\x06\x02\x00\x78\x08\x05port1\xfe\x04\x00\x80\xc2\x01\x00\x00\xff\xff")); err != nil || n.Port != "02:00:00:00:00:08" || n.PortText != "port1" {
		t.Errorf("%+v, %v", n, err)
	}
	for i := range len(b) {
		if _, err := parse(b[:i]); err == nil {
			t.Errorf("the first %d bytes were accepted", i)
		}
	}
	for name, bad := range map[string]string{
		"order":    "\x04\x05\x05eth0\x00\x00",
		"twice":    string(b[:len(b)-2]) + "\x06\x02\x00\x01\x00\x00",
		"no time":  "\x02\x07\x04\x02\x00\x00\x00\x00\x07\x04\x05\x05eth0\x06\x01\x00\x00\x00",
		"empty id": "\x02\x01\x04\x04\x05\x05eth0\x06\x02\x00\x01\x00\x00",
	} {
		if _, err := parse([]byte(bad)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if got := text([]byte("a\x1b[2J\xff\u009b")); got != "a?[2J??" {
		t.Errorf("%q", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(frame(mac, "eth0", "left", "a machine", time.Minute))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := parse(b)
		if err == nil && (n.Chassis == "" || n.Port == "") {
			t.Errorf("%+v", n)
		}
	})
}

func TestLearn(t *testing.T) {
	t.Parallel()
	s := speaker{known: map[key]entry{}, file: filepath.Join(t.TempDir(), "neighbours.json")}
	var log bytes.Buffer
	state := func() string {
		t.Helper()
		if err := s.write(&log); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(s.file)
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(b))
	}
	now := time.Unix(1000, 0)
	if got := state(); got != "[]" {
		t.Error(got)
	}
	s.learn("eth0", neighbour{Chassis: "c", Port: "2", Name: "b", ttl: time.Minute}, now)
	s.learn("eth0", neighbour{Chassis: "c", Port: "1", Name: "a", ttl: 2 * time.Minute}, now)
	two := `[{"interface":"eth0","chassis":"c","port":"1","name":"a"},{"interface":"eth0","chassis":"c","port":"2","name":"b"}]`
	if got := state(); got != two {
		t.Error(got)
	}
	s.expire(now.Add(time.Minute))
	if got := state(); strings.Contains(got, `"b"`) || !strings.Contains(got, `"a"`) {
		t.Error(got)
	}
	s.learn("eth0", neighbour{Chassis: "c", Port: "1"}, now) // it ends
	if got := state(); got != "[]" {
		t.Error(got)
	}
	for i := range 2 * maxKnown {
		s.learn("eth0", neighbour{Chassis: fmt.Sprint(i), Port: "1", ttl: time.Minute}, now)
	}
	if len(s.known) != maxKnown {
		t.Errorf("%d neighbours are kept", len(s.known))
	}
	if log.String() != "0 neighbours\n2 neighbours\n1 neighbours\n0 neighbours\n" {
		t.Errorf("%q", log.String())
	}
}
