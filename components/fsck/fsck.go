//go:build linux

// Package fsck is the program fsck, which checks and mends a file system before it is
// mounted.
package fsck

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/components/applet"
	"github.com/seaworthy-os/seaworthy/components/block"
)

// Main runs the program.
func Main() {
	c := checker{devices: block.System, run: applet.Output}
	(&applet.Program{Name: "fsck", Usage: "[flags] DEVICE...", Flags: c.flags, Run: c.check}).Main()
}

type checker struct {
	devices    block.Finder
	run        func(ctx context.Context, args ...string) (string, error)
	force, yes bool
	missing    bool
	wait       time.Duration
}

func (c *checker) flags(fs *flag.FlagSet) {
	fs.BoolVar(&c.force, "force", false, "check a file system that is marked as clean too")
	fs.BoolVar(&c.yes, "yes", false, "mend everything, also if data may be lost")
	fs.BoolVar(&c.missing, "missing-ok", false, "do not fail if a device has no file system yet")
	fs.DurationVar(&c.wait, "wait", block.Patience, "how long to wait for each device")
}

func (c *checker) check(ctx context.Context, w io.Writer, args []string) error {
	if len(args) == 0 {
		return applet.Usagef("give the device")
	}
	var errs []error
	for _, spec := range args {
		if err := c.one(ctx, w, spec); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (c *checker) one(ctx context.Context, w io.Writer, spec string) error {
	d, err := c.devices.Wait(ctx, spec, c.wait)
	if err != nil {
		return err
	}
	content, err := d.Content()
	if err != nil {
		return err
	}
	switch {
	case content.Type == "" && c.missing:
		fmt.Fprintf(w, "%s: nothing to check\n", d.Path)
		return nil
	case content.Type == "xfs" || content.Type == "btrfs":
		// The kernel mends these when they are mounted.
		fmt.Fprintf(w, "%s: %s needs no check\n", d.Path, content.Type)
		return nil
	case !strings.HasPrefix(content.Type, "ext"):
		return fmt.Errorf("%s: %q cannot be checked: only ext2, ext3 and ext4 can", d.Path, content.Type)
	}
	args := []string{"-p"}
	if c.yes {
		args[0] = "-y"
	}
	if c.force {
		args = append(args, "-f")
	}
	if err := E2fsck(ctx, w, c.run, append(args, d.Path)...); err != nil {
		return fmt.Errorf("%w (with -yes, everything is mended, and data may be lost)", err)
	}
	return nil
}

// E2fsck checks and mends a file system of ext2, ext3 or ext4: the last argument is its
// device. run runs a program of the image, and returns its output.
func E2fsck(ctx context.Context, w io.Writer, run func(ctx context.Context, args ...string) (string, error), args ...string) error {
	out, err := run(ctx, append([]string{"e2fsck"}, args...)...)
	for line := range strings.Lines(out) {
		fmt.Fprintf(w, "%s\n", strings.TrimSpace(line))
	}
	// 1: mended. 2: mended, and the machine must start again if the file system is
	// mounted, which it is not. From 4 on: damage is left, or nothing was checked.
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() < 4 && exit.ExitCode() > 0 {
		fmt.Fprintf(w, "%s: mended\n", args[len(args)-1])
		return nil
	}
	return err
}
