//go:build linux

package staticip

import (
	"fmt"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	t.Parallel()
	c, err := parse("eth0", []string{"192.0.2.5/24", "2001:db8::5/64"}, []string{"192.0.2.1", "fe80::1"},
		[]string{"198.51.100.7/24=192.0.2.9", "203.0.113.0/24"}, []string{"192.0.2.3", "2001:db8::3"}, []string{"example.org", "lan"}, 1400)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := c.String(), "eth0: 192.0.2.5/24 2001:db8::5/64, default via 192.0.2.1, default via fe80::1, 198.51.100.0/24 via 192.0.2.9, 203.0.113.0/24"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := c.resolvConf(); got != "search example.org lan\nnameserver 192.0.2.3\nnameserver 2001:db8::3\n" {
		t.Errorf("%q", got)
	}
	if got, want := fmt.Sprint(c.routes()), "[{198.51.100.0/24 192.0.2.9} {203.0.113.0/24 invalid IP} {0.0.0.0/0 192.0.2.1} {::/0 fe80::1}]"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// A router that is not on the link, as in some clouds, first gets its own route.
func TestFarRouter(t *testing.T) {
	t.Parallel()
	c, err := parse("eth0", []string{"198.51.100.5/32"}, []string{"192.0.2.1"}, nil, nil, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(c.routes()), "[{192.0.2.1/32 invalid IP} {0.0.0.0/0 192.0.2.1}]"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// All mistakes are reported together.
func TestParseErrors(t *testing.T) {
	t.Parallel()
	_, err := parse("eth0", []string{"10.0.0.1", "127.0.0.1/8", "0.0.0.0/0", "x"}, []string{"10.0.0.1", "10.0.0.2", "y"},
		[]string{"10.0.0.0/8=::1", "z", "10.0.0.0/8="}, []string{"a", "0.0.0.0", "1.1.1.1", "1.1.1.2"}, []string{"x y", ""}, 5)
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{`-address "10.0.0.1"`, `-address "127.0.0.1/8"`, `-address "0.0.0.0/0"`, `-address "x"`, `-gateway 10.0.0.2 is the second`, `-gateway "y"`,
		`-route "10.0.0.0/8=::1"`, `-route "z"`, `-route "10.0.0.0/8="`, `-dns "a"`, `-dns "0.0.0.0"`, "4 name servers", `-search "x y"`, `-search ""`, "-mtu 5"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not reported in\n%v", want, err)
		}
	}
	if _, err := parse("eth0", nil, nil, nil, nil, nil, 0); err == nil {
		t.Error("no address was accepted")
	}
}
