//go:build linux

package dhcpserver

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/iana"
)

func newServer(t *testing.T, f settings) *server {
	t.Helper()
	f.file = filepath.Join(t.TempDir(), "leases.json")
	if f.lease == 0 {
		f.lease = time.Hour
	}
	s, err := f.server(netip.MustParsePrefix("192.0.2.1/24"))
	if err != nil {
		t.Fatal(err)
	}
	s.log = &bytes.Buffer{}
	now := time.Unix(1000, 0)
	s.now = func() time.Time { return now }
	return s
}

func mac(n byte) net.HardwareAddr { return net.HardwareAddr{2, 0, 0, 0, 0, n} }

// ask returns the reply to a message as text.
func ask(t *testing.T, s *server, m *dhcpv4.DHCPv4, err error) (*dhcpv4.DHCPv4, string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	// As it goes over the network.
	m, err = dhcpv4.FromBytes(m.ToBytes())
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.answer(m)
	if err != nil {
		t.Fatal(err)
	}
	if r == nil {
		return nil, "nothing"
	}
	return r, fmt.Sprintf("%s %s", r.MessageType(), r.YourIPAddr)
}

// get does what a client does, and returns the last answer.
func get(t *testing.T, s *server, n byte, mods ...dhcpv4.Modifier) string {
	t.Helper()
	m, err := dhcpv4.NewDiscovery(mac(n), mods...)
	offer, text := ask(t, s, m, err)
	if offer == nil {
		return text
	}
	m, err = dhcpv4.NewRequestFromOffer(offer)
	_, text = ask(t, s, m, err)
	return text
}

func TestLeases(t *testing.T) {
	t.Parallel()
	s := newServer(t, settings{span: "192.0.2.1-192.0.2.4", reserve: []string{"02:00:00:00:00:09=192.0.2.4"}})
	for _, c := range []struct {
		client byte
		want   string
	}{
		{1, "ACK 192.0.2.2"}, // 192.0.2.1 is the server
		{2, "ACK 192.0.2.3"},
		{1, "ACK 192.0.2.2"},
		{3, "nothing"}, // the last one is reserved
		{9, "ACK 192.0.2.4"},
	} {
		if got := get(t, s, c.client); got != c.want {
			t.Errorf("client %d: %s, want %s", c.client, got, c.want)
		}
	}
	// The server starts again, and knows the leases.
	again := newServer(t, settings{span: "192.0.2.1-192.0.2.4"})
	again.store.file = s.store.file
	if err := again.store.read(&again.pool); err != nil || len(again.pool.leases) != 3 {
		t.Errorf("%d leases, %v", len(again.pool.leases), err)
	}
	if m, err := dhcpv4.NewInform(mac(7), net.IPv4(192, 0, 2, 77)); true {
		if r, text := ask(t, s, m, err); text != "ACK 0.0.0.0" || r.SubnetMask() == nil {
			t.Error(text)
		}
	}
	// One client goes, and another one gets its address.
	m, err := dhcpv4.New(dhcpv4.WithHwAddr(mac(2)), dhcpv4.WithMessageType(dhcpv4.MessageTypeRelease), dhcpv4.WithClientIP(net.IPv4(192, 0, 2, 3)))
	if _, text := ask(t, s, m, err); text != "nothing" {
		t.Error(text)
	}
	if got := get(t, s, 3); got != "ACK 192.0.2.3" {
		t.Error(got)
	}
	// A client cannot take the address of another one, nor release it.
	m, err = dhcpv4.New(dhcpv4.WithHwAddr(mac(4)), dhcpv4.WithMessageType(dhcpv4.MessageTypeRelease), dhcpv4.WithClientIP(net.IPv4(192, 0, 2, 3)))
	ask(t, s, m, err)
	m, err = dhcpv4.New(dhcpv4.WithHwAddr(mac(4)), dhcpv4.WithMessageType(dhcpv4.MessageTypeRequest), dhcpv4.WithOption(dhcpv4.OptRequestedIPAddress(net.IPv4(192, 0, 2, 3))))
	if _, text := ask(t, s, m, err); text != "NAK 0.0.0.0" {
		t.Error(text)
	}
	// Another server was chosen.
	m, err = dhcpv4.New(dhcpv4.WithHwAddr(mac(5)), dhcpv4.WithMessageType(dhcpv4.MessageTypeRequest),
		dhcpv4.WithOption(dhcpv4.OptServerIdentifier(net.IPv4(192, 0, 2, 200))), dhcpv4.WithOption(dhcpv4.OptRequestedIPAddress(net.IPv4(192, 0, 2, 3))))
	if _, text := ask(t, s, m, err); text != "nothing" {
		t.Error(text)
	}
	// A lease ends.
	s.now = func() time.Time { return time.Unix(1000, 0).Add(2 * time.Hour) }
	if got := get(t, s, 6); !strings.HasPrefix(got, "ACK 192.0.2.") {
		t.Error(got)
	}
}

