//go:build linux

package dhcpserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"time"

	"github.com/seaworthy-os/seaworthy/internal/atomicfile"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
)

// lease is an address that a client has.
type lease struct {
	Address netip.Addr `json:"address"`
	// Client is the hardware address of the client, and Name what it calls itself.
	Client string    `json:"client"`
	Name   string    `json:"name,omitempty"`
	Until  time.Time `json:"until"`

	// offered: the client has not yet said that it takes the address.
	offered bool
}

// offerTime is how long an address is kept for a client to which it was offered.
const offerTime = time.Minute

// pool has the leases of a range of addresses.
type pool struct {
	first, last netip.Addr
	reserved    map[string]netip.Addr // by hardware address
	own         netip.Addr
	leases      map[netip.Addr]lease
	// next is where the search for a free address starts, so that an address is not
	// given away again as soon as it is free.
	next netip.Addr
}

// contains reports whether a client can have an address.
func (p *pool) contains(a netip.Addr) bool {
	return a.IsValid() && a.Compare(p.first) >= 0 && a.Compare(p.last) <= 0 && a != p.own
}

// free reports whether an address can be given to a client.
func (p *pool) free(a netip.Addr, client string, now time.Time) bool {
	for c, r := range p.reserved {
		if r == a && c != client {
			return false
		}
	}
	l, taken := p.leases[a]
	return !taken || l.Client == client || !now.Before(l.Until)
}

// choose returns the address for a client, an invalid one if there is none: its reserved
// address, that of its lease, the one that it asks for, or a free one.
func (p *pool) choose(client string, asked netip.Addr, now time.Time) netip.Addr {
	if a, ok := p.reserved[client]; ok {
		return a
	}
	for a, l := range p.leases {
		if l.Client == client && p.contains(a) {
			return a
		}
	}
	if p.contains(asked) && p.free(asked, client, now) {
		return asked
	}
	if !p.contains(p.next) {
		p.next = p.first
	}
	for a, start := p.next, p.next; ; {
		after := a.Next()
		if after.Compare(p.last) > 0 {
			after = p.first
		}
		if p.contains(a) && p.free(a, client, now) {
			p.next = after
			return a
		}
		if a = after; a == start {
			return netip.Addr{}
		}
	}
}

// take records that a client has an address.
func (p *pool) take(l lease) {
	for a, old := range p.leases {
		if old.Client == l.Client && a != l.Address {
			delete(p.leases, a)
		}
	}
	p.leases[l.Address] = l
}

// store has the leases in a file, so that clients keep their addresses when the server
// starts again.
type store struct {
	file    string
	written []byte
}

// maxFile is the largest file that is read.
const maxFile = 16 << 20

func (s *store) read(p *pool) error {
	b, err := bounded.ReadFile(s.file, maxFile)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", s.file, err)
	}
	var all []lease
	if err := json.Unmarshal(b, &all); err != nil {
		return fmt.Errorf("%s: %w: remove the file, and clients get new addresses", s.file, err)
	}
	for _, l := range all {
		if p.contains(l.Address) {
			p.leases[l.Address] = l
		}
	}
	return nil
}

func (s *store) write(p *pool) error {
	all := []lease{}
	for _, l := range p.leases {
		if !l.offered {
			all = append(all, l)
		}
	}
	slices.SortFunc(all, func(a, b lease) int { return a.Address.Compare(b.Address) })
	b, err := json.Marshal(all)
	if err != nil || bytes.Equal(b, s.written) {
		return err
	}
	if err := atomicfile.WriteSynced(s.file, append(b, '\n'), 0o644); err != nil {
		return err
	}
	s.written = b
	return nil
}
