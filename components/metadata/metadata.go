//go:build linux

// Package metadata is the program metadata, which fetches the settings of a virtual
// machine once, at boot: host name, SSH keys and user data, from a CD-ROM or from a server
// on the link. It needs no capability: it does not mount the CD, and sets nothing. It
// writes to /run/config:
//
//	provider              nocloud, nocloud-net, openstack, openstack-net, ec2 or gcp
//	instance-id           changes if the machine is a copy of another one
//	hostname              for the component hostname
//	ssh/authorized_keys   for the components sshd and dropbear
//	userdata              what the owner of the machine gave the provider, unchanged. Only
//	                      root can read it, and with -group-reads the group of the process
package metadata

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/components/applet"
	"github.com/seaworthy-os/seaworthy/components/block"
)

// Main runs the program.
func Main() {
	m := fetcher{devices: block.System}
	(&applet.Program{Name: "metadata", Usage: "[flags] [PROVIDER...]\nProviders, asked in this order: " + strings.Join(order, ", "),
		Flags: m.flags, Run: m.run}).Main()
}

// order is that in which providers are asked: a CD answers at once.
var order = []string{"nocloud", "openstack", "nocloud-net", "openstack-net", "ec2", "gcp"}

// linkLocal is the address of most services.
const linkLocal = "http://169.254.169.254"

// networked are the providers with a server, and where it is. NoCloud has no address of
// its own.
var networked = map[string]struct {
	base string
	read func(context.Context, *client) (*Settings, error)
}{
	"nocloud-net":   {"", noCloud},
	"openstack-net": {linkLocal, openStack},
	"ec2":           {linkLocal, ec2},
	"gcp":           {"http://169.254.169.254", gcp},
}

// labels are the names of the CD-ROMs of the other providers.
var labels = map[string]string{"nocloud": labelNoCloud, "openstack": labelOpenStack}

// aliases are names that LinuxKit uses.
var aliases = map[string]string{"cdrom": "nocloud", "aws": "ec2"}

type fetcher struct {
	devices block.Finder
	url     string
	dir     string
	limit   time.Duration
	missing bool
	group   bool
}

func (m *fetcher) flags(fs *flag.FlagSet) {
	fs.StringVar(&m.url, "url", "", "address of the server, instead of the provider's own; nocloud-net needs it")
	fs.StringVar(&m.dir, "dir", "/run/config", "where to write the settings")
	fs.DurationVar(&m.limit, "wait", time.Minute, "how long to ask until a provider answers")
	fs.BoolVar(&m.group, "group-reads", false, "let the group of this process read userdata: for a service that runs with this gid")
	fs.BoolVar(&m.missing, "missing-ok", false, "do not fail if no provider answers")
}

func (m *fetcher) run(ctx context.Context, w io.Writer, args []string) error {
	providers, err := m.providers(args)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "asks for at most %s: %s\n", m.limit, m.places(providers))
	ctx, stop := context.WithTimeout(ctx, m.limit)
	defer stop()
	for {
		s, err := m.first(ctx, providers)
		if err == nil {
			for _, p := range s.Problems {
				fmt.Fprintf(w, "%s: %s\n", s.Provider, p)
			}
			fmt.Fprintf(w, "%s: instance %s, host name %s, %d SSH keys, user data of %d bytes\n",
				s.Provider, orNone(s.InstanceID), orNone(s.Hostname), len(s.Keys), len(s.UserData))
			return s.write(m.dir, m.group)
		}
		select {
		case <-ctx.Done():
			if m.missing {
				fmt.Fprintf(w, "no provider answered: %v\n", err)
				return nil
			}
			return fmt.Errorf("no provider answered within %s:\n%w\nGive the machine these settings, or add -missing-ok to the command of this container", m.limit, err)
		case <-time.After(time.Second):
		}
	}
}

func orNone(s string) string {
	if s == "" {
		return "(none)"
	}
	return s
}

func (m *fetcher) providers(args []string) ([]string, error) {
	if u, err := url.Parse(m.url); m.url != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
		return nil, applet.Usagef("-url %q is not an address such as http://192.0.2.1/seed", m.url)
	}
	if len(args) == 0 {
		args = order
		if m.url == "" { // NoCloud has no address of its own
			args = []string{"nocloud", "openstack", "openstack-net", "ec2", "gcp"}
		}
	}
	var all []string
	for _, a := range args {
		if other, ok := aliases[a]; ok {
			a = other
		}
		_, net := networked[a]
		switch {
		case !net && a != "nocloud" && a != "openstack":
			return nil, applet.Usagef("unknown provider %q: use %s", a, strings.Join(order, ", "))
		case a == "nocloud-net" && m.url == "":
			return nil, applet.Usagef("nocloud-net needs -url")
		}
		all = append(all, a)
	}
	return all, nil
}

// places says where the providers are.
func (m *fetcher) places(providers []string) string {
	var all []string
	for _, p := range providers {
		place := "a CD-ROM or disk named " + labels[p]
		if n, ok := networked[p]; ok {
			place = cmp.Or(m.url, n.base)
		}
		all = append(all, fmt.Sprintf("%s (%s)", p, place))
	}
	return strings.Join(all, ", ")
}

// first returns the settings of the first provider that has some.
func (m *fetcher) first(ctx context.Context, providers []string) (*Settings, error) {
	var errs []error
	for _, p := range providers {
		s, err := m.read(ctx, p)
		if err == nil {
			s.Provider = p
			return s, nil
		}
		errs = append(errs, fmt.Errorf("%s: %w", p, err))
	}
	return nil, errors.Join(errs...)
}

func (m *fetcher) read(ctx context.Context, provider string) (*Settings, error) {
	if n, ok := networked[provider]; ok {
		base := n.base
		if m.url != "" {
			base = m.url
		}
		return n.read(ctx, newClient(base))
	}
	label := labels[provider]
	all, err := m.devices.List()
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, d := range all {
		c, err := d.Content()
		if err != nil || c.Type != "iso9660" || !strings.EqualFold(c.Label, label) {
			continue // an empty drive cannot be opened
		}
		s, err := readDevice(d.Path, label)
		if err == nil {
			return s, nil
		}
		errs = append(errs, fmt.Errorf("%s: %w", d.Path, err))
	}
	return nil, errors.Join(append(errs, fmt.Errorf("there is no CD-ROM or disk named %s", label))...)
}

func readDevice(path, label string) (*Settings, error) {
	r, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return fromISO(r, label)
}
