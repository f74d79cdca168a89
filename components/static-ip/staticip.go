//go:build linux

// Package staticip is the program static-ip, which gives a network interface fixed
// addresses and routes at boot, for IPv4 and IPv6.
package staticip

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"

	"github.com/vishvananda/netlink"

	"github.com/seaworthy-os/seaworthy/components/applet"
	"github.com/seaworthy-os/seaworthy/components/iface"
)

// Config is what the interface gets.
type Config struct {
	Interface string
	Addresses []netip.Prefix
	Gateways  []netip.Addr
	Routes    []Route
	DNS       []netip.Addr
	Search    []string
	MTU       int
}

// Route is a route to Dest. Without Via, Dest is on the link.
type Route struct {
	Dest netip.Prefix
	Via  netip.Addr
}

// Main runs the program.
func Main() {
	var addresses, gateways, routes, dns, search applet.List
	var name, resolvConf string
	var mtu int
	(&applet.Program{Name: "static-ip", Usage: "-interface NAME -address ADDRESS/BITS [flags]", FlagsOnly: true,
		Flags: func(fs *flag.FlagSet) {
			fs.StringVar(&name, "interface", "eth0", "the network interface")
			fs.Var(&addresses, "address", "ADDRESS/BITS (repeatable)")
			fs.Var(&gateways, "gateway", "router for all other addresses: one for IPv4, one for IPv6 (repeatable)")
			fs.Var(&routes, "route", "DESTINATION/BITS or DESTINATION/BITS=ROUTER (repeatable)")
			fs.Var(&dns, "dns", "name server (repeatable, at most 3)")
			fs.Var(&search, "search", "domain for short names (repeatable)")
			fs.IntVar(&mtu, "mtu", 0, "the largest packet; 0 keeps that of the interface")
			fs.StringVar(&resolvConf, "resolv-conf", "/run/resolvconf/resolv.conf", "where to write the name servers, if there are any")
		},
		Run: func(_ context.Context, w io.Writer, _ []string) error {
			c, err := parse(name, addresses, gateways, routes, dns, search, mtu)
			if err != nil {
				return err
			}
			if err := c.apply(); err != nil {
				return err
			}
			fmt.Fprintln(w, c)
			if len(c.DNS) == 0 {
				return nil
			}
			// The file is overwritten, not replaced: containers have bind mounts of it.
			return os.WriteFile(resolvConf, []byte(c.resolvConf()), 0o644)
		}}).Main()
}

// parse reads the flags, and reports all that is wrong in them.
func parse(name string, addresses, gateways, routes, dns, search []string, mtu int) (*Config, error) {
	c := &Config{Interface: name, Search: search, MTU: mtu}
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if len(addresses) == 0 {
		bad("there is no address: give -address ADDRESS/BITS")
	}
	for _, s := range addresses {
		p, err := netip.ParsePrefix(s)
		if err != nil || !usable(p.Addr()) || p.Bits() == 0 {
			bad("-address %q is not the address of a host and its bits, such as 192.0.2.5/24", s)
			continue
		}
		c.Addresses = append(c.Addresses, p)
	}
	families := map[bool]bool{}
	for _, s := range gateways {
		a, err := netip.ParseAddr(s)
		switch {
		case err != nil || !usable(a):
			bad("-gateway %q is not the address of a host", s)
		case families[a.Is4()]:
			bad("-gateway %s is the second one of its family", s)
		default:
			families[a.Is4()] = true
			c.Gateways = append(c.Gateways, a)
		}
	}
	for _, s := range routes {
		dest, via, given := strings.Cut(s, "=")
		p, err := netip.ParsePrefix(dest)
		r := Route{Dest: p.Masked()}
		if err == nil && given {
			r.Via, err = netip.ParseAddr(via)
		}
		if err != nil || given && (!usable(r.Via) || r.Via.Is4() != p.Addr().Is4()) {
			bad("-route %q is not DESTINATION/BITS or DESTINATION/BITS=ROUTER", s)
			continue
		}
		c.Routes = append(c.Routes, r)
	}
	for _, s := range dns {
		a, err := netip.ParseAddr(s)
		if err != nil || a.IsUnspecified() || a.IsMulticast() {
			bad("-dns %q is not an address", s)
			continue
		}
		c.DNS = append(c.DNS, a)
	}
	if len(dns) > 3 {
		bad("there are %d name servers; resolv.conf can have 3", len(dns))
	}
	for _, s := range search {
		if s == "" || strings.ContainsFunc(s, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '.'
		}) {
			bad("-search %q is not a domain", s)
		}
	}
	if mtu != 0 && (mtu < 576 || mtu > 65535) {
		bad("-mtu %d: it must be from 576 to 65535", mtu)
	}
	return c, errors.Join(errs...)
}

