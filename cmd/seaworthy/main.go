// Command seaworthy builds minimal Linux systems from container images, checks
// what they are allowed to do, signs them, and verifies them before they boot.
// This package reads flags and sets the exit code. Other packages do the work.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/lategc"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	// The first signal cancels the work; the second kills the program.
	context.AfterFunc(ctx, func() { stop(); bounded.Interrupt() })
	if len(os.Args) > 1 && os.Args[1] == cli.GuestVerb { // the guest has its own memory limit
		lategc.End()
	}
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) //nolint:gocritic // the process ends, and with it what was deferred
}
