//go:build linux

package links

import (
	"fmt"
	"testing"
)

func shown(s statement) string {
	return fmt.Sprint(s.kind, " ", s.name, " ", s.members, " ", s.id, " ", s.mode.String(), " ", s.addresses)
}

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"bridge br0 a b":                "bridge br0 [a b] 0 active-backup []",
		"bond b mode=802.3ad x y":       "bond b [x y] 0 802.3ad []",
		"bond b x":                      "bond b [x] 0 active-backup []",
		"vlan v5 br0 5":                 "vlan v5 [br0] 5 active-backup []",
		"address v5 10.0.0.1/8 ::1/128": "address v5 [] 0 active-backup [10.0.0.1/8 ::1/128]",
		"up a b":                        "up a [b] 0 active-backup []",
	} {
		if s, err := parse(text); err != nil || shown(s) != want {
			t.Errorf("%q: %v, %v", text, s, err)
		}
	}
	for _, bad := range []string{"", "bridge", "tunnel a", "bond b", "bond b mode=x a", "vlan v a 0", "vlan v a 4095", "vlan v a", "address a", "address a 10.0.0.1",
		"dummy a b", "bridge br0 br0", "bridge ../x", "dummy abcdefghijklmnop", "up a%b"} {
		if s, err := parse(bad); err == nil {
			t.Errorf("%q: %v", bad, s)
		}
	}
}
