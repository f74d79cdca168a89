//go:build linux

// Package logrotate is the program logrotate-start, which runs logrotate again and again.
package logrotate

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/seaworthy-os/seaworthy/components/applet"
)

// Main runs the program.
func Main() {
	r := repeater{state: "/state/status", run: applet.Output}
	(&applet.Program{Name: "logrotate-start", Usage: "[flags]", Flags: r.flags, Run: r.repeat}).Main()
}

type repeater struct {
	run   func(ctx context.Context, args ...string) (string, error)
	state string
	every time.Duration
}

func (r *repeater) flags(fs *flag.FlagSet) {
	fs.DurationVar(&r.every, "every", time.Hour, "time between two runs; 0 runs it once")
}

// repeat goes on after a failure: a log that cannot be rotated now may be the next time.
// A failure of a single run ends the program.
func (r *repeater) repeat(ctx context.Context, w io.Writer, args []string) error {
	if len(args) > 0 || r.every < 0 {
		return applet.Usagef("-every is not below 0, and there are no other arguments")
	}
	for {
		out, err := r.run(ctx, "logrotate", "--state", r.state, "/etc/logrotate.conf")
		if err == nil { // only its owner can read what logrotate writes, and other programs read it too
			err = os.Chmod(r.state, 0o644)
		}
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // the system ends
		case r.every == 0:
			return err
		case err != nil:
			fmt.Fprintln(w, err)
		case out != "":
			fmt.Fprintln(w, out)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(r.every):
		}
	}
}
