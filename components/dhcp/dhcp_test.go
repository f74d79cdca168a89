//go:build linux

package dhcp

import (
	"encoding/binary"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"golang.org/x/sys/unix"
)

func ack(t *testing.T, m ...dhcpv4.Modifier) *dhcpv4.DHCPv4 {
	t.Helper()
	d, err := dhcpv4.New(append([]dhcpv4.Modifier{dhcpv4.WithYourIP(net.IPv4(10, 0, 2, 15)), dhcpv4.WithNetmask(net.CIDRMask(24, 32))}, m...)...)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

func TestFromLease(t *testing.T) {
	t.Parallel()
	c, err := FromLease(ack(t, dhcpv4.WithRouter(net.IPv4(10, 0, 2, 2), net.IPv4(10, 0, 2, 9)),
		dhcpv4.WithDNS(net.IPv4(10, 0, 2, 3), net.IPv4zero, net.IPv4(1, 1, 1, 1), net.IPv4(8, 8, 8, 8), net.IPv4(9, 9, 9, 9)),
		dhcpv4.WithOption(dhcpv4.OptDomainName("example.org")), dhcpv4.WithGeneric(dhcpv4.OptionInterfaceMTU, []byte{0x05, 0x78})))
	if err != nil {
		t.Fatal(err)
	}
	want := &Config{Address: prefix("10.0.2.15/24"), Routes: []Route{{defaultRoute, addr("10.0.2.2")}},
		DNS: []netip.Addr{addr("10.0.2.3"), addr("1.1.1.1"), addr("8.8.8.8")}, Domain: "example.org", MTU: 1400}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got %+v", c)
	}
	if got := c.ResolvConf(); got != "search example.org\nnameserver 10.0.2.3\nnameserver 1.1.1.1\nnameserver 8.8.8.8\n" {
		t.Errorf("resolv.conf %q", got)
	}
	if got := c.String(); got != "10.0.2.15/24, 0.0.0.0/0 via 10.0.2.2, name servers 10.0.2.3 1.1.1.1 8.8.8.8" {
		t.Errorf("line %q", got)
	}
}

// A router outside the subnet first gets its own route.
func TestFromLeaseFarRouter(t *testing.T) {
	t.Parallel()
	c, err := FromLease(ack(t, dhcpv4.WithNetmask(net.CIDRMask(32, 32)), dhcpv4.WithRouter(net.IPv4(10, 0, 0, 1))))
	if err != nil {
		t.Fatal(err)
	}
	if want := []Route{{Dest: prefix("10.0.0.1/32")}, {defaultRoute, addr("10.0.0.1")}}; !reflect.DeepEqual(c.Routes, want) {
		t.Errorf("routes %v", c.Routes)
	}
}

// RFC 3442: with classless routes, the router option is ignored.
func TestFromLeaseClasslessRoutes(t *testing.T) {
	t.Parallel()
	routes := dhcpv4.Routes{
		{Dest: &net.IPNet{IP: net.IPv4(192, 168, 0, 0).To4(), Mask: net.CIDRMask(16, 32)}, Router: net.IPv4(10, 0, 2, 7)},
		{Dest: &net.IPNet{IP: net.IPv4(169, 254, 1, 0).To4(), Mask: net.CIDRMask(24, 32)}, Router: net.IPv4zero},
	}
	c, err := FromLease(ack(t, dhcpv4.WithRouter(net.IPv4(10, 0, 2, 2)), dhcpv4.WithOption(dhcpv4.OptClasslessStaticRoute(routes...))))
	if err != nil {
		t.Fatal(err)
	}
	if want := []Route{{prefix("192.168.0.0/16"), addr("10.0.2.7")}, {Dest: prefix("169.254.1.0/24")}}; !reflect.DeepEqual(c.Routes, want) {
		t.Errorf("routes %v", c.Routes)
	}
}

