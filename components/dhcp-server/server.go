//go:build linux

// Package dhcpserver is the program dhcp-server, which gives the machines of a network
// their addresses, and tells those that boot over the network from where.
package dhcpserver

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv4/server4"
	"github.com/insomniacslk/dhcp/iana"

	"github.com/seaworthy-os/seaworthy/components/applet"
)

// Main runs the program.
func Main() {
	var f settings
	(&applet.Program{Name: "dhcp-server", Usage: "-interface NAME -range FIRST-LAST [flags]", FlagsOnly: true, Flags: f.flags, Run: f.run}).Main()
}

// settings are the flags.
type settings struct {
	iface, span, router, domain, file   string
	dns, reserve                        applet.List
	lease                               time.Duration
	next, bootBIOS, bootEFI, bootScript string
}

func (f *settings) flags(fs *flag.FlagSet) {
	fs.StringVar(&f.iface, "interface", "eth0", "the network interface; its first address is that of the server")
	fs.StringVar(&f.span, "range", "", "FIRST-LAST: the addresses to give away")
	fs.StringVar(&f.router, "router", "", "the router for all other addresses")
	fs.Var(&f.dns, "dns", "name server (repeatable)")
	fs.StringVar(&f.domain, "domain", "", "domain of the network")
	fs.Var(&f.reserve, "reserve", "MAC=ADDRESS: the address of one machine (repeatable)")
	fs.DurationVar(&f.lease, "lease", 12*time.Hour, "how long a machine has its address")
	fs.StringVar(&f.file, "file", "/run/dhcp-server/leases.json", "where to keep who has which address")
	fs.StringVar(&f.next, "boot-server", "", "the TFTP server of machines that boot over the network (default: this one)")
	fs.StringVar(&f.bootBIOS, "boot-bios", "", "their first file with BIOS, such as undionly.kpxe")
	fs.StringVar(&f.bootEFI, "boot-efi", "", "their first file with UEFI, such as ipxe.efi")
	fs.StringVar(&f.bootScript, "boot-script", "", "URL of the script of iPXE, such as http://192.0.2.1:8069/boot.ipxe")
}

// maxRange is how many addresses there can be.
const maxRange = 1 << 16

func (f *settings) run(ctx context.Context, w io.Writer, _ []string) error {
	i, err := net.InterfaceByName(f.iface)
	if err != nil {
		return fmt.Errorf("%s: %w", f.iface, err)
	}
	addresses, err := i.Addrs()
	if err != nil {
		return err
	}
	var own netip.Prefix
	for _, a := range addresses {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Is4() && !own.IsValid() {
			own = p
		}
	}
	if !own.IsValid() {
		return fmt.Errorf("%s has no address of IPv4: give it one with the component static-ip", f.iface)
	}
	s, err := f.server(own)
	if err != nil {
		return err
	}
	s.log = w
	if err := s.store.read(&s.pool); err != nil {
		return err
	}
	if err := s.store.write(&s.pool); err != nil {
		return err
	}
	conn, err := server4.NewIPv4UDPConn(f.iface, &net.UDPAddr{Port: dhcpv4.ServerPort})
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "gives %s to %s on %s\n", s.pool.first, s.pool.last, f.iface)
	go func() {
		<-ctx.Done()
		_ = conn.Close()
	}()
	return s.serve(ctx, conn)
}

