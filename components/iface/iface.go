//go:build linux

// Package iface has what the programs share that set up network interfaces.
package iface

import (
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
)

// IPNet is a prefix in the form of the package net. It keeps the bits of the host.
func IPNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

// SetAddress gives an interface an address.
func SetAddress(l netlink.Link, p netip.Prefix) error {
	return netlink.AddrReplace(l, &netlink.Addr{IPNet: IPNet(p)})
}
