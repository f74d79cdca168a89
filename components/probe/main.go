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
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/seaworthy-os/seaworthy/components/landlock"
	"github.com/seaworthy-os/seaworthy/internal/health"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	all, err := read("/etc/probe.json")
	if err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(1)
	}
	if _, err := landlock.Restrict(needs(all)); err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
	}
	run(ctx, all)
	<-ctx.Done() // a service that ends would be started again
	stop()
}

func read(file string) (all []health.Component, err error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return all, nil
}

// needs is what the checks need: TCP ports, and the files that they read. A file may
// not exist yet, so the check gets the first folder above it that exists.
func needs(all []health.Component) (n landlock.Needs) {
	for _, c := range all {
		for _, check := range c.Checks {
			if check.TCP != 0 {
				n.Connect = append(n.Connect, check.TCP)
			}
			if check.File != "" {
				dir := filepath.Dir(check.File)
				for !isFolder(dir) {
					dir = filepath.Dir(dir)
				}
				n.Read = append(n.Read, dir)
			}
		}
	}
	return n
}

func isFolder(name string) bool {
	st, err := os.Stat(name)
	return err == nil && st.IsDir()
}

func run(ctx context.Context, all []health.Component) {
	var wg sync.WaitGroup
	for _, c := range all {
		wg.Go(func() { wait(ctx, c) })
	}
	wg.Wait()
	if ctx.Err() == nil {
		fmt.Printf("probe: all %d components answer\n", len(all))
	}
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
			if s := health.Reason(err); s != last {
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
