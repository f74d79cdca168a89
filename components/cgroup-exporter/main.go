// Command cgroup-exporter serves figures of each cgroup in Prometheus' text format: on
// /metrics, for all cgroups below a folder in which cgroup v2 is mounted.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/seaworthy-os/seaworthy/components/landlock"
)

func main() {
	listen := flag.String("listen", ":9101", "the address to serve on")
	root := flag.String("root", "/cgroup", "where cgroup v2 is mounted")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	err := serve(ctx, *listen, *root)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "cgroup-exporter:", err)
		os.Exit(1)
	}
}

func serve(ctx context.Context, listen, root string) error {
	if _, err := os.Stat(root + "/cgroup.controllers"); err != nil {
		return fmt.Errorf("cgroup v2 is not mounted on %s: %w", root, err)
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	if _, err := landlock.Restrict(landlock.Needs{Read: []string{root}}); err != nil {
		fmt.Fprintln(os.Stderr, "cgroup-exporter:", err)
	}
	s := &http.Server{Handler: handler(root), ReadTimeout: time.Minute, WriteTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
	go func() {
		<-ctx.Done()
		_ = s.Close()
	}()
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// handler serves /metrics.
func handler(root string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		text, err := collect(root)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		_, _ = w.Write(text)
	})
	return mux
}
