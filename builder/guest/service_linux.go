package guest

import (
	"context"
	"fmt"
	"syscall"
	"time"
)

// oneShot runs an onboot or onshutdown container until it ends. If ctx ends
// first, the container is stopped.
func (i *initSystem) oneShot(ctx context.Context, b *Bundle) error {
	out, err := newOutput(i.console, b.Name, "/run/log/"+b.Name+".log")
	if err != nil {
		return err
	}
	defer out.close()
	// The last line of the container or of the OCI runtime is usually the
	// reason.
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
		i.runner.remove(c, out.w)
		if failed(ws) {
			return explain(fmt.Errorf("%s", statusText(ws)))
		}
		return nil
	case <-ctx.Done():
		i.runner.stop(c, i.grace, out.w)
		return context.Cause(ctx)
	}
}

// keep runs a service until ctx ends. It starts the service again as its
// annotations say. It calls first with the result of the first start; later
// calls have no effect.
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
	supervise(ctx, again, say, first, func() (*instance, error) {
		c, err := i.runner.start(ctx, b, out.w)
		if err != nil {
			return nil, err
		}
		return &instance{
			ended:  c.ended,
			stop:   func() bool { return i.runner.stop(c, i.grace, out.w) },
			remove: func() { i.runner.remove(c, out.w) },
			grace:  i.grace,
		}, nil
	})
}

// instance is a running container.
type instance struct {
	ended <-chan syscall.WaitStatus
	// stop ends the container, and reports whether SIGKILL was needed. remove
	// cleans up after a container has ended.
	stop   func() (forced bool)
	remove func()
	grace  time.Duration
}

// supervise starts a container, and starts it again when it ends. After ctx has
// ended, it starts nothing, whatever the container does.
func supervise(ctx context.Context, again *backoff, say func(string, ...any), first func(bool), start func() (*instance, error)) {
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
