//go:build linux

package wireguard

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"

	"github.com/seaworthy-os/seaworthy/components/iface"
)

// config is a file in the form of wg-quick.
type config struct {
	addresses []netip.Prefix
	port      int
	mark, mtu int
	noRoutes  bool
	peers     []peer
}

// peer is another end of the tunnel. Its keys can be in files.
type peer struct {
	public                    wgtypes.Key
	publicFile, presharedFile string
	endpoint                  string
	allowed                   []netip.Prefix
	keepalive                 time.Duration
}

// parse reads a configuration, and reports all that is wrong in it.
func parse(file, text string) (*config, error) {
	c := &config{}
	var errs []error
	section, n := "", 0
	for line := range strings.Lines(text) {
		n++
		line, _, _ = strings.Cut(line, "#")
		line = strings.TrimSpace(line)
		var err error
		switch key, value, ok := strings.Cut(line, "="); {
		case line == "":
		case strings.EqualFold(line, "[Interface]"):
			section = "interface"
		case strings.EqualFold(line, "[Peer]"):
			section = "peer"
			c.peers = append(c.peers, peer{})
		case !ok || section == "":
			err = errors.New("expected [Interface], [Peer], or KEY = VALUE below one of them")
		default:
			key, value = strings.ToLower(strings.TrimSpace(key)), strings.TrimSpace(value)
			if section == "interface" {
				err = c.set(key, value)
			} else {
				err = c.peers[len(c.peers)-1].set(key, value)
			}
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s:%d: %w", file, n, err))
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	for i, p := range c.peers {
		if (p.public == wgtypes.Key{}) == (p.publicFile == "") {
			errs = append(errs, fmt.Errorf("%s: peer %d needs one of PublicKey and PublicKeyFile", file, i+1))
		}
	}
	for _, r := range c.routes() {
		if r.Bits() == 0 {
			errs = append(errs, fmt.Errorf("%s: all traffic (%s) also takes the packets of the tunnel itself: write Table = off, and make the routes that you need", file, r))
		}
	}
	return c, errors.Join(errs...)
}

func (c *config) set(key, value string) (err error) {
	switch key {
	case "address":
		c.addresses, err = prefixes(value, false)
	case "listenport":
		c.port, err = number(value, 65535)
	case "fwmark":
		c.mark, err = number(value, 1<<31-1)
	case "mtu":
		c.mtu, err = number(value, 65535)
	case "table":
		if c.noRoutes = value == "off"; !c.noRoutes && value != "auto" {
			err = errors.New("a table is off or auto")
		}
	case "privatekey":
		err = errors.New("a private key in this file would be in the image: put it into the file of -key, which is made if there is none")
	default:
		err = fmt.Errorf("unknown key %q of an interface", key)
	}
	return err
}

func (p *peer) set(key, value string) (err error) {
	switch key {
	case "publickey":
		if p.public, err = wgtypes.ParseKey(value); err != nil {
			err = errors.New("PublicKey is not a key: 32 bytes in base64")
		}
	case "publickeyfile":
		p.publicFile = value
	case "presharedkeyfile":
		p.presharedFile = value
	case "presharedkey":
		err = errors.New("a secret in this file would be in the image: use PresharedKeyFile")
	case "endpoint":
		host, port, e := net.SplitHostPort(value)
		if n, e2 := strconv.Atoi(port); e != nil || e2 != nil || host == "" || n < 1 || n > 65535 {
			err = fmt.Errorf("the endpoint %q is not HOST:PORT", value)
		}
		p.endpoint = value
	case "allowedips":
		p.allowed, err = prefixes(value, true)
	case "persistentkeepalive":
		var n int
		if value != "off" {
			n, err = number(value, 65535)
		}
		p.keepalive = time.Duration(n) * time.Second
	default:
		err = fmt.Errorf("unknown key %q of a peer", key)
	}
	return err
}

func number(text string, most int) (int, error) {
	n, err := strconv.ParseInt(text, 0, 64)
	if err != nil || n < 0 || n > int64(most) {
		return 0, fmt.Errorf("%q is not a number from 0 to %d", text, most)
	}
	return int(n), nil
}

// prefixes reads ADDRESS/BITS, with commas between them. Without bits it is one address.
func prefixes(text string, network bool) (all []netip.Prefix, err error) {
	for s := range strings.SplitSeq(text, ",") {
		s = strings.TrimSpace(s)
		p, err := netip.ParsePrefix(s)
		if a, e := netip.ParseAddr(s); e == nil && a.Zone() == "" {
			p, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		if err != nil {
			return nil, fmt.Errorf("%q is not ADDRESS/BITS", s)
		}
		if network {
			p = p.Masked()
		}
		all = append(all, p)
	}
	return all, nil
}

// routes are the networks behind the peers that the addresses do not cover.
func (c *config) routes() (all []netip.Prefix) {
	if c.noRoutes {
		return nil
	}
	for _, p := range c.peers {
	next:
		for _, a := range p.allowed {
			for _, own := range c.addresses {
				if own.Contains(a.Addr()) && own.Bits() <= a.Bits() {
					continue next
				}
			}
			all = append(all, a)
		}
	}
	return all
}

// device is the configuration as the kernel takes it. It reads the keys of the peers, and
// looks up the addresses of their endpoints.
func (c *config) device(ctx context.Context, key wgtypes.Key) (wgtypes.Config, error) {
	d := wgtypes.Config{PrivateKey: &key, ReplacePeers: true}
	if c.port != 0 {
		d.ListenPort = &c.port
	}
	if c.mark != 0 {
		d.FirewallMark = &c.mark
	}
	var errs []error
	for _, p := range c.peers {
		pc := wgtypes.PeerConfig{PublicKey: p.public, ReplaceAllowedIPs: true}
		if p.publicFile != "" {
			k, err := oneKey(p.publicFile)
			errs = append(errs, err)
			pc.PublicKey = k
		}
		if p.presharedFile != "" {
			k, err := oneKey(p.presharedFile)
			errs = append(errs, err)
			pc.PresharedKey = &k
		}
		if p.endpoint != "" {
			a, err := resolve(ctx, p.endpoint)
			errs = append(errs, err)
			pc.Endpoint = a
		}
		if p.keepalive != 0 {
			pc.PersistentKeepaliveInterval = &p.keepalive
		}
		for _, a := range p.allowed {
			pc.AllowedIPs = append(pc.AllowedIPs, *iface.IPNet(a))
		}
		d.Peers = append(d.Peers, pc)
	}
	return d, errors.Join(errs...)
}

func resolve(ctx context.Context, endpoint string) (*net.UDPAddr, error) {
	host, port, err := net.SplitHostPort(endpoint)
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return nil, err
	}
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, fmt.Errorf("the endpoint %s: %w", endpoint, err)
	}
	return net.UDPAddrFromAddrPort(netip.AddrPortFrom(found[0].Unmap(), uint16(n))), nil
}