// The data of a server in the network is not trusted.
func TestFromLeaseHostile(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]dhcpv4.Modifier{
		"no address":    dhcpv4.WithYourIP(net.IPv4zero),
		"multicast":     dhcpv4.WithYourIP(net.IPv4(224, 0, 0, 1)),
		"loopback":      dhcpv4.WithYourIP(net.IPv4(127, 0, 0, 1)),
		"broadcast":     dhcpv4.WithYourIP(net.IPv4bcast),
		"mask of zero":  dhcpv4.WithNetmask(net.IPv4Mask(0, 0, 0, 0)),
		"mask in parts": dhcpv4.WithNetmask(net.IPv4Mask(255, 0, 255, 0)),
	} {
		if c, err := FromLease(ack(t, m)); err == nil {
			t.Errorf("%s: accepted as %v", name, c)
		}
	}
	c, err := FromLease(ack(t, dhcpv4.WithOption(dhcpv4.OptDomainName("x\nnameserver 6.6.6.6")), dhcpv4.WithRouter(net.IPv4(127, 0, 0, 1)),
		dhcpv4.WithDNS(net.IPv4(224, 0, 0, 1)), dhcpv4.WithGeneric(dhcpv4.OptionInterfaceMTU, []byte{0, 1})))
	if err != nil {
		t.Fatal(err)
	}
	if c.Domain != "" || len(c.Routes) != 0 || len(c.DNS) != 0 || c.MTU != 0 {
		t.Errorf("taken over: %+v", c)
	}
}

func TestParseStatic(t *testing.T) {
	t.Parallel()
	c, err := ParseStatic("192.168.1.5/24,192.168.1.1,1.1.1.1,9.9.9.9")
	want := &Config{Address: prefix("192.168.1.5/24"), Routes: []Route{{defaultRoute, addr("192.168.1.1")}}, DNS: []netip.Addr{addr("1.1.1.1"), addr("9.9.9.9")}}
	if err != nil || !reflect.DeepEqual(c, want) {
		t.Errorf("%+v, %v", c, err)
	}
	if c, err := ParseStatic("10.0.0.1/8,,1.1.1.1"); err != nil || len(c.Routes) != 0 || len(c.DNS) != 1 {
		t.Errorf("without a gateway: %+v, %v", c, err)
	}
	for _, s := range []string{"", "10.0.0.1", "10.0.0.1/0", "10.0.0.1/33", "::1/64", "127.0.0.1/8", "10.0.0.1/8,x", "10.0.0.1/8,0.0.0.0", "10.0.0.1/8,,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1"} {
		if c, err := ParseStatic(s); err == nil {
			t.Errorf("%q: accepted as %v", s, c)
		}
	}
}

func TestParseIPArg(t *testing.T) {
	t.Parallel()
	for text, iface := range map[string]string{"": "", "quiet": "", "ip=dhcp": "", "ip=:::::eth1:dhcp": "eth1", "ip=any x": "", "xip=off": ""} {
		if a, err := ParseIPArg(text); err != nil || a.Static != nil || a.Interface != iface {
			t.Errorf("%q: %+v, %v", text, a, err)
		}
	}
	a, err := ParseIPArg("quiet ip=10.1.2.3::10.1.2.1:255.255.255.0:host:eth0:off:1.1.1.1\n")
	want := &Config{Address: prefix("10.1.2.3/24"), Routes: []Route{{defaultRoute, addr("10.1.2.1")}}, DNS: []netip.Addr{addr("1.1.1.1")}}
	if err != nil || a.Interface != "eth0" || !reflect.DeepEqual(a.Static, want) {
		t.Errorf("%+v, %v", a, err)
	}
	for _, s := range []string{"ip=bootp", "ip=off", "ip=10.0.0.1:::255.0.255.0::eth0:off", "ip=10.0.0.1:::x::eth0:off", "ip=:::::../x:dhcp", "ip=" + strings.Repeat(":", 20)} {
		if a, err := ParseIPArg(s); err == nil {
			t.Errorf("%q: accepted as %+v", s, a)
		}
	}
}

