//go:build linux

// Command report is an HTTP server. It reports what its own container is
// allowed to do: its user, capabilities, seccomp filter, namespaces and mounts,
// and the results of actions that should be forbidden.
//
//	GET /         the report, as JSON
//	GET /healthz  "ok"
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

func main() {
	listen := flag.String("listen", ":8081", "address to listen on")
	once := flag.Bool("once", false, "print the report and end")
	nothing := flag.Bool("nothing", false, "do nothing, well")
	flag.Parse()
	if *nothing {
		return
	}
	if *once {
		e := json.NewEncoder(os.Stdout)
		e.SetIndent("", "  ")
		if err := e.Encode(collect()); err != nil {
			fmt.Fprintln(os.Stderr, "report:", err)
			os.Exit(1)
		}
		return
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1) //nolint:gocritic // the process ends, so deferred calls are not needed
	}
	fmt.Printf("report: listening on %s\n", *listen)
	server := &http.Server{
		Handler:     handler(collect),
		ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: 30 * time.Second, MaxHeaderBytes: 16 << 10,
	}
	// The first process of a container receives only signals that it handles.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1) //nolint:gocritic // the process ends, so deferred calls are not needed
	}
}

// handler serves the report that collect makes. It makes one report at a time,
// because the attempts change the container's state for a short time.
func handler(collect func() *Report) http.Handler {
	var mu sync.Mutex
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		_ = e.Encode(collect()) // an error means that the client has gone
	})
	return mux
}
