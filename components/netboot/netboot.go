//go:build linux

// Package netboot is the program netboot, from which machines boot over the network: it
// serves the same files by TFTP, which firmware understands, and by HTTP, which is faster.
package netboot

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"time"

	"github.com/seaworthy-os/seaworthy/components/applet"
	"github.com/seaworthy-os/seaworthy/components/tftp"
)

// Main runs the program.
func Main() {
	var web, plain string
	var dirs applet.List
	(&applet.Program{Name: "netboot", Usage: "[flags]", FlagsOnly: true,
		Flags: func(fs *flag.FlagSet) {
			fs.StringVar(&web, "http", ":8069", "the TCP address of HTTP")
			fs.StringVar(&plain, "tftp", ":69", "the UDP address of TFTP; empty for none")
			fs.Var(&dirs, "dir", "folder with the files (repeatable; the first that has a file gives it)")
		},
		Run: func(ctx context.Context, w io.Writer, _ []string) error {
			files, err := tftp.Open(dirs)
			if err != nil {
				return err
			}
			l, err := new(net.ListenConfig).Listen(ctx, "tcp", web)
			if err != nil {
				return err
			}
			ctx, stop := context.WithCancel(ctx)
			defer stop()
			done := make(chan error, 2)
			go func() { done <- serve(ctx, w, l, files) }()
			if plain != "" {
				go func() { done <- tftp.Serve(ctx, w, plain, files) }()
			}
			return <-done // if one of them fails, the service is started again
		}}).Main()
}

// Limits of a request. A large file may take long.
const (
	maxHeader  = 16 << 10
	headerTime = time.Minute
	idleTime   = 5 * time.Minute
)

func serve(ctx context.Context, w io.Writer, l net.Listener, files tftp.Files) error {
	s := &http.Server{Handler: handler(w, files), MaxHeaderBytes: maxHeader, ReadHeaderTimeout: headerTime, IdleTimeout: idleTime}
	go func() {
		<-ctx.Done()
		_ = s.Close()
	}()
	fmt.Fprintf(w, "netboot: answers on %s\n", l.Addr())
	if err := s.Serve(l); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// handler serves files, and parts of files. It lists no folder.
func handler(w io.Writer, files tftp.Files) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			rw.Header().Set("Allow", "GET, HEAD")
			http.Error(rw, "only GET and HEAD", http.StatusMethodNotAllowed)
			return
		}
		f, st, err := files.Open(r.URL.Path)
		if err != nil {
			status := http.StatusForbidden
			if errors.Is(err, fs.ErrNotExist) {
				status = http.StatusNotFound
			}
			fmt.Fprintf(w, "netboot: %s %q: %d\n", r.Method, r.URL.Path, status)
			http.Error(rw, http.StatusText(status), status)
			return
		}
		defer f.Close()
		fmt.Fprintf(w, "netboot: %s %q by %q\n", r.Method, r.URL.Path, r.UserAgent())
		rw.Header().Set("X-Content-Type-Options", "nosniff")
		rw.Header().Set("Content-Type", "application/octet-stream")
		http.ServeContent(rw, r, "", st.ModTime(), f)
	})
}
