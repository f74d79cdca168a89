package guest

import (
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// vethInfoPeer is VETH_INFO_PEER of include/uapi/linux/veth.h.
const vethInfoPeer = 1

// linkMessage is an rtnetlink message about one interface.
type linkMessage []byte

func newLinkMessage(typ, flags uint16) linkMessage {
	m := make(linkMessage, unix.SizeofNlMsghdr+unix.SizeofIfInfomsg)
	binary.NativeEndian.PutUint16(m[4:], typ)
	binary.NativeEndian.PutUint16(m[6:], flags|unix.NLM_F_REQUEST|unix.NLM_F_ACK)
	return m
}

// attr appends an attribute.
func (m *linkMessage) attr(typ uint16, data []byte) {
	end := m.open(typ)
	*m = append(*m, data...)
	end()
}

// open starts an attribute. Everything that is appended until the returned
// function is called belongs to the attribute.
func (m *linkMessage) open(typ uint16) func() {
	start := len(*m)
	*m = binary.NativeEndian.AppendUint16(*m, 0)
	*m = binary.NativeEndian.AppendUint16(*m, typ)
	return func() {
		binary.NativeEndian.PutUint16((*m)[start:], uint16(len(*m)-start))
		for len(*m)%unix.NLMSG_ALIGNTO != 0 {
			*m = append(*m, 0)
		}
	}
}

func (m *linkMessage) name(typ uint16, s string) { m.attr(typ, append([]byte(s), 0)) }

func (m *linkMessage) bytes() []byte {
	binary.NativeEndian.PutUint32((*m)[0:], uint32(len(*m)))
	return *m
}

// createMessage requests a new interface in the network namespace of process
// pid. The peer of a veth stays in this namespace.
func createMessage(s stepInterface, pid int) []byte {
	m := newLinkMessage(unix.RTM_NEWLINK, unix.NLM_F_CREATE|unix.NLM_F_EXCL)
	m.name(unix.IFLA_IFNAME, s.Name)
	if !s.CreateInRoot {
		m.attr(unix.IFLA_NET_NS_PID, binary.NativeEndian.AppendUint32(nil, uint32(pid)))
	}
	info := m.open(unix.IFLA_LINKINFO)
	m.name(unix.IFLA_INFO_KIND, s.kind)
	if s.Peer != "" {
		data := m.open(unix.IFLA_INFO_DATA)
		peer := m.open(vethInfoPeer)
		m = append(m, make([]byte, unix.SizeofIfInfomsg)...)
		m.name(unix.IFLA_IFNAME, s.Peer)
		peer()
		data()
	}
	info()
	return m.bytes()
}

// moveMessage requests to move an interface to the network namespace of process
// pid.
func moveMessage(name string, pid int) []byte {
	m := newLinkMessage(unix.RTM_SETLINK, 0)
	m.name(unix.IFLA_IFNAME, name)
	m.attr(unix.IFLA_NET_NS_PID, binary.NativeEndian.AppendUint32(nil, uint32(pid)))
	return m.bytes()
}

// addInterface adds an interface to the container whose first process is pid.
func addInterface(s stepInterface, pid int) error {
	if s.kind != "" {
		if err := netlink(createMessage(s, pid)); err != nil {
			return err
		}
		if !s.CreateInRoot {
			return nil
		}
	}
	return netlink(moveMessage(s.Name, pid))
}

// netlink sends one request to the kernel's routing socket and returns the
// error in the answer.
func netlink(msg []byte) error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := unix.Sendto(fd, msg, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	buf := make([]byte, 8<<10)
	n, _, err := unix.Recvfrom(fd, buf, 0)
	if err != nil {
		return err
	}
	return netlinkAnswer(buf[:n])
}

// netlinkAnswer reads an acknowledgement.
func netlinkAnswer(b []byte) error {
	if len(b) < unix.SizeofNlMsghdr+4 {
		return fmt.Errorf("the kernel gave an invalid answer of %d bytes (rtnetlink)", len(b))
	}
	if typ := binary.NativeEndian.Uint16(b[4:]); typ != unix.NLMSG_ERROR {
		return fmt.Errorf("the kernel gave an answer of the unexpected type %d (rtnetlink)", typ)
	}
	if code := int32(binary.NativeEndian.Uint32(b[unix.SizeofNlMsghdr:])); code != 0 {
		return unix.Errno(-code)
	}
	return nil
}

// loopbackUp enables the interface lo.
func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	r, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, r); err != nil {
		return errors.Join(errors.New("lo"), err)
	}
	r.SetUint16(r.Uint16() | unix.IFF_UP)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, r)
}
