//go:build linux

package wireguard

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"
)

const example = `# a gateway
[Interface]
Address = 10.8.0.1/24, fd00::1/64
ListenPort = 51820
MTU = 1400

[Peer]
PublicKeyFile = %s
AllowedIPs = 10.8.0.2, 192.168.7.9/24 # a phone, and the network behind it
Endpoint = 192.0.2.9:51820
PersistentKeepalive = 25
`

func TestConfig(t *testing.T) {
	t.Parallel()
	public := filepath.Join(t.TempDir(), "peer.pub")
	key := wgtypes.Key{1, 2, 3}
	if err := os.WriteFile(public, []byte(key.String()+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := parse("c", fmt.Sprintf(example, public))
	if err != nil {
		t.Fatal(err)
	}
	d, err := c.device(t.Context(), wgtypes.Key{9})
	if err != nil {
		t.Fatal(err)
	}
	p := d.Peers[0]
	got := fmt.Sprint(c.addresses, c.mtu, c.routes(), *d.PrivateKey == wgtypes.Key{9}, *d.ListenPort, p.PublicKey == key, p.Endpoint, p.PersistentKeepaliveInterval, p.AllowedIPs)
	if want := "[10.8.0.1/24 fd00::1/64] 1400 [192.168.7.0/24] true 51820 true 192.0.2.9:51820 25s [{10.8.0.2 ffffffff} {192.168.7.0 ffffff00}]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for text, want := range map[string]string{
		"Address = 10.8.0.1":                         "c:1: expected [Interface]",
		"[Interface]\nAddress":                       "c:2: expected",
		"[Interface]\nAddress = x":                   `c:2: "x" is not ADDRESS/BITS`,
		"[Interface]\nListenPort = 70000":            "from 0 to 65535",
		"[Interface]\nPrivateKey = x":                "would be in the image",
		"[Interface]\nPostUp = rm":                   `unknown key "postup"`,
		"[Interface]\nTable = 7":                     "off or auto",
		"[Peer]\n":                                   "peer 1 needs one of",
		"[Peer]\nPublicKey = x":                      "c:2: PublicKey is not a key",
		"[Peer]\nPublicKeyFile = x\nPresharedKey=y":  "would be in the image",
		"[Peer]\nEndpoint = host":                    "is not HOST:PORT",
		"[Peer]\nEndpoint = host:0":                  "is not HOST:PORT",
		"[Peer]\nPublicKeyFile = x\nAllowedIPs=::/0": "Table = off",
		"[Peer]\nColour = red":                       `unknown key "colour"`,
	} {
		if _, err := parse("c", text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	if c, err = parse("c", "[Peer]\nPublicKeyFile = /no/such/file\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.device(t.Context(), key); err == nil || !strings.Contains(err.Error(), "/no/such/file") {
		t.Error(err)
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := filepath.Join(dir, "key")
	var out bytes.Buffer
	for range 2 { // the second time, the key is there
		if err := keys(&out, []string{name}); err != nil {
			t.Fatal(err)
		}
	}
	lines := strings.Split(out.String(), "\n")
	private, err := oneKey(name)
	if err != nil {
		t.Fatal(err)
	}
	public, err := oneKey(name + ".pub")
	if err != nil || public != private.PublicKey() || lines[0] != lines[1] || !strings.HasSuffix(lines[0], public.String()) {
		t.Errorf("%v, %q", err, lines)
	}
	if strings.Contains(out.String(), private.String()) {
		t.Error("the private key was printed")
	}
	if st, err := os.Stat(name); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", st.Mode(), err)
	}
	if err := os.Chmod(name, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := keys(&out, []string{name}); err == nil || !strings.Contains(err.Error(), "other users can read") {
		t.Error(err)
	}
	large := filepath.Join(dir, "large")
	if err := os.WriteFile(large, make([]byte, maxFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{keys(&out, []string{large}), (&tunnel{}).up(t.Context(), &out, large)} {
		if err == nil || err.Error() != large+": larger than 1 MiB" {
			t.Error(err)
		}
	}
	damaged := filepath.Join(dir, "damaged")
	if err := os.WriteFile(damaged, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := keys(&out, []string{damaged}); err == nil || !strings.Contains(err.Error(), "is not a key") || strings.Contains(err.Error(), "secret") {
		t.Error(err)
	}
}
