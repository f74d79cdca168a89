//go:build linux

package iface

import (
	"net/netip"
	"testing"
)

func TestIPNet(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"192.0.2.5/24", "0.0.0.0/0", "2001:db8::5/64", "::1/128"} {
		if got := IPNet(netip.MustParsePrefix(text)).String(); got != text {
			t.Errorf("%s, want %s", got, text)
		}
	}
}
