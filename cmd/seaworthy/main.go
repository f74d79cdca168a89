// Command seaworthy builds minimal Linux systems from container images, proves
// what they may do, signs them, and verifies them before they boot. Flags go
// in, an exit code comes out; the work is done by the packages beside this
// folder.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	// The first signal lets the work end in order; the second ends the program.
	context.AfterFunc(ctx, stop)
	if len(os.Args) < 2 || os.Args[1] != guestVerb { // which has bounds of its own
		collectLate()
	}
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// collectLate has no memory collected before there is some worth it: most runs
// are over by then, a fifth sooner. From the first collection on all is as
// usual, and from the start where the environment says how to collect.
func collectLate() {
	const worth = 96 << 20
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	usual := debug.SetGCPercent(-1)
	limit := debug.SetMemoryLimit(worth)
	type canary struct{ _ [64]byte }
	runtime.AddCleanup(new(canary), func(struct{}) {
		debug.SetGCPercent(usual)
		debug.SetMemoryLimit(limit)
	}, struct{}{})
}
