package sandbox

import (
	"context"
	"runtime"
	"runtime/metrics"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// Watch stops a call that exceeds a bound. It returns when ctx is done.
type Watch func(ctx context.Context, stop context.CancelCauseFunc)

// Within calls fn until one of the watches stops it. Then the error contains the
// cause that the watch gave. Within leaves a call behind that does not end soon
// after its context.
func Within[T any](ctx context.Context, fn func(context.Context) (T, error), watches ...Watch) (T, error) {
	return within(ctx, grace, fn, watches...)
}

func within[T any](ctx context.Context, grace time.Duration, fn func(context.Context) (T, error), watches ...Watch) (T, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	for _, w := range watches {
		go w(ctx, stop)
	}
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		v, err := fn(ctx)
		done <- outcome{v, err}
	}()
	var out outcome
	select {
	case out = <-done:
	case <-ctx.Done():
		select {
		case out = <-done:
		case <-time.After(grace):
		}
	}
	if ctx.Err() != nil {
		return out.value, system.Unusable("the evaluation of the rules was stopped").Because(context.Cause(ctx)).Suggest("look for a rule that loops or builds very large values: run seaworthy rules test")
	}
	return out.value, out.err
}

// WatchClock stops a call that has not ended after the time most.
func WatchClock(most time.Duration) Watch {
	return func(ctx context.Context, stop context.CancelCauseFunc) {
		select {
		case <-ctx.Done():
		case <-time.After(most):
			stop(errDeadline)
		}
	}
}

// WatchHeap stops a call when the heap grows by more than most bytes: a deadline
// does not bound memory.
func WatchHeap(most uint64) Watch {
	return func(ctx context.Context, stop context.CancelCauseFunc) {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		read := func() uint64 { metrics.Read(sample); return sample[0].Value.Uint64() }
		start := read()
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if now := read(); now < start+most {
					continue
				}
				runtime.GC() // garbage does not count
				if read() >= start+most {
					stop(errMemory)
					return
				}
			}
		}
	}
}
