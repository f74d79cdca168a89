// Command seaworthy builds minimal Linux systems from container images, proves
// what they may do, signs them, and verifies them before they boot. Flags go
// in, an exit code comes out; the work is done by the packages beside this
// folder.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/seaworthy-os/seaworthy/internal/lategc"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	// The first signal lets the work end in order; the second ends the program.
	context.AfterFunc(ctx, stop)
	if len(os.Args) > 1 && os.Args[1] == guestVerb { // which has bounds of its own
		lategc.End()
	}
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
