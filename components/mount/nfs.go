//go:build linux

package mount

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/components/applet"
)

// NFS runs the program nfs-client, which mounts a folder of an NFS server.
func NFS() {
	var n share
	(&applet.Program{Name: "nfs-client", Usage: "[flags] SERVER:/PATH FOLDER",
		Flags: func(fs *flag.FlagSet) {
			fs.StringVar(&n.version, "version", "4.2", "the version of the protocol: 3, 4, 4.1 or 4.2")
			fs.IntVar(&n.port, "port", 2049, "the TCP port of the server")
			fs.StringVar(&n.options, "options", "nosuid,nodev,noexec,noatime,hard", "mount options, with commas")
			fs.DurationVar(&n.wait, "wait", 5*time.Minute, "how long to try")
		},
		Run: func(ctx context.Context, w io.Writer, args []string) error {
			if len(args) != 2 {
				return applet.Usagef("give SERVER:/PATH and a folder")
			}
			return n.run(ctx, w, args[0], args[1], unix.Mount)
		}}).Main()
}

// share is a folder of a server.
type share struct {
	version, options string
	port             int
	wait             time.Duration
}

type mounter func(source, target, typ string, flags uintptr, data string) error

func (n *share) run(ctx context.Context, w io.Writer, source, folder string, mount mounter) error {
	host, path, err := splitSource(source)
	if err != nil {
		return err
	}
	if !filepath.IsAbs(folder) || filepath.Clean(folder) != folder || folder == "/" {
		return applet.Usagef("%q is not an absolute path of a folder", folder)
	}
	flags, more, err := parse(n.options)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	if err := shared(folder); err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(ctx, n.wait)
	defer stop()
	last := ""
	for {
		err := n.try(ctx, host, path, folder, flags, more, mount)
		if err == nil {
			fmt.Fprintf(w, "%s on %s\n", source, folder)
			return nil
		}
		err = fmt.Errorf("cannot mount %s on %s: %w", source, folder, err)
		// Another try does not help against these.
		for _, e := range []error{unix.ENODEV, unix.EPERM, unix.EINVAL, applet.ErrUsage} {
			if errors.Is(err, e) {
				return err
			}
		}
		if s := err.Error(); s != last {
			fmt.Fprintln(w, s)
			last = s
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(time.Second):
		}
	}
}

// splitSource reads SERVER:/PATH. An address of IPv6 has brackets.
func splitSource(s string) (host, path string, err error) {
	host, path, ok := strings.Cut(s, ":/")
	if !ok || host == "" {
		return "", "", applet.Usagef("%q is not SERVER:/PATH", s)
	}
	path = "/" + path
	if h, ok := strings.CutPrefix(host, "["); ok {
		host = strings.TrimSuffix(h, "]")
	}
	return host, path, nil
}

func (n *share) try(ctx context.Context, host, path, folder string, flags uintptr, more string, mount mounter) error {
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return err
	}
	data, err := n.data(found[0].Unmap())
	if err != nil {
		return err
	}
	if more != "" {
		data += "," + more
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	err = mount(host+":"+path, folder, "nfs", flags, data)
	if errors.Is(err, unix.ENODEV) || errors.Is(err, unix.EPROTONOSUPPORT) {
		return fmt.Errorf("%w: the kernel does not have NFS %s; load the module nfsv%.1s before", unix.ENODEV, n.version, n.version)
	}
	return err
}

// data is what the kernel needs to know about the server: the kernel does not look up names.
func (n *share) data(server netip.Addr) (string, error) {
	if n.port < 1 || n.port > 65535 {
		return "", applet.Usagef("-port %d: it must be from 1 to 65535", n.port)
	}
	proto := "tcp"
	if server.Is6() {
		proto = "tcp6"
	}
	data := fmt.Sprintf("vers=%s,addr=%s,proto=%s,port=%d", n.version, server, proto, n.port)
	switch n.version {
	case "3":
		// One port for everything, and no locks, which need more programs on both sides.
		return data + fmt.Sprintf(",mountaddr=%s,mountproto=%s,mountport=%d,nolock", server, proto, n.port), nil
	case "4", "4.1", "4.2":
		return data, nil
	}
	return "", applet.Usagef("-version %s is not 3, 4, 4.1 or 4.2", n.version)
}
