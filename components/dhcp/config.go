package dhcp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/insomniacslk/dhcp/dhcpv4"
)

// Limits for the values that a server sends. resolv.conf can hold three name
// servers.
const (
	maxDNS    = 3
	maxRoutes = 32
	minMTU    = 576 // RFC 791
	maxMTU    = 9216
)

// Config holds the settings of an interface.
type Config struct {
	Address netip.Prefix
	Routes  []Route
	DNS     []netip.Addr
	Domain  string
	// MTU is the MTU to set. 0 keeps the interface's own MTU.
	MTU int
}

// Route is a route. Without Via, the destination is on the link.
type Route struct {
	Dest netip.Prefix
	Via  netip.Addr
}

var defaultRoute = netip.PrefixFrom(netip.IPv4Unspecified(), 0)

// String returns the settings as one line for the log.
func (c *Config) String() string {
	var b strings.Builder
	fmt.Fprint(&b, c.Address)
	for _, r := range c.Routes {
		if r.Via.IsValid() {
			fmt.Fprintf(&b, ", %s via %s", r.Dest, r.Via)
		}
	}
	if len(c.DNS) > 0 {
		fmt.Fprintf(&b, ", name servers %s", strings.Trim(fmt.Sprint(c.DNS), "[]"))
	}
	return b.String()
}

// ResolvConf returns the content of resolv.conf.
func (c *Config) ResolvConf() string {
	var b strings.Builder
	if c.Domain != "" {
		fmt.Fprintf(&b, "search %s\n", c.Domain)
	}
	for _, d := range c.DNS {
		fmt.Fprintf(&b, "nameserver %s\n", d)
	}
	return b.String()
}

// gateway adds a default route. If the router is not on the link, as in some
// clouds, it also adds a route to the router.
func (c *Config) gateway(via netip.Addr) {
	c.via(defaultRoute, via)
}

func (c *Config) via(dest netip.Prefix, via netip.Addr) {
	if via.IsValid() && !c.Address.Contains(via) {
		c.Routes = append(c.Routes, Route{Dest: netip.PrefixFrom(via, 32)})
	}
	c.Routes = append(c.Routes, Route{dest, via})
}

// FromLease reads the acknowledgement of a server. Its data is not trusted: an
// address must be usable, names are checked, and numbers have limits.
func FromLease(ack *dhcpv4.DHCPv4) (*Config, error) {
	addr, ok := ipv4(ack.YourIPAddr)
	if !ok || !usable(addr) {
		return nil, fmt.Errorf("the server gave the invalid address %v", ack.YourIPAddr)
	}
	bits := 32
	if m := ack.SubnetMask(); m != nil {
		ones, size := m.Size()
		if size != 32 || ones == 0 {
			return nil, fmt.Errorf("the server gave the invalid mask %v", m)
		}
		bits = ones
	}
	c := &Config{Address: netip.PrefixFrom(addr, bits)}
	// RFC 3442: if there are classless routes, the router option is ignored.
	if routes := ack.ClasslessStaticRoute(); len(routes) > 0 {
		for _, r := range routes[:min(len(routes), maxRoutes)] {
			ones, size := r.Dest.Mask.Size()
			dest, ok1 := ipv4(r.Dest.IP)
			via, ok2 := ipv4(r.Router)
			if size != 32 || !ok1 || !ok2 {
				continue
			}
			d := netip.PrefixFrom(dest, ones).Masked()
			if via.IsUnspecified() {
				c.Routes = append(c.Routes, Route{Dest: d})
			} else if usable(via) {
				c.via(d, via)
			}
		}
	} else {
		for _, r := range ack.Router() {
			if via, ok := ipv4(r); ok && usable(via) {
				c.gateway(via)
				break
			}
		}
	}
	for _, d := range ack.DNS() {
		if a, ok := ipv4(d); ok && !a.IsUnspecified() && !a.IsMulticast() && len(c.DNS) < maxDNS {
			c.DNS = append(c.DNS, a)
		}
	}
	if d := ack.DomainName(); validDomain(d) {
		c.Domain = d
	}
	if m, err := dhcpv4.GetUint16(dhcpv4.OptionInterfaceMTU, ack.Options); err == nil && m >= minMTU && m <= maxMTU {
		c.MTU = int(m)
	}
	return c, nil
}

