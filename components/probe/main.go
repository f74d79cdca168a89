// Command probe runs health checks until each of them has succeeded once, and prints
// one line for each. It reads the checks from /etc/probe.json:
//
//	[{"name": "redis", "checks": [{"tcp": 6379, "send": "PING\r\n", "expect": "PONG"}]}]
//
// When all have succeeded, it prints "probe: all N components answer" and waits.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/seaworthy-os/seaworthy/internal/health"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, "/etc/probe.json")
	if err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
	} else {
		<-ctx.Done() // a service that ends would be started again
	}
	stop()
	if err != nil {
		os.Exit(1)
	}
}

func run(ctx context.Context, file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var all []health.Component
	if err := json.Unmarshal(data, &all); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	var wg sync.WaitGroup
	for _, c := range all {
		wg.Go(func() { wait(ctx, c) })
	}
	wg.Wait()
	if ctx.Err() == nil {
		fmt.Printf("probe: all %d components answer\n", len(all))
	}
	return nil
}

// reason is an error without the port that the system chose for this try.
func reason(err error) string {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err.Error()
	}
	return err.Error()
}

// pause is the time between two tries.
const pause = time.Second

// A try waits longer than the one before: on a slow machine, a service may need more
// than the first time for its answer.
const (
	firstPatience = 30 * time.Second
	maxPatience   = 16 * time.Minute
)

// wait repeats each check until it succeeds. It prints a failure only if the last
// one was another, so a console without news stays silent.
func wait(ctx context.Context, c health.Component) {
	for _, check := range c.Checks {
		last, patience := "", firstPatience
		for {
			answer, err := check.Run(ctx, patience)
			if ctx.Err() != nil {
				return
			}
			if err == nil {
				fmt.Printf("probe: %s: %s answers %q\n", c.Name, check.String(), answer)
				break
			}
			if patience < maxPatience {
				patience *= 2
			}
			if s := reason(err); s != last {
				fmt.Printf("probe: %s: %s does not answer: %v\n", c.Name, check.String(), err)
				last = s
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(pause):
			}
		}
	}
	fmt.Printf("probe: %s: healthy\n", c.Name)
}
