//go:build linux

// Package links is the program vlan-bond-bridge, which makes network interfaces at boot:
// VLANs, bonds, bridges and dummies.
package links

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink"

	"github.com/seaworthy-os/seaworthy/components/applet"
	"github.com/seaworthy-os/seaworthy/components/iface"
)

const usage = `STATEMENT...
A statement is one argument. They are done in order:
  bridge NAME [INTERFACE...]               a bridge with these ports
  bond NAME [mode=MODE] INTERFACE...       active-backup (default), 802.3ad, balance-rr and others of the kernel
  vlan NAME INTERFACE ID                   VLAN 1 to 4094 on an interface
  dummy NAME                               an interface without a network
  up NAME...                               switch interfaces on
  address NAME ADDRESS/BITS...             fixed addresses
`

// Main runs the program.
func Main() {
	(&applet.Program{Name: "vlan-bond-bridge", Usage: usage, Run: func(_ context.Context, w io.Writer, args []string) error {
		return applet.Statements(w, args, parse, func(s statement) error { return s.apply() })
	}}).Main()
}

// statement is one of those in the usage.
type statement struct {
	kind, name string
	// members are ports of a bridge or bond, the interface under a VLAN, or more
	// names of up.
	members   []string
	id        int
	mode      netlink.BondMode
	addresses []netip.Prefix
}

func parse(text string) (statement, error) {
	f := strings.Fields(text)
	bad := func(why string) (statement, error) {
		return statement{}, applet.Usagef("%q: %s", text, why)
	}
	if len(f) < 2 {
		return bad("a statement has a kind and a name")
	}
	s := statement{kind: f[0], name: f[1], members: f[2:], mode: netlink.BOND_MODE_ACTIVE_BACKUP}
	switch s.kind {
	case "bridge", "up":
	case "dummy":
		if len(s.members) > 0 {
			return bad("a dummy has no more words")
		}
	case "bond":
		if len(s.members) > 0 {
			if name, ok := strings.CutPrefix(s.members[0], "mode="); ok {
				if s.mode = netlink.StringToBondMode(name); s.mode == netlink.BOND_MODE_UNKNOWN {
					return bad("the kernel has no such mode")
				}
				s.members = s.members[1:]
			}
		}
		if len(s.members) == 0 {
			return bad("a bond needs an interface")
		}
	case "vlan":
		if len(s.members) != 2 {
			return bad("a VLAN needs an interface and a number")
		}
		n, err := strconv.Atoi(s.members[1])
		if err != nil || n < 1 || n > 4094 {
			return bad("the number of a VLAN is 1 to 4094")
		}
		s.id, s.members = n, s.members[:1]
	case "address":
		for _, a := range s.members {
			p, err := netip.ParsePrefix(a)
			if err != nil || p.Addr().IsUnspecified() || p.Addr().IsMulticast() || p.Addr().Zone() != "" {
				return bad(a + " is not ADDRESS/BITS")
			}
			s.addresses = append(s.addresses, p)
		}
		if s.members = nil; len(s.addresses) == 0 {
			return bad("there is no address")
		}
	default:
		return bad("unknown kind")
	}
	for _, n := range append([]string{s.name}, s.members...) {
		if !validName(n) {
			return bad(n + " is not the name of an interface")
		}
	}
	if slices.Contains(s.members, s.name) {
		return bad("an interface cannot be in itself")
	}
	return s, nil
}

// validName follows the kernel's dev_valid_name.
func validName(s string) bool {
	return s != "" && len(s) <= 15 && s != "." && s != ".." &&
		!strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || r == '/' || r == ':' || r == '%' || r == '=' })
}

func (s *statement) apply() error {
	attrs := netlink.NewLinkAttrs()
	attrs.Name = s.name
	var link netlink.Link
	switch s.kind {
	case "up":
		for _, n := range append([]string{s.name}, s.members...) {
			l, err := netlink.LinkByName(n)
			if err == nil {
				err = netlink.LinkSetUp(l)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", n, err)
			}
		}
		return nil
	case "address":
		l, err := netlink.LinkByName(s.name)
		if err != nil {
			return err
		}
		for _, p := range s.addresses {
			if err := iface.SetAddress(l, p); err != nil {
				return fmt.Errorf("%s: %w", p, err)
			}
		}
		return netlink.LinkSetUp(l)
	case "dummy":
		link = &netlink.Dummy{LinkAttrs: attrs}
	case "bridge":
		link = &netlink.Bridge{LinkAttrs: attrs}
	case "bond":
		b := netlink.NewLinkBond(attrs)
		b.Mode, b.Miimon = s.mode, 100
		link = b
	case "vlan":
		under, err := netlink.LinkByName(s.members[0])
		if err != nil {
			return fmt.Errorf("%s: %w", s.members[0], err)
		}
		attrs.ParentIndex = under.Attrs().Index
		link = &netlink.Vlan{LinkAttrs: attrs, VlanId: s.id}
	}
	if err := netlink.LinkAdd(link); err != nil {
		return fmt.Errorf("cannot make it: %w (is the module of %s loaded?)", err, s.kind)
	}
	if s.kind == "bridge" || s.kind == "bond" {
		if err := join(link, s.members); err != nil {
			return err
		}
	}
	return netlink.LinkSetUp(link)
}

// join puts interfaces into a bridge or bond. A bond takes only those that are off.
func join(master netlink.Link, members []string) error {
	for _, n := range members {
		l, err := netlink.LinkByName(n)
		if err == nil && master.Type() == "bond" {
			err = netlink.LinkSetDown(l)
		}
		if err == nil {
			err = netlink.LinkSetMaster(l, master)
		}
		if err == nil {
			err = netlink.LinkSetUp(l)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", n, err)
		}
	}
	return nil
}
