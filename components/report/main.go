//go:build linux

// Command report answers over HTTP with what its own container is allowed to
// do: who it is, its capabilities, its seccomp filter, its namespaces and
// mounts, and what happens when it tries what it should not be able to do.
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
		os.Exit(1) //nolint:gocritic // the process ends, and with it what was deferred
	}
	fmt.Printf("report: listening on %s\n", *listen)
	server := &http.Server{
		Handler:     handler(collect),
		ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: 30 * time.Second, MaxHeaderBytes: 16 << 10,
	}
	// As the first process of a container it gets no signal that it does not
	// ask for.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1) //nolint:gocritic // the process ends, and with it what was deferred
	}
}

// handler serves the report that collect makes, one at a time: the attempts
// in it touch the container's state.
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
		_ = e.Encode(collect()) // the client is gone
	})
	return mux
}
