package guest

import (
	"context"
	"fmt"
	"syscall"
	"time"
)

// oneShot runs an onboot or onshutdown container to its end. When ctx ends,
// the container is stopped.
func (i *initSystem) oneShot(ctx context.Context, b *Bundle) error {
	out, err := newOutput(i.console, b.Name, "/run/log/"+b.Name+".log")
	if err != nil {
		return err
	}
	defer out.close()
	// The reason is mostly the last thing that the container, or the OCI
	// runtime, had to say.
	explain := func(err error) error {
		out.close()
		if l := out.lastLine(); l != "" {
			return fmt.Errorf("%w: %s", err, l)
		}
		return err
	}
	if err := i.runner.prepare(b); err != nil {
		return err
	}
	c, err := i.runner.start(ctx, b, out.w)
	if err != nil {
		return explain(err)
	}
	select {
	case ws := <-c.ended:
		i.runner.remove(b, out.w)
		if failed(ws) {
			return explain(fmt.Errorf("%s", statusText(ws)))
		}
		return nil
	case <-ctx.Done():
		i.runner.stop(c, i.grace, out.w)
		return context.Cause(ctx)
	}
}

// keep runs a service until ctx ends, starting it again as its annotations
// say. It calls first when it knows whether the first start went well (later
// calls mean nothing).
func (i *initSystem) keep(ctx context.Context, b *Bundle, first func(ok bool)) {
	defer first(false)
	say := func(format string, args ...any) {
		i.console.Printf("service %s: %s", b.Name, fmt.Sprintf(format, args...))
	}
	again, err := newBackoff(b.Annotations)
	if err != nil {
		say("not started: %v", err)
		return
	}
	out, err := newOutput(i.console, b.Name, "/run/log/"+b.Name+".log")
	if err != nil {
		say("not started: %v", err)
		return
	}
	defer out.close()
	if err := i.runner.prepare(b); err != nil {
		say("not started: %v", err)
		return
	}
	supervise(ctx, again, say, first, func() (*life, error) {
		c, err := i.runner.start(ctx, b, out.w)
		if err != nil {
			return nil, err
		}
		return &life{
			ended:  c.ended,
			stop:   func() bool { return i.runner.stop(c, i.grace, out.w) },
			remove: func() { i.runner.remove(b, out.w) },
			grace:  i.grace,
		}, nil
	})
}

// life is a container that runs.
type life struct {
	ended <-chan syscall.WaitStatus
	// stop ends it, and says whether that took force; remove clears away what
	// is left of one that has ended.
	stop   func() (forced bool)
	remove func()
	grace  time.Duration
}

// supervise starts a container, and starts it again when it ends, until ctx
// ends: from then on nothing is started, whatever the container does.
func supervise(ctx context.Context, again *backoff, say func(string, ...any), first func(bool), start func() (*life, error)) {
	for ctx.Err() == nil {
		began := uptime()
		why, bad := "", true
		c, err := start()
		if err != nil {
			why = err.Error()
			first(false)
		} else {
			first(true)
			if ctx.Err() == nil {
				say("started (%.1f s)", (uptime() - began).Seconds())
			}
			began = uptime()
			select {
			case <-ctx.Done():
				if c.stop() {
					say("killed: it did not stop within %v", c.grace)
				} else {
					say("stopped")
				}
				return
			case ws := <-c.ended:
				c.remove()
				why, bad = statusText(ws), failed(ws)
			}
		}
		if ctx.Err() != nil {
			say("%s; not started again: the system is shutting down", why)
			return
		}
		delay, stop := again.next(uptime()-began, bad)
		if stop != "" {
			say("%s; not started again: %s", why, stop)
			return
		}
		say("%s; starts again in %v", why, delay)
		select {
		case <-ctx.Done():
		case <-time.After(delay):
		}
	}
}
