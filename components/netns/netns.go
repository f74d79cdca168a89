//go:build linux

// Package netns is the program netns, which connects network namespaces at boot.
package netns

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/components/applet"
	"github.com/seaworthy-os/seaworthy/components/iface"
)

const usage = `STATEMENT...
A statement is one argument. They are done in order:
  loopback                                                switch on the loopback interface of its own namespace
  cable NAMESPACE INTERFACE ADDRESS/BITS NAMESPACE INTERFACE ADDRESS/BITS
                                                          two interfaces that are connected (veth)
  route NAMESPACE default|NETWORK/BITS ROUTER             a route in a namespace
`

// Main runs the program.
func Main() {
	(&applet.Program{Name: "netns", Usage: usage, Run: func(_ context.Context, w io.Writer, args []string) error {
		return applet.Statements(w, args, parse, func(s statement) error { return s.apply(folder) })
	}}).Main()
}

// folder has the namespaces, as files.
const folder = "/run/netns"

// end is one end of a cable.
type end struct {
	namespace, name string
	address         netip.Prefix
}

// statement is one of those in the usage.
type statement struct {
	kind       string
	namespaces []string
	ends       [2]end
	to         netip.Prefix // invalid for the default route
	router     netip.Addr
}

var (
	// A namespace is a file. An interface has at most 15 characters.
	namespaceRE = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$`)
	interfaceRE = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}$`)
)

func parse(text string) (statement, error) {
	f := strings.Fields(text)
	bad := func(format string, args ...any) (statement, error) {
		return statement{}, applet.Usagef("%q: %s", text, fmt.Sprintf(format, args...))
	}
	if len(f) == 0 {
		return bad("it is empty")
	}
	s := statement{kind: f[0]}
	var err error
	switch s.kind {
	case "loopback":
		if len(f) > 1 {
			return bad("it has no more words")
		}
	case "cable":
		if len(f) != 7 {
			return bad("a cable has two ends, each with a namespace, an interface and an address")
		}
		for i := range s.ends {
			e := end{namespace: f[1+3*i], name: f[2+3*i]}
			if !interfaceRE.MatchString(e.name) {
				return bad("%s is not the name of an interface", e.name)
			}
			if e.address, err = netip.ParsePrefix(f[3+3*i]); err != nil || e.address.Addr().IsUnspecified() || e.address.Addr().IsMulticast() {
				return bad("%s is not ADDRESS/BITS", f[3+3*i])
			}
			s.ends[i] = e
			s.namespaces = append(s.namespaces, e.namespace)
		}
		if s.namespaces[0] == s.namespaces[1] {
			return bad("both ends are in one namespace")
		}
	case "route":
		if len(f) != 4 {
			return bad("a route has a namespace, a network and a router")
		}
		s.namespaces = f[1:2]
		if f[2] != "default" {
			if s.to, err = netip.ParsePrefix(f[2]); err != nil || s.to != s.to.Masked() {
				return bad("%s is not a network such as 192.0.2.0/24", f[2])
			}
		}
		if s.router, err = netip.ParseAddr(f[3]); err != nil || s.router.Zone() != "" || s.to.IsValid() && s.to.Addr().Is4() != s.router.Is4() {
			return bad("%s is not the address of a router of this network", f[3])
		}
	default:
		return bad("unknown kind")
	}
	for _, n := range s.namespaces {
		if !namespaceRE.MatchString(n) {
			return bad("%s is not the name of a namespace", n)
		}
	}
	return s, nil
}

func (s *statement) apply(dir string) error {
	switch s.kind {
	case "cable":
		return s.cable(dir)
	case "route":
		return inside(filepath.Join(dir, s.namespaces[0]), func() error {
			r := netlink.Route{Gw: s.router.AsSlice()}
			if s.to.IsValid() {
				r.Dst = iface.IPNet(s.to)
			}
			return netlink.RouteReplace(&r)
		})
	}
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	return netlink.LinkSetUp(lo)
}

// thread runs f on a thread of its own, which ends afterwards: its namespace was changed.
func thread(f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked, so the thread ends with the goroutine
		done <- f()
	}()
	return <-done
}

// inside runs f in the namespace at path.
func inside(path string, f func() error) error {
	n, err := os.Open(path)
	if err != nil {
		return err
	}
	defer n.Close()
	return thread(func() error {
		if err := unix.Setns(int(n.Fd()), unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("cannot enter %s: %w", path, err)
		}
		return f()
	})
}

// cable makes both interfaces in the first namespace, and moves one to the second.
func (s *statement) cable(dir string) error {
	near, far := s.ends[0], s.ends[1]
	other, err := os.Open(filepath.Join(dir, far.namespace))
	if err != nil {
		return err
	}
	defer other.Close()
	err = inside(filepath.Join(dir, near.namespace), func() error {
		attrs := netlink.NewLinkAttrs()
		attrs.Name = near.name
		link := &netlink.Veth{LinkAttrs: attrs, PeerName: far.name, PeerNamespace: netlink.NsFd(int(other.Fd()))}
		if err := netlink.LinkAdd(link); err != nil {
			return fmt.Errorf("cannot make the interfaces: %w (is the module veth loaded?)", err)
		}
		return near.up()
	})
	if err != nil {
		return err
	}
	return inside(filepath.Join(dir, far.namespace), far.up)
}

// up gives an interface its address, and switches it on.
func (e *end) up() error {
	l, err := netlink.LinkByName(e.name)
	if err != nil {
		return err
	}
	if err := iface.SetAddress(l, e.address); err != nil {
		return fmt.Errorf("%s: %w", e.address, err)
	}
	return netlink.LinkSetUp(l)
}