// server checks the flags, and reports all that is wrong in them.
func (f *settings) server(own netip.Prefix) (*server, error) {
	var errs []error
	address := func(name, text string) netip.Addr {
		a, err := netip.ParseAddr(text)
		if err != nil || !a.Is4() || a.IsUnspecified() {
			errs = append(errs, applet.Usagef("%s %q is not an address of IPv4", name, text))
		}
		return a
	}
	s := &server{own: own, lease: f.lease, domain: f.domain, bootBIOS: f.bootBIOS, bootEFI: f.bootEFI, bootScript: f.bootScript, next: own.Addr(),
		store: store{file: f.file}, now: time.Now,
		pool: pool{own: own.Addr(), leases: map[netip.Addr]lease{}, reserved: map[string]netip.Addr{}}}
	first, last, ok := strings.Cut(f.span, "-")
	if !ok {
		return nil, applet.Usagef("-range %q is not FIRST-LAST", f.span)
	}
	s.pool.first, s.pool.last = address("-range", first), address("-range", last)
	if len(errs) == 0 {
		n := 0
		for a := s.pool.first; a.Compare(s.pool.last) <= 0 && n <= maxRange && own.Masked().Contains(a); a = a.Next() {
			n++
		}
		if n == 0 || n > maxRange || !own.Masked().Contains(s.pool.last) {
			errs = append(errs, applet.Usagef("-range %s: it must be in the network of the interface, %s, and have at most %d addresses", f.span, own.Masked(), maxRange))
		}
	}
	if f.router != "" {
		s.router = address("-router", f.router)
	}
	for _, d := range f.dns {
		s.dns = append(s.dns, address("-dns", d).AsSlice())
	}
	if f.next != "" {
		s.next = address("-boot-server", f.next)
	}
	for _, r := range f.reserve {
		mac, a, _ := strings.Cut(r, "=")
		hw, err := net.ParseMAC(mac)
		if err != nil {
			errs = append(errs, applet.Usagef("-reserve %q is not MAC=ADDRESS", r))
			continue
		}
		s.pool.reserved[hw.String()] = address("-reserve", a)
	}
	if f.lease < time.Minute || f.lease > 365*24*time.Hour {
		errs = append(errs, applet.Usagef("-lease %v: it must be from 1m to one year", f.lease))
	}
	return s, errors.Join(errs...)
}

// server answers the machines of one network.
type server struct {
	own                           netip.Prefix
	router, next                  netip.Addr
	dns                           []net.IP
	domain                        string
	bootBIOS, bootEFI, bootScript string
	lease                         time.Duration

	pool  pool
	store store
	now   func() time.Time
	log   io.Writer
}

func (s *server) serve(ctx context.Context, conn net.PacketConn) error {
	buffer := make([]byte, 4096)
	for {
		n, _, err := conn.ReadFrom(buffer)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the socket was closed
		}
		if err != nil {
			return err
		}
		m, err := dhcpv4.FromBytes(buffer[:n])
		if err != nil {
			continue // any machine on the network can send such a packet
		}
		reply, err := s.answer(m)
		if err != nil {
			return err
		}
		if reply == nil {
			continue
		}
		// An interface can be switched off at any time; the client asks again.
		if _, err := conn.WriteTo(reply.ToBytes(), destination(m, reply)); err != nil {
			fmt.Fprintf(s.log, "%s: %v\n", m.ClientHWAddr, err)
		}
	}
}

// destination is where a reply goes (RFC 2131, 4.1). A client without an address gets it
// as a broadcast: without it, the kernel would ask for the hardware address of an address
// that no machine has yet.
func destination(m, reply *dhcpv4.DHCPv4) *net.UDPAddr {
	switch {
	case !m.GatewayIPAddr.IsUnspecified():
		return &net.UDPAddr{IP: m.GatewayIPAddr, Port: dhcpv4.ServerPort}
	case !m.ClientIPAddr.IsUnspecified() && reply.MessageType() != dhcpv4.MessageTypeNak:
		return &net.UDPAddr{IP: m.ClientIPAddr, Port: dhcpv4.ClientPort}
	}
	return &net.UDPAddr{IP: net.IPv4bcast, Port: dhcpv4.ClientPort}
}

func addr(ip net.IP) netip.Addr {
	a, _ := netip.AddrFromSlice(ip.To4())
	return a
}

