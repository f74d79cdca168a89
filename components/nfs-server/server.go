//go:build linux

// Package nfsserver is the program nfs-server, which gives the files of one folder to
// other machines by NFS, version 3. It runs as a user without rights, and needs no help of
// the kernel and no other port.
package nfsserver

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path"
	"time"

	"github.com/go-git/go-billy/v5"
	"github.com/go-git/go-billy/v5/osfs"
	"github.com/willscott/go-nfs"
	"github.com/willscott/go-nfs/helpers"
	"golang.org/x/net/netutil"

	"github.com/seaworthy-os/seaworthy/components/applet"
)

// Main runs the program.
func Main() {
	var address string
	var writable bool
	(&applet.Program{Name: "nfs-server", Usage: "[flags] FOLDER",
		Flags: func(fs *flag.FlagSet) {
			fs.StringVar(&address, "listen", ":2049", "the TCP address")
			fs.BoolVar(&writable, "writable", false, "clients can write: every machine that reaches the port can change all files")
		},
		Run: func(ctx context.Context, w io.Writer, args []string) error {
			if len(args) != 1 {
				return applet.Usagef("give one folder")
			}
			l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "%s on %s\n", args[0], l.Addr())
			nfs.Log.SetLevel(nfs.FatalLevel) // clients ask for more than the server can do, which is not an error
			return Serve(ctx, l, args[0], writable)
		}}).Main()
}

// Limits: a client has one connection. It keeps handles of the files that it uses.
const (
	maxClients = 64
	maxHandles = 1 << 16
)

// Serve answers clients until the context ends.
func Serve(ctx context.Context, l net.Listener, folder string, writable bool) error {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	defer root.Close()
	files := tree{osfs.New(folder, osfs.WithBoundOS()), root, writable}
	go func() {
		<-ctx.Done()
		_ = l.Close()
	}()
	err = nfs.Serve(netutil.LimitListener(l, maxClients), helpers.NewCachingHandler(export{helpers.NewNullAuthHandler(files), folder, files}, maxHandles))
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// export lets only writable folders be changed.
type export struct {
	nfs.Handler
	folder string
	files  tree
}

// Mount gives the folder to a client that asks for it by its path here, or for "/". A client
// with a mistake in the path gets an error, and not other files than it asked for.
func (e export) Mount(ctx context.Context, c net.Conn, r nfs.MountRequest) (nfs.MountStatus, billy.Filesystem, []nfs.AuthFlavor) {
	if p := path.Clean("/" + string(r.Dirpath)); p != "/" && p != path.Clean("/"+e.folder) {
		return nfs.MountStatusErrNoEnt, e.files, nil // a status without a handle
	}
	return e.Handler.Mount(ctx, c, r)
}

// Change returns what changes the attributes of files, nil if they cannot be changed.
func (e export) Change(billy.Filesystem) billy.Change {
	if !e.files.writable {
		return nil
	}
	return e.files
}

// tree is a folder. No link leads out of it.
type tree struct {
	billy.Filesystem
	root     *os.Root
	writable bool
}

// Capabilities says whether clients can write.
func (t tree) Capabilities() billy.Capability {
	if t.writable {
		return billy.WriteCapability | billy.ReadCapability | billy.ReadAndWriteCapability | billy.SeekCapability | billy.TruncateCapability
	}
	return billy.ReadCapability | billy.SeekCapability
}

func (t tree) Chmod(name string, mode os.FileMode) error { return t.root.Chmod(name, mode) }

func (t tree) Chown(name string, uid, gid int) error { return t.root.Chown(name, uid, gid) }

func (t tree) Lchown(name string, uid, gid int) error { return t.root.Lchown(name, uid, gid) }

func (t tree) Chtimes(name string, atime, mtime time.Time) error {
	return t.root.Chtimes(name, atime, mtime)
}
