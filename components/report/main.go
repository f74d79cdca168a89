//go:build linux

// Package report is the program report, an HTTP server. It reports what its own
// container is allowed to do: its user, capabilities, seccomp filter, namespaces,
// mounts and limits, and the results of actions that should be forbidden. It makes the
// report when it starts. Then it restricts itself with Landlock, and only serves.
//
//	GET /         the report, as JSON
//	GET /healthz  "ok"
package report

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
)

// Main runs the program.
func Main() {
	listen := flag.String("listen", ":8081", "address to listen on")
	once := flag.Bool("once", false, "print the report and end")
	nothing := flag.Bool("nothing", false, "do nothing, well")
	flag.Parse()
	if *nothing {
		return
	}
	if *once {
		if _, err := os.Stdout.Write(encode(collect())); err != nil {
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
	// The first process of a container receives only signals that it handles.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	go func() {
		<-ctx.Done()
		_ = listener.Close()
	}()
	r := collect()
	r.Landlock = restrict()
	(&server{report: encode(r)}).serve(listener)
}

func encode(r *Report) []byte {
	raw, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
	return append(raw, '\n')
}
