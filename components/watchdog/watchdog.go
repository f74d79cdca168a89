//go:build linux

// Package watchdog is the program watchdog, which feeds the watchdog of the machine as
// long as the services answer.
package watchdog

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/components/applet"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/health"
)

// Main runs the program.
func Main() {
	f := feeder{open: open}
	(&applet.Program{Name: "watchdog", Usage: "[flags]", Flags: f.flags, Run: f.run}).Main()
}

// dog is a watchdog.
type dog interface {
	// Arm sets the time after which the machine is reset without food, and returns
	// the one that the device has chosen.
	Arm(time.Duration) (time.Duration, error)
	Feed() error
	Close() error
}

type feeder struct {
	open func(device string) (dog, error)

	device, checks string
	timeout        time.Duration
}

func (f *feeder) flags(fs *flag.FlagSet) {
	fs.StringVar(&f.device, "device", "/dev/watchdog", "the watchdog of the machine")
	fs.StringVar(&f.checks, "checks", "/etc/watchdog.json", "file with the checks, in the form of the component probe")
	fs.DurationVar(&f.timeout, "timeout", time.Minute, "the machine is reset if no service answers, or no program runs, for so long")
}

// maxChecks limits how much of the file with the checks is read.
const maxChecks = 1 << 20

func (f *feeder) run(ctx context.Context, w io.Writer, args []string) error {
	if len(args) > 0 || f.timeout < 3*time.Second || f.timeout > 24*time.Hour {
		return applet.Usagef("-timeout is 3s to 24h, and there are no other arguments")
	}
	data, err := bounded.ReadFile(f.checks, maxChecks)
	if err != nil {
		return fmt.Errorf("%s: %w", f.checks, err)
	}
	var all []health.Component
	if err := json.Unmarshal(data, &all); err != nil {
		return fmt.Errorf("%s: %w", f.checks, err)
	}
	for _, c := range all {
		for i := range c.Checks {
			if err := c.Checks[i].Validate(); err != nil {
				return fmt.Errorf("%s: %s: %w", f.checks, c.Name, err)
			}
		}
	}
	d, err := f.open(f.device)
	if err != nil {
		return fmt.Errorf("%w (is the driver of the machine's watchdog loaded, or softdog?)", err)
	}
	timeout, err := d.Arm(f.timeout)
	if err != nil {
		return errors.Join(fmt.Errorf("the watchdog does not take a time of %s: %w", f.timeout, err), d.Close())
	}
	fmt.Fprintf(w, "the machine is reset if %d services do not answer for %s\n", len(all), timeout)
	// Closed without the letter V, the watchdog stays armed: a system that hangs while it
	// ends is reset too.
	return errors.Join(f.feed(ctx, w, d, all, timeout/3), d.Close())
}

// feed feeds the watchdog until the system ends. Several tries fit into its time, so one
// slow answer does no harm.
func (f *feeder) feed(ctx context.Context, w io.Writer, d dog, all []health.Component, pause time.Duration) error {
	hungry := false
	for {
		err := ask(ctx, all, pause)
		if ctx.Err() != nil {
			return d.Feed()
		}
		switch {
		case err == nil:
			if err := d.Feed(); err != nil {
				return err
			}
			if hungry {
				fmt.Fprintln(w, "all services answer again")
			}
		case !hungry:
			fmt.Fprintf(w, "the watchdog gets no food: %v\n", err)
		}
		hungry = err != nil
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// ask asks all services at once.
func ask(ctx context.Context, all []health.Component, patience time.Duration) error {
	errs := make([]error, len(all))
	var wg sync.WaitGroup
	for i, c := range all {
		wg.Go(func() {
			for _, check := range c.Checks {
				if _, err := check.Run(ctx, patience); err != nil {
					errs[i] = fmt.Errorf("%s: %s: %w", c.Name, check.String(), err)
					return
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// device is a watchdog of the kernel (Documentation/watchdog/watchdog-api.rst).
type device struct{ *os.File }

func open(path string) (dog, error) {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	return device{f}, nil
}

// Arm sets the time.
func (d device) Arm(t time.Duration) (time.Duration, error) {
	fd := int(d.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.WDIOC_SETTIMEOUT, int(t/time.Second)); err != nil {
		return 0, err
	}
	n, err := unix.IoctlGetInt(fd, unix.WDIOC_GETTIMEOUT)
	return time.Duration(n) * time.Second, err
}

// Feed gives the machine time until the next reset.
func (d device) Feed() error { return unix.IoctlWatchdogKeepalive(int(d.Fd())) }