func fakeLink(t *testing.T, root, name, index, typ string, device bool) {
	t.Helper()
	dir := filepath.Join(root, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for f, text := range map[string]string{"ifindex": index, "type": typ} {
		if err := os.WriteFile(filepath.Join(dir, f), []byte(text+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if device {
		if err := os.Mkdir(filepath.Join(dir, "device"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFindLink(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	if _, err := findLink(root, ""); err != errNoInterface {
		t.Errorf("nothing there: %v", err)
	}
	fakeLink(t, root, "lo", "1", "772", false)
	fakeLink(t, root, "docker0", "2", "1", false)
	fakeLink(t, root, "eth10", "11", "1", true)
	fakeLink(t, root, "eth9", "4", "1", true)
	fakeLink(t, root, "broken", "x", "1", true)
	for name, want := range map[string]link{"": {"eth9", 4}, "docker0": {"docker0", 2}} {
		if l, err := findLink(root, name); err != nil || *l != want {
			t.Errorf("%q: %v, %v", name, l, err)
		}
	}
	if _, err := findLink(root, "eth7"); err == nil || err.Error() != `no interface "eth7"` {
		t.Errorf("got %v", err)
	}
}

func TestMessages(t *testing.T) {
	t.Parallel()
	l := &link{"eth0", 3}
	m := l.addressMessage(prefix("10.0.2.15/24"))
	want := []byte{unix.AF_INET, 24, 0, 0}
	want = binary.NativeEndian.AppendUint32(want, 3)
	for _, a := range []struct {
		typ  uint16
		addr [4]byte
	}{{unix.IFA_LOCAL, [4]byte{10, 0, 2, 15}}, {unix.IFA_ADDRESS, [4]byte{10, 0, 2, 15}}, {unix.IFA_BROADCAST, [4]byte{10, 0, 2, 255}}} {
		want = binary.NativeEndian.AppendUint16(want, 8)
		want = binary.NativeEndian.AppendUint16(want, a.typ)
		want = append(want, a.addr[:]...)
	}
	if !reflect.DeepEqual(m[16:], want) {
		t.Errorf("address message %v", m[16:])
	}
	m = l.routeMessage(Route{defaultRoute, addr("10.0.2.2")})
	if m[16+1] != 0 || m[16+6] != unix.RT_SCOPE_UNIVERSE || len(m) != 16+12+8+8 {
		t.Errorf("route message %v", m[16:])
	}
	if m = l.routeMessage(Route{Dest: prefix("10.0.0.1/32")}); m[16+1] != 32 || m[16+6] != unix.RT_SCOPE_LINK {
		t.Errorf("link route message %v", m[16:])
	}
}

func FuzzFromLease(f *testing.F) {
	d, _ := dhcpv4.New(dhcpv4.WithYourIP(net.IPv4(10, 0, 2, 15)), dhcpv4.WithNetmask(net.CIDRMask(24, 32)), dhcpv4.WithRouter(net.IPv4(10, 0, 2, 2)),
		dhcpv4.WithOption(dhcpv4.OptClasslessStaticRoute(&dhcpv4.Route{Dest: &net.IPNet{IP: net.IPv4zero.To4(), Mask: net.CIDRMask(0, 32)}, Router: net.IPv4(1, 2, 3, 4)})))
	f.Add(d.ToBytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := dhcpv4.FromBytes(b)
		if err != nil {
			return
		}
		c, err := FromLease(d)
		if err != nil {
			return
		}
		if !usable(c.Address.Addr()) || len(c.DNS) > maxDNS || len(c.Routes) > 2*maxRoutes || strings.ContainsAny(c.Domain, "\n #;") {
			t.Fatalf("took over %+v", c)
		}
		l := &link{"eth0", 1}
		l.addressMessage(c.Address)
		for _, r := range c.Routes {
			l.routeMessage(r)
		}
	})
}

func FuzzParseIPArg(f *testing.F) {
	f.Add("ip=10.1.2.3::10.1.2.1:255.255.255.0:host:eth0:off:1.1.1.1")
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseIPArg(s)
		if err == nil && a.Interface != "" && !validInterface(a.Interface) {
			t.Fatalf("interface %q", a.Interface)
		}
	})
}
