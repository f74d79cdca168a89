//go:build linux

// Package wireguard is the program wireguard, which makes an interface of WireGuard at
// boot. Its private key is in a file that the program makes if there is none, so no image
// has it.
package wireguard

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/vishvananda/netlink"
	"golang.zx2c4.com/wireguard/wgctrl"
	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"

	"github.com/seaworthy-os/seaworthy/components/applet"
	"github.com/seaworthy-os/seaworthy/components/iface"
	"github.com/seaworthy-os/seaworthy/internal/atomicfile"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
)

const usage = `[flags] CONFIG
       wireguard -make-keys KEY...
       wireguard -interface NAME -await
CONFIG has the form of wg-quick, without PrivateKey: the key is in the file of -key.
`

// Main runs the program.
func Main() {
	var t tunnel
	var makeKeys, await bool
	(&applet.Program{Name: "wireguard", Usage: usage,
		Flags: func(fs *flag.FlagSet) {
			fs.StringVar(&t.name, "interface", "wg0", "the interface")
			fs.StringVar(&t.key, "key", "/var/lib/wireguard/key", "file with the private key; it is made if it does not exist, and so is FILE.pub, with the public key")
			fs.BoolVar(&makeKeys, "make-keys", false, "only make the keys of these files, if they do not exist")
			fs.BoolVar(&await, "await", false, "wait until there was a handshake with each peer")
			fs.DurationVar(&t.patience, "wait", 5*time.Minute, "how long to wait for the handshakes")
		},
		Run: func(ctx context.Context, w io.Writer, args []string) error {
			switch {
			case makeKeys && await:
				return applet.Usagef("-make-keys and -await cannot be used together")
			case makeKeys:
				return keys(w, args)
			case await && len(args) == 0:
				return t.await(ctx, w)
			case await || len(args) != 1:
				return applet.Usagef("give one file with the configuration")
			}
			return t.up(ctx, w, args[0])
		}}).Main()
}

// tunnel is an interface of WireGuard.
type tunnel struct {
	name, key string
	patience  time.Duration
}

// keys makes keys.
func keys(w io.Writer, files []string) error {
	if len(files) == 0 {
		return applet.Usagef("give the files of the keys")
	}
	for _, f := range files {
		k, err := readKey(f)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s: the public key is %s\n", f, k.PublicKey())
	}
	return nil
}

// readKey reads a private key. It makes a key if there is none. The public key is written
// beside it.
func readKey(name string) (wgtypes.Key, error) {
	k, err := oneKey(name)
	if errors.Is(err, os.ErrNotExist) {
		if k, err = wgtypes.GeneratePrivateKey(); err == nil {
			err = write(name, k, 0o600)
		}
	}
	if err != nil {
		return wgtypes.Key{}, err
	}
	// A user who has the key can decrypt what the peers send.
	if st, err := os.Stat(name); err != nil || st.Mode().Perm()&0o077 != 0 {
		return wgtypes.Key{}, errors.Join(fmt.Errorf("%s: other users can read the private key: make its mode 0600", name), err)
	}
	public := name + ".pub"
	if old, err := oneKey(public); err == nil && old == k.PublicKey() {
		return k, nil // the folder can be read-only
	}
	return k, write(public, k.PublicKey(), 0o444)
}

// write writes a key in the form that oneKey reads.
func write(name string, k wgtypes.Key, mode os.FileMode) error {
	return atomicfile.WriteSynced(name, []byte(k.String()+"\n"), mode)
}

// maxFile is the largest file that is read.
const maxFile = 1 << 20

// oneKey reads a file with one key. An error does not show the content.
func oneKey(name string) (wgtypes.Key, error) {
	b, err := bounded.ReadFile(name, maxFile)
	if err != nil {
		return wgtypes.Key{}, fmt.Errorf("%s: %w", name, err)
	}
	k, err := wgtypes.ParseKey(string(bytes.TrimSpace(b)))
	if err != nil {
		return wgtypes.Key{}, fmt.Errorf("%s is not a key of WireGuard: 32 bytes in base64", name)
	}
	return k, nil
}

// up makes the interface.
func (t *tunnel) up(ctx context.Context, w io.Writer, file string) error {
	text, err := bounded.ReadFile(file, maxFile)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	c, err := parse(file, string(text))
	if err != nil {
		return err
	}
	key, err := readKey(t.key)
	if err != nil {
		return err
	}
	device, err := c.device(ctx, key)
	if err != nil {
		return err
	}
	client, err := wgctrl.New()
	if err != nil {
		return err
	}
	defer client.Close()
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.MTU = t.name, c.mtu
	link := &netlink.Wireguard{LinkAttrs: attrs}
	if err := netlink.LinkAdd(link); err != nil {
		return fmt.Errorf("cannot make %s: %w (is the module wireguard loaded?)", t.name, err)
	}
	if err := client.ConfigureDevice(t.name, device); err != nil {
		return fmt.Errorf("%s: %w", t.name, err)
	}
	for _, a := range c.addresses {
		if err := iface.SetAddress(link, a); err != nil {
			return fmt.Errorf("%s: %s: %w", t.name, a, err)
		}
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("%s: %w", t.name, err)
	}
	for _, r := range c.routes() {
		if err := netlink.RouteReplace(&netlink.Route{LinkIndex: link.Attrs().Index, Dst: iface.IPNet(r), Scope: netlink.SCOPE_LINK}); err != nil {
			return fmt.Errorf("%s: the route to %s: %w", t.name, r, err)
		}
	}
	fmt.Fprintf(w, "%s: %d peers; the public key is %s\n", t.name, len(c.peers), key.PublicKey())
	return nil
}

// await waits until there was a handshake with each peer.
func (t *tunnel) await(ctx context.Context, w io.Writer) error {
	client, err := wgctrl.New()
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, stop := context.WithTimeout(ctx, t.patience)
	defer stop()
	for {
		d, err := client.Device(t.name)
		if err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
		if len(d.Peers) == 0 {
			return fmt.Errorf("%s has no peer", t.name)
		}
		var missing []error
		for _, p := range d.Peers {
			if p.LastHandshakeTime.IsZero() {
				missing = append(missing, fmt.Errorf("%s: no handshake with the peer %s", t.name, p.PublicKey))
			}
		}
		if len(missing) == 0 {
			fmt.Fprintf(w, "%s: a handshake with each of %d peers\n", t.name, len(d.Peers))
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(missing...)
		case <-time.After(200 * time.Millisecond):
		}
	}
}