func TestDecline(t *testing.T) {
	t.Parallel()
	s := newServer(t, settings{span: "192.0.2.10-192.0.2.11"})
	if got := get(t, s, 1); got != "ACK 192.0.2.10" {
		t.Fatal(got)
	}
	m, err := dhcpv4.New(dhcpv4.WithHwAddr(mac(1)), dhcpv4.WithMessageType(dhcpv4.MessageTypeDecline), dhcpv4.WithOption(dhcpv4.OptRequestedIPAddress(net.IPv4(192, 0, 2, 10))))
	ask(t, s, m, err)
	if got := get(t, s, 1); got != "ACK 192.0.2.11" {
		t.Error(got)
	}
}

func TestBoot(t *testing.T) {
	t.Parallel()
	s := newServer(t, settings{span: "192.0.2.10-192.0.2.20", router: "192.0.2.254", dns: []string{"192.0.2.53"}, domain: "example.org",
		bootBIOS: "undionly.kpxe", bootEFI: "ipxe.efi", bootScript: "http://192.0.2.1:8069/boot.ipxe"})
	for want, mods := range map[string][]dhcpv4.Modifier{
		"undionly.kpxe":                   {dhcpv4.WithOption(dhcpv4.OptClassIdentifier("PXEClient:Arch:00000")), dhcpv4.WithOption(dhcpv4.OptClientArch(iana.INTEL_X86PC))},
		"ipxe.efi":                        {dhcpv4.WithOption(dhcpv4.OptClassIdentifier("PXEClient:Arch:00007")), dhcpv4.WithOption(dhcpv4.OptClientArch(iana.EFI_X86_64))},
		"http://192.0.2.1:8069/boot.ipxe": {dhcpv4.WithUserClass("iPXE", false), dhcpv4.WithOption(dhcpv4.OptClassIdentifier("PXEClient:Arch:00000"))},
		"":                                nil,
	} {
		m, err := dhcpv4.NewDiscovery(mac(1), mods...)
		r, text := ask(t, s, m, err)
		if r == nil || r.BootFileName != want || r.BootFileNameOption() != want || (want != "") != r.ServerIPAddr.Equal(net.IPv4(192, 0, 2, 1)) {
			t.Errorf("%q: %s %v", want, text, r)
		}
		if r != nil && (!r.Router()[0].Equal(net.IPv4(192, 0, 2, 254)) || r.DomainName() != "example.org" || !r.DNS()[0].Equal(net.IPv4(192, 0, 2, 53))) {
			t.Errorf("%v", r.Summary())
		}
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for want, f := range map[string]settings{
		"is not FIRST-LAST":         {span: "192.0.2.1"},
		"is not an address":         {span: "192.0.2.1-x"},
		"must be in the network":    {span: "192.0.2.9-192.0.2.1"},
		"192.0.2.0/24":              {span: "198.51.100.1-198.51.100.9"},
		"-router":                   {span: "192.0.2.1-192.0.2.9", router: "::1"},
		"is not MAC=ADDRESS":        {span: "192.0.2.1-192.0.2.9", reserve: []string{"x=192.0.2.4"}},
		"it must be from 1m to one": {span: "192.0.2.1-192.0.2.9", lease: time.Second},
	} {
		if f.lease == 0 {
			f.lease = time.Hour
		}
		if _, err := f.server(netip.MustParsePrefix("192.0.2.1/24")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", f, err, want)
		}
	}
}
