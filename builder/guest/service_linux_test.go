package guest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
)

// supervised runs a service. start returns the result of the n-th start. It
// returns the printed lines and the number of starts.
func supervised(ctx context.Context, start func(n int) (*instance, error)) (said []string, starts int) {
	again := &backoff{policy: "always"}
	say := func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) }
	supervise(ctx, again, say, func(bool) {}, func() (*instance, error) {
		starts++
		return start(starts)
	})
	return said, starts
}

func ended(ws syscall.WaitStatus) <-chan syscall.WaitStatus {
	c := make(chan syscall.WaitStatus, 1)
	c <- ws
	return c
}

// After a shutdown has begun, a service is never started again, even if it
// fails at that moment.
func TestNoRestartInShutdown(t *testing.T) {
	quiet := func(c <-chan syscall.WaitStatus) *instance {
		return &instance{ended: c, stop: func() bool { return false }, remove: func() {}, grace: time.Second}
	}
	for name, start := range map[string]func(stop func()) (*instance, error){
		"fails as the shutdown begins": func(stop func()) (*instance, error) { stop(); return quiet(ended(1 << 8)), nil },
		"ends as the shutdown begins":  func(stop func()) (*instance, error) { stop(); return quiet(ended(0)), nil },
		"fails, then the shutdown begins": func(stop func()) (*instance, error) {
			c := quiet(ended(1 << 8))
			c.remove = stop
			return c, nil
		},
		"cannot be started":        func(stop func()) (*instance, error) { stop(); return nil, errors.New("no") },
		"runs":                     func(stop func()) (*instance, error) { stop(); return quiet(nil), nil },
		"is started while it does": func(stop func()) (*instance, error) { go stop(); return quiet(nil), nil },
	} {
		t.Run(name, func(t *testing.T) {
			for range 50 { // both orders of the two events are possible
				ctx, cancel := context.WithCancel(context.Background())
				said, starts := supervised(ctx, func(int) (*instance, error) { return start(cancel) })
				if starts != 1 || strings.Contains(strings.Join(said, "\n"), "starts again") {
					t.Fatalf("%d starts; said %q", starts, said)
				}
			}
		})
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if said, starts := supervised(ctx, nil); starts != 0 || len(said) > 0 {
		t.Errorf("%d starts after the shutdown began; said %q", starts, said)
	}
	if _, err := (&runner{}).start(ctx, &Bundle{}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("the runtime was asked: %v", err)
	}
}

// Before a shutdown, a service that ends is started again.
func TestRestart(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	said, starts := supervised(ctx, func(n int) (*instance, error) {
		if n == 2 {
			cancel()
			return &instance{stop: func() bool { return true }, grace: time.Second}, nil
		}
		return &instance{ended: ended(2 << 8), remove: func() {}}, nil
	})
	if want := "exit status 2; starts again in 500ms"; starts != 2 || len(said) != 3 || said[1] != want || said[2] != "killed: it did not stop within 1s" {
		t.Errorf("%d starts; said %q", starts, said)
	}
}
