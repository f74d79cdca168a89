//go:build linux

// Package lldp is the program lldp, which tells the neighbours on the network what this
// machine is, and writes what they say into a file. It gives up its rights as soon as its
// socket is open.
package lldp

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/components/applet"
	"github.com/seaworthy-os/seaworthy/internal/atomicfile"
)

// Main runs the program.
func Main() {
	var s speaker
	(&applet.Program{Name: "lldp", Usage: "[flags]", FlagsOnly: true, Flags: s.flags, Run: s.run}).Main()
}

type speaker struct {
	name, description, file string
	interfaces              applet.List
	interval                time.Duration

	known   map[key]entry
	written []byte
}

// key is one port of one neighbour, as IEEE 802.1AB has it.
type key struct{ iface, chassis, port string }

type entry struct {
	neighbour
	until time.Time
}

func (s *speaker) flags(fs *flag.FlagSet) {
	fs.StringVar(&s.name, "name", "", "the name of this machine (default: its host name)")
	fs.StringVar(&s.description, "description", "Seaworthy", "what this machine is")
	fs.StringVar(&s.file, "file", "/run/lldp/neighbours.json", "where to write what the neighbours say")
	fs.Var(&s.interfaces, "interface", "interface to use (repeatable; default: all of Ethernet)")
	fs.DurationVar(&s.interval, "interval", 30*time.Second, "time between two frames")
}

// group is the address of the nearest machine: switches do not pass these frames on.
var group = net.HardwareAddr{0x01, 0x80, 0xc2, 0x00, 0x00, 0x0e}

const (
	etherType = 0x88cc
	// lives: the neighbours believe a frame for this many intervals.
	lives = 4
	// maxKnown limits what neighbours can make this program keep.
	maxKnown = 1024
)

// network is the order of bytes of the network.
func network(n uint16) uint16 { return n<<8 | n>>8 }

func (s *speaker) run(ctx context.Context, w io.Writer, _ []string) error {
	if s.interval < time.Second || s.interval*lives > 65535*time.Second {
		return applet.Usagef("-interval %v: it must be from 1s to 4h", s.interval)
	}
	if s.name == "" {
		var err error
		if s.name, err = os.Hostname(); err != nil {
			return err
		}
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, int(network(etherType)))
	if err != nil {
		return fmt.Errorf("cannot open a socket of the network: %w (it needs CAP_NET_RAW)", err)
	}
	defer unix.Close(fd)
	if err := dropRights(); err != nil {
		return err
	}
	s.known = map[key]entry{}
	if err := s.write(w); err != nil {
		return err
	}
	joined := map[int]bool{}
	buffer := make([]byte, 9000)
	for next := time.Now(); ; {
		if ctx.Err() != nil {
			return nil
		}
		if !time.Now().Before(next) {
			if err := s.send(w, fd, joined); err != nil {
				return err
			}
			next = time.Now().Add(s.interval)
		}
		if err := s.receive(fd, buffer); err != nil {
			return err
		}
		s.expire(time.Now())
		if err := s.write(w); err != nil {
			return err
		}
	}
}

// send sends a frame on each interface, and joins the group on new ones.
func (s *speaker) send(w io.Writer, fd int, joined map[int]bool) error {
	all, err := net.Interfaces()
	if err != nil {
		return err
	}
	for _, i := range all {
		if len(i.HardwareAddr) != 6 || i.Flags&net.FlagUp == 0 || i.Flags&net.FlagLoopback != 0 ||
			len(s.interfaces) > 0 && !slices.Contains(s.interfaces, i.Name) {
			continue
		}
		if !joined[i.Index] {
			m := unix.PacketMreq{Ifindex: int32(i.Index), Type: unix.PACKET_MR_MULTICAST, Alen: 6}
			copy(m.Address[:], group)
			if err := unix.SetsockoptPacketMreq(fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, &m); err != nil {
				fmt.Fprintf(w, "%s: %v\n", i.Name, err)
				continue
			}
			joined[i.Index] = true
			fmt.Fprintf(w, "%s: tells that this is %s\n", i.Name, s.name)
		}
		to := &unix.SockaddrLinklayer{Protocol: network(etherType), Ifindex: i.Index, Halen: 6}
		copy(to.Addr[:], group)
		// An interface can be switched off at any time.
		if err := unix.Sendto(fd, frame(i.HardwareAddr, i.Name, s.name, s.description, lives*s.interval), 0, to); err != nil {
			fmt.Fprintf(w, "%s: %v\n", i.Name, err)
		}
	}
	return nil
}

// receive waits for a frame, at most a second.
func (s *speaker) receive(fd int, buffer []byte) error {
	timeout := unix.NsecToTimeval(int64(time.Second))
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout); err != nil {
		return err
	}
	n, from, err := unix.Recvfrom(fd, buffer, 0)
	switch {
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR), errors.Is(err, unix.ENETDOWN):
		return nil
	case err != nil:
		return err
	}
	ll, ok := from.(*unix.SockaddrLinklayer)
	if !ok || ll.Pkttype == unix.PACKET_OUTGOING {
		return nil
	}
	i, err := net.InterfaceByIndex(ll.Ifindex)
	if err != nil || len(s.interfaces) > 0 && !slices.Contains(s.interfaces, i.Name) {
		return nil //nolint:nilerr // the interface has just gone
	}
	if nb, err := parse(buffer[:n]); err == nil {
		s.learn(i.Name, *nb, time.Now())
	}
	return nil
}

// learn keeps what a neighbour says. The last frame of a neighbour that ends has a time
// of 0.
func (s *speaker) learn(iface string, n neighbour, now time.Time) {
	n.Interface = iface
	k := key{iface, n.Chassis, n.Port}
	if n.ttl == 0 {
		delete(s.known, k)
		return
	}
	if _, old := s.known[k]; old || len(s.known) < maxKnown {
		s.known[k] = entry{n, now.Add(n.ttl)}
	}
}

func (s *speaker) expire(now time.Time) {
	for k, e := range s.known {
		if !now.Before(e.until) {
			delete(s.known, k)
		}
	}
}

// write writes the file if something has changed.
func (s *speaker) write(w io.Writer) error {
	all := make([]neighbour, 0, len(s.known))
	for _, e := range s.known {
		all = append(all, e.neighbour)
	}
	slices.SortFunc(all, func(a, b neighbour) int {
		return cmp.Or(strings.Compare(a.Interface, b.Interface), strings.Compare(a.Chassis, b.Chassis), strings.Compare(a.Port, b.Port))
	})
	text, err := json.Marshal(all)
	if err != nil || bytes.Equal(text, s.written) {
		return err
	}
	if err := atomicfile.Write(s.file, append(text, '\n'), 0o644); err != nil {
		return err
	}
	s.written = text
	fmt.Fprintf(w, "%d neighbours\n", len(all))
	return nil
}

// dropRights gives up all capabilities, in all threads. Any machine on the network can
// send frames.
func dropRights() error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	// The kernel removes ambient capabilities that are no longer permitted.
	if _, _, errno := syscall.AllThreadsSyscall(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&none[0])), 0); errno != 0 {
		return fmt.Errorf("cannot give up capabilities: %w", errno)
	}
	return nil
}
