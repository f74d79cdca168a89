//go:build linux

// Package dhcp is the program dhcp, which configures a network interface by
// DHCPv4: address, routes, MTU and name servers. It ends after that. Without a
// lease it uses the settings in -static, if there are any. It also reads the
// kernel parameter ip=. If ip= contains addresses and the method "off" or
// "none", no server is asked.
//
// It needs CAP_NET_ADMIN and CAP_NET_RAW on the host's network. The name
// servers are written to /run/resolvconf/resolv.conf.
package dhcp

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv4/nclient4"
)

// Main runs the program.
func Main() {
	var o options
	flag.StringVar(&o.name, "interface", "", "the interface; the first Ethernet interface with hardware, if not given")
	flag.StringVar(&o.resolvConf, "resolv-conf", "/run/resolvconf/resolv.conf", "where to write the name servers")
	flag.DurationVar(&o.wait, "wait", time.Minute, "how long to wait for the interface and its link")
	flag.DurationVar(&o.timeout, "timeout", time.Minute, "how long to ask for a lease")
	flag.StringVar(&o.static, "static", "", "without a lease: ADDRESS/BITS[,GATEWAY[,NAMESERVER...]]")
	flag.BoolVar(&o.keep, "keep", false, "do not end: renew the lease (to run as a service)")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	if err := run(ctx, os.Stdout, o); err != nil {
		fmt.Fprintln(os.Stderr, "dhcp:", err)
		os.Exit(1) //nolint:gocritic // the process ends, so deferred calls are not needed
	}
}

type options struct {
	name, resolvConf, static string
	wait, timeout            time.Duration
	keep                     bool
}

func run(ctx context.Context, w io.Writer, o options) error {
	var fallback *Config
	if o.static != "" {
		c, err := ParseStatic(o.static)
		if err != nil {
			return fmt.Errorf("-static: %w", err)
		}
		fallback = c
	}
	cmdline, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		return err
	}
	arg, err := ParseIPArg(string(cmdline))
	if err != nil {
		return err
	}
	if o.name == "" {
		o.name = arg.Interface
	}
	l, err := waitLink(ctx, o.name, o.wait)
	if err != nil {
		return err
	}
	if arg.Static != nil {
		return apply(w, l, arg.Static, o.resolvConf)
	}
	for {
		lease, config, err := request(ctx, l, o.timeout)
		if err != nil {
			if fallback == nil {
				return fmt.Errorf("%s: no lease: %w", l.name, err)
			}
			fmt.Fprintf(w, "%s: no lease: %v; using the static address\n", l.name, err)
			return apply(w, l, fallback, o.resolvConf)
		}
		if err := apply(w, l, config, o.resolvConf); err != nil {
			return err
		}
		if !o.keep {
			return nil
		}
		if err := keep(ctx, w, l, lease, o.resolvConf); err != nil {
			return err
		}
	}
}

func client(l *link) (*nclient4.Client, error) {
	return nclient4.New(l.name, nclient4.WithTimeout(2*time.Second), nclient4.WithRetry(8))
}

// request asks for a lease.
func request(ctx context.Context, l *link, timeout time.Duration) (*nclient4.Lease, *Config, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	c, err := client(l)
	if err != nil {
		return nil, nil, err
	}
	defer c.Close()
	lease, err := c.Request(ctx, dhcpv4.WithRequestedOptions(dhcpv4.OptionSubnetMask, dhcpv4.OptionRouter, dhcpv4.OptionClasslessStaticRoute,
		dhcpv4.OptionDomainNameServer, dhcpv4.OptionDomainName, dhcpv4.OptionInterfaceMTU))
	if err != nil {
		return nil, nil, err
	}
	config, err := FromLease(lease.ACK)
	return lease, config, err
}

// keep renews the lease after half of its time. It returns nil when the server
// does not renew it, because a new lease is then needed.
func keep(ctx context.Context, w io.Writer, l *link, lease *nclient4.Lease, resolvConf string) error {
	for {
		leaseTime := max(lease.ACK.IPAddressLeaseTime(time.Hour), 2*time.Minute)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(min(max(lease.ACK.IPAddressRenewalTime(leaseTime/2), time.Minute), leaseTime/2)):
		}
		c, err := client(l)
		if err != nil {
			return err
		}
		renewed, err := c.Renew(ctx, lease)
		c.Close()
		if err != nil {
			if ctx.Err() != nil {
				return nil //nolint:nilerr // the program must end
			}
			fmt.Fprintf(w, "%s: the lease was not renewed: %v\n", l.name, err)
			return nil
		}
		config, err := FromLease(renewed.ACK)
		if err != nil {
			return err
		}
		if err := apply(w, l, config, resolvConf); err != nil {
			return err
		}
		lease = renewed
	}
}

// apply sets the interface and the name servers.
func apply(w io.Writer, l *link, c *Config, resolvConf string) error {
	if err := l.configure(c); err != nil {
		return fmt.Errorf("%s: %w", l.name, err)
	}
	fmt.Fprintf(w, "%s: %s\n", l.name, c)
	if len(c.DNS) == 0 {
		return nil
	}
	// The file is overwritten, not replaced: containers have bind mounts of it.
	if err := os.WriteFile(resolvConf, []byte(c.ResolvConf()), 0o644); err != nil {
		return errors.Join(errors.New("name servers"), err)
	}
	return nil
}