// answer returns the reply to a message, nil if there is none. An error is that of the
// file of leases.
func (s *server) answer(m *dhcpv4.DHCPv4) (*dhcpv4.DHCPv4, error) {
	if m.OpCode != dhcpv4.OpcodeBootRequest || len(m.ClientHWAddr) == 0 {
		return nil, nil
	}
	client, now := m.ClientHWAddr.String(), s.now()
	if id := addr(m.ServerIdentifier()); id.IsValid() && id != s.own.Addr() {
		return nil, nil // the client has chosen another server
	}
	asked := addr(m.RequestedIPAddress())
	switch m.MessageType() {
	case dhcpv4.MessageTypeDiscover:
		a := s.pool.choose(client, asked, now)
		if !a.IsValid() {
			fmt.Fprintf(s.log, "%s: there is no free address\n", client)
			return nil, nil
		}
		if old, ok := s.pool.leases[a]; !ok || old.Client != client {
			s.pool.take(lease{Address: a, Client: client, Until: now.Add(offerTime), offered: true})
		}
		return s.reply(m, dhcpv4.MessageTypeOffer, a)
	case dhcpv4.MessageTypeRequest:
		if !asked.IsValid() {
			asked = addr(m.ClientIPAddr)
		}
		if want := s.pool.choose(client, asked, now); !want.IsValid() || want != asked {
			fmt.Fprintf(s.log, "%s: cannot have %s\n", client, asked)
			return s.reply(m, dhcpv4.MessageTypeNak, netip.Addr{})
		}
		s.pool.take(lease{Address: asked, Client: client, Name: name(m.HostName()), Until: now.Add(s.lease)})
		fmt.Fprintf(s.log, "%s: %s\n", client, asked)
		reply, err := s.reply(m, dhcpv4.MessageTypeAck, asked)
		return reply, errors.Join(err, s.store.write(&s.pool))
	case dhcpv4.MessageTypeInform:
		return s.reply(m, dhcpv4.MessageTypeAck, netip.Addr{})
	case dhcpv4.MessageTypeRelease:
		if a := addr(m.ClientIPAddr); s.pool.leases[a].Client == client {
			delete(s.pool.leases, a)
			return nil, s.store.write(&s.pool)
		}
	case dhcpv4.MessageTypeDecline:
		// Another machine uses the address: it is not given away for some time.
		if s.pool.leases[asked].Client == client {
			s.pool.leases[asked] = lease{Address: asked, Client: "declined by " + client, Until: now.Add(s.lease)}
			return nil, s.store.write(&s.pool)
		}
	}
	return nil, nil
}

// reply makes a reply that gives a client an address; without one, only the settings.
func (s *server) reply(m *dhcpv4.DHCPv4, kind dhcpv4.MessageType, a netip.Addr) (*dhcpv4.DHCPv4, error) {
	server := net.IP(s.own.Addr().AsSlice())
	options := []dhcpv4.Modifier{dhcpv4.WithMessageType(kind), dhcpv4.WithOption(dhcpv4.OptServerIdentifier(server))}
	add := func(o dhcpv4.Option) { options = append(options, dhcpv4.WithOption(o)) }
	if kind != dhcpv4.MessageTypeNak {
		if a.IsValid() {
			options = append(options, dhcpv4.WithYourIP(a.AsSlice()))
			add(dhcpv4.OptIPAddressLeaseTime(s.lease))
		}
		add(dhcpv4.OptSubnetMask(net.CIDRMask(s.own.Bits(), 32)))
		if s.router.IsValid() {
			add(dhcpv4.OptRouter(s.router.AsSlice()))
		}
		if len(s.dns) > 0 {
			add(dhcpv4.OptDNS(s.dns...))
		}
		if s.domain != "" {
			add(dhcpv4.OptDomainName(s.domain))
		}
		if file := s.boot(m); file != "" {
			next := s.next
			options = append(options, dhcpv4.WithServerIP(next.AsSlice()), func(d *dhcpv4.DHCPv4) { d.BootFileName = file })
			add(dhcpv4.OptTFTPServerName(next.String()))
			add(dhcpv4.OptBootFileName(file))
		}
	}
	return dhcpv4.NewReplyFromRequest(m, options...)
}

// boot is the file from which a client boots. iPXE, which is the first file, fetches a
// script.
func (s *server) boot(m *dhcpv4.DHCPv4) string {
	for _, class := range m.UserClass() {
		if class == "iPXE" && s.bootScript != "" {
			return s.bootScript
		}
	}
	if !strings.HasPrefix(m.ClassIdentifier(), "PXEClient") {
		return ""
	}
	for _, arch := range m.ClientArch() {
		if arch != iana.INTEL_X86PC {
			return s.bootEFI
		}
	}
	return s.bootBIOS
}

// name is what a client calls itself. Characters that a terminal could obey become question
// marks.
func name(s string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return '?'
		}
		return r
	}, s[:min(len(s), 63)])
}