func ipv4(ip net.IP) (netip.Addr, bool) {
	a, ok := netip.AddrFromSlice(ip)
	a = a.Unmap()
	return a, ok && a.Is4()
}

// usable reports whether a host can have this address.
func usable(a netip.Addr) bool {
	return a.Is4() && !a.IsUnspecified() && !a.IsMulticast() && !a.IsLoopback() && a != netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// validDomain accepts letters, digits, dots and hyphens. So a domain cannot add
// lines or options to resolv.conf.
func validDomain(s string) bool {
	if s == "" || len(s) > 253 || s[0] == '.' || s[0] == '-' {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '.' && c != '-' {
			return false
		}
	}
	return true
}

// ParseStatic parses ADDRESS/BITS[,GATEWAY[,NAMESERVER...]].
func ParseStatic(s string) (*Config, error) {
	f := strings.Split(s, ",")
	p, err := netip.ParsePrefix(f[0])
	if err != nil {
		return nil, err
	}
	if !usable(p.Addr()) || p.Bits() == 0 {
		return nil, fmt.Errorf("%s is not the address of a host", p)
	}
	c := &Config{Address: p}
	for i, text := range f[1:] {
		if text == "" && i == 0 {
			continue // there is no gateway
		}
		a, err := netip.ParseAddr(text)
		if err != nil {
			return nil, err
		}
		if !usable(a) {
			return nil, fmt.Errorf("%s is not the address of a host", a)
		}
		if i == 0 {
			c.gateway(a)
		} else {
			c.DNS = append(c.DNS, a)
		}
	}
	if len(c.DNS) > maxDNS {
		return nil, fmt.Errorf("more than %d name servers", maxDNS)
	}
	return c, nil
}

// IPArg is the kernel parameter ip=.
type IPArg struct {
	// Interface is the name of the interface. "" means any.
	Interface string
	// Static holds the static settings. It is nil if a server must be asked.
	Static *Config
}

// ParseIPArg finds ip= on a kernel command line.
// Documentation/admin-guide/nfs/nfsroot.rst describes its forms:
// ip=CLIENT:SERVER:GATEWAY:NETMASK:HOSTNAME:DEVICE:METHOD:DNS0:DNS1 and
// ip=METHOD. A server is asked if ip= is missing, or if the method is dhcp, on,
// any or both.
func ParseIPArg(cmdline string) (*IPArg, error) {
	arg := ""
	for word := range strings.FieldsSeq(cmdline) {
		if v, ok := strings.CutPrefix(word, "ip="); ok {
			arg = v
		}
	}
	f := strings.Split(arg, ":")
	if len(f) == 1 {
		f = []string{"", "", "", "", "", "", arg}
	}
	if len(f) > 10 {
		return nil, fmt.Errorf("ip=%s: there are %d fields; the limit is 10", arg, len(f))
	}
	for len(f) < 10 {
		f = append(f, "")
	}
	out := &IPArg{Interface: f[5]}
	if out.Interface != "" && !validInterface(out.Interface) {
		return nil, fmt.Errorf("ip=%s: bad device %q", arg, out.Interface)
	}
	switch f[6] {
	case "", "dhcp", "on", "any", "both":
		return out, nil
	case "off", "none", "static":
	default:
		return nil, fmt.Errorf("ip=%s: unknown method %q", arg, f[6])
	}
	mask, err := netip.ParseAddr(f[3])
	if err != nil || !mask.Is4() {
		return nil, fmt.Errorf("ip=%s: bad mask %q", arg, f[3])
	}
	m := mask.As4()
	ones, size := net.IPMask(m[:]).Size()
	if size != 32 {
		return nil, fmt.Errorf("ip=%s: bad mask %q", arg, f[3])
	}
	text := fmt.Sprintf("%s/%d,%s", f[0], ones, f[2])
	for _, d := range f[7:9] {
		if d != "" {
			text += "," + d
		}
	}
	if out.Static, err = ParseStatic(text); err != nil {
		return nil, fmt.Errorf("ip=%s: %w", arg, err)
	}
	return out, nil
}

// validInterface follows the kernel's dev_valid_name.
func validInterface(s string) bool {
	return s != "" && len(s) <= 15 && s != "." && s != ".." &&
		!strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || r == '/' || r == ':' })
}

var errNoInterface = errors.New("no Ethernet interface")