// usable reports whether an interface can have this address, or a packet can be sent to it.
func usable(a netip.Addr) bool {
	return a.IsValid() && !a.IsUnspecified() && !a.IsMulticast() && !a.IsLoopback() && a.Zone() == "" &&
		a != netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// String is one line for the log.
func (c *Config) String() string {
	var b strings.Builder
	b.WriteString(c.Interface + ":")
	for _, a := range c.Addresses {
		b.WriteString(" " + a.String())
	}
	for _, g := range c.Gateways {
		b.WriteString(", default via " + g.String())
	}
	for _, r := range c.Routes {
		b.WriteString(", " + r.Dest.String())
		if r.Via.IsValid() {
			b.WriteString(" via " + r.Via.String())
		}
	}
	return b.String()
}

func (c *Config) resolvConf() string {
	var b strings.Builder
	if len(c.Search) > 0 {
		b.WriteString("search " + strings.Join(c.Search, " ") + "\n")
	}
	for _, d := range c.DNS {
		b.WriteString("nameserver " + d.String() + "\n")
	}
	return b.String()
}

// onLink reports whether one of the addresses has the router on its link.
func (c *Config) onLink(a netip.Addr) bool {
	for _, p := range c.Addresses {
		if p.Contains(a) {
			return true
		}
	}
	return a.IsLinkLocalUnicast()
}

// routes are all routes in the order in which they are set: one to each router that is not
// on the link, then those behind the routers.
func (c *Config) routes() (all []Route) {
	rest := append([]Route{}, c.Routes...)
	for _, g := range c.Gateways {
		rest = append(rest, Route{netip.PrefixFrom(unspecified(g), 0), g})
	}
	for _, r := range rest {
		if r.Via.IsValid() && !c.onLink(r.Via) {
			all = append(all, Route{Dest: netip.PrefixFrom(r.Via, r.Via.BitLen())})
		}
	}
	return append(all, rest...)
}

func unspecified(a netip.Addr) netip.Addr {
	if a.Is4() {
		return netip.IPv4Unspecified()
	}
	return netip.IPv6Unspecified()
}

func (c *Config) apply() error {
	l, err := netlink.LinkByName(c.Interface)
	if err != nil {
		return fmt.Errorf("interface %q: %w", c.Interface, err)
	}
	if c.MTU != 0 {
		if err := netlink.LinkSetMTU(l, c.MTU); err != nil {
			return fmt.Errorf("%s: cannot set the MTU %d: %w", c.Interface, c.MTU, err)
		}
	}
	if err := netlink.LinkSetUp(l); err != nil {
		return fmt.Errorf("cannot switch %s on: %w", c.Interface, err)
	}
	for _, p := range c.Addresses {
		if err := iface.SetAddress(l, p); err != nil {
			return fmt.Errorf("%s: cannot set the address %s: %w", c.Interface, p, err)
		}
	}
	for _, r := range c.routes() {
		route := &netlink.Route{LinkIndex: l.Attrs().Index, Dst: iface.IPNet(r.Dest), Scope: netlink.SCOPE_LINK}
		if r.Via.IsValid() {
			route.Gw, route.Scope = r.Via.AsSlice(), netlink.SCOPE_UNIVERSE
		}
		if err := netlink.RouteReplace(route); err != nil {
			return fmt.Errorf("%s: cannot set the route to %s: %w", c.Interface, r.Dest, err)
		}
	}
	return nil
}
