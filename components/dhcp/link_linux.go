package dhcp

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// link is a network interface.
type link struct {
	name  string
	index int
}

const sysNet = "/sys/class/net"

// findLink returns the interface called name. With "" it returns the Ethernet
// interface with the lowest index that has hardware.
func findLink(root, name string) (*link, error) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, err
	}
	var best *link
	for _, e := range entries {
		dir := filepath.Join(root, e.Name())
		index, err := readInt(dir, "ifindex")
		if err != nil {
			continue
		}
		if name == "" {
			typ, err := readInt(dir, "type")
			if err != nil || typ != unix.ARPHRD_ETHER {
				continue
			}
			if _, err := os.Stat(filepath.Join(dir, "device")); err != nil {
				continue // it is a bridge or a veth
			}
		} else if e.Name() != name {
			continue
		}
		if best == nil || index < best.index {
			best = &link{e.Name(), index}
		}
	}
	if best == nil && name != "" {
		return nil, fmt.Errorf("no interface %q", name)
	}
	if best == nil {
		return nil, errNoInterface
	}
	return best, nil
}

func readInt(dir, file string) (int, error) {
	b, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(b)))
}

// waitLink waits until the interface exists, brings it up, and waits for its
// carrier.
func waitLink(ctx context.Context, name string, limit time.Duration) (*link, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var l *link
	for {
		var err error
		if l == nil {
			if l, err = findLink(sysNet, name); err == nil {
				if err := l.up(); err != nil {
					return nil, fmt.Errorf("cannot switch %s on: %w", l.name, err)
				}
			}
		}
		if l != nil {
			carrier, cerr := readInt(filepath.Join(sysNet, l.name), "carrier")
			if cerr == nil && carrier == 1 {
				return l, nil
			}
			err = fmt.Errorf("%s has no link", l.name)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%w after %v", err, limit)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (l *link) ioctl(get, set uint, change func(*unix.Ifreq)) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	r, err := unix.NewIfreq(l.name)
	if err != nil {
		return err
	}
	if err := unix.IoctlIfreq(fd, get, r); err != nil {
		return err
	}
	change(r)
	return unix.IoctlIfreq(fd, set, r)
}

func (l *link) up() error {
	return l.ioctl(unix.SIOCGIFFLAGS, unix.SIOCSIFFLAGS, func(r *unix.Ifreq) { r.SetUint16(r.Uint16() | unix.IFF_UP) })
}

// configure sets the MTU, the address and the routes, in that order. It
// replaces the settings of an earlier lease.
func (l *link) configure(c *Config) error {
	if c.MTU != 0 {
		if err := l.ioctl(unix.SIOCGIFMTU, unix.SIOCSIFMTU, func(r *unix.Ifreq) { r.SetUint32(uint32(c.MTU)) }); err != nil {
			return fmt.Errorf("cannot set the MTU %d: %w", c.MTU, err)
		}
	}
	if err := send(l.addressMessage(c.Address)); err != nil {
		return fmt.Errorf("cannot set address %s: %w", c.Address, err)
	}
	for _, r := range c.Routes {
		if err := send(l.routeMessage(r)); err != nil {
			return fmt.Errorf("cannot set the route to %s via %s: %w", r.Dest, r.Via, err)
		}
	}
	return nil
}

func message(typ uint16, fixed []byte) []byte {
	m := make([]byte, unix.SizeofNlMsghdr, 128)
	binary.NativeEndian.PutUint16(m[4:], typ)
	binary.NativeEndian.PutUint16(m[6:], unix.NLM_F_REQUEST|unix.NLM_F_ACK|unix.NLM_F_CREATE|unix.NLM_F_REPLACE)
	return append(m, fixed...)
}

func attr(m []byte, typ uint16, data []byte) []byte {
	m = binary.NativeEndian.AppendUint16(m, uint16(unix.SizeofRtAttr+len(data)))
	m = binary.NativeEndian.AppendUint16(m, typ)
	m = append(m, data...)
	for len(m)%unix.NLMSG_ALIGNTO != 0 {
		m = append(m, 0)
	}
	return m
}

// addressMessage contains struct ifaddrmsg, the address and its broadcast
// address.
func (l *link) addressMessage(p netip.Prefix) []byte {
	fixed := []byte{unix.AF_INET, byte(p.Bits()), 0, unix.RT_SCOPE_UNIVERSE}
	fixed = binary.NativeEndian.AppendUint32(fixed, uint32(l.index))
	m := message(unix.RTM_NEWADDR, fixed)
	a := p.Addr().As4()
	m = attr(m, unix.IFA_LOCAL, a[:])
	m = attr(m, unix.IFA_ADDRESS, a[:])
	if p.Bits() < 31 {
		b := binary.BigEndian.AppendUint32(nil, binary.BigEndian.Uint32(a[:])|(1<<(32-p.Bits())-1))
		m = attr(m, unix.IFA_BROADCAST, b)
	}
	return m
}

// routeMessage contains struct rtmsg, the destination, the router and the
// interface.
func (l *link) routeMessage(r Route) []byte {
	scope := byte(unix.RT_SCOPE_LINK)
	if r.Via.IsValid() {
		scope = unix.RT_SCOPE_UNIVERSE
	}
	fixed := []byte{unix.AF_INET, byte(r.Dest.Bits()), 0, 0, unix.RT_TABLE_MAIN, unix.RTPROT_DHCP, scope, unix.RTN_UNICAST, 0, 0, 0, 0}
	m := message(unix.RTM_NEWROUTE, fixed)
	if r.Dest.Bits() > 0 {
		d := r.Dest.Addr().As4()
		m = attr(m, unix.RTA_DST, d[:])
	}
	if r.Via.IsValid() {
		v := r.Via.As4()
		m = attr(m, unix.RTA_GATEWAY, v[:])
	}
	return attr(m, unix.RTA_OIF, binary.NativeEndian.AppendUint32(nil, uint32(l.index)))
}

// send sends one request to the kernel's routing socket and returns the error
// in the answer.
func send(m []byte) error {
	binary.NativeEndian.PutUint32(m, uint32(len(m)))
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := unix.Sendto(fd, m, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	buf := make([]byte, 4096)
	n, _, err := unix.Recvfrom(fd, buf, 0)
	if err != nil {
		return err
	}
	if n < unix.SizeofNlMsghdr+4 || binary.NativeEndian.Uint16(buf[4:]) != unix.NLMSG_ERROR {
		return fmt.Errorf("rtnetlink sent %d bytes instead of an acknowledgement", n)
	}
	if code := int32(binary.NativeEndian.Uint32(buf[unix.SizeofNlMsghdr:])); code != 0 {
		return unix.Errno(-code)
	}
	return nil
}
