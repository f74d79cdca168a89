package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/boot"
	"github.com/seaworthy-os/seaworthy/builder/image"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
)

// maxCmdline bounds the kernel command line; the kernel's own limit is 4 KiB at
// most.
const maxCmdline = 64 << 10

func (c *cli) boot() *cobra.Command {
	var vf verifyFlags
	var publish []string
	var memory, cpus int
	var accel string
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "boot DIR",
		Short: "Verify an image, then run it in QEMU",
		Long: `Boot verifies a folder that build wrote (format kernel+initrd), as verify does, and hands
QEMU the very bytes that it verified. The guest's console goes to stdout. The machine
runs until it powers off; an interrupt presses its power button.

` + exitHelpPlain,
		Example: "  seaworthy boot --key seaworthy.pub --publish 8080:8080 dist/os",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := applyConfig(cmd); err != nil {
				return err
			}
			o := boot.Options{Memory: memory, CPUs: cpus, Accel: accel, Timeout: timeout, Console: c.out}
			for _, p := range publish {
				f, err := boot.ParseForward(p)
				if err != nil {
					return err
				}
				o.Forward = append(o.Forward, f)
			}
			v, err := vf.verifier()
			if err != nil {
				return err
			}
			if !exists(args[0]) {
				return noOutput("boot", args[0])
			}
			r, err := v.Dir(args[0])
			if err != nil {
				return err
			}
			defer r.Close()
			if err := machineOf(r, &o); err != nil {
				return err
			}
			fmt.Fprintf(c.err, "seaworthy: verified %s (policy %s); booting\n", args[0], printable(r.Summary.Policy))
			return c.runMachine(cmd.Context(), o)
		},
	}
	vf.add(cmd)
	fs := cmd.Flags()
	fs.StringArrayVar(&publish, "publish", nil, "HOST:GUEST: TCP port of 127.0.0.1 that leads to the guest's (repeatable)")
	fs.IntVar(&memory, "memory", 512, "memory of the machine, in MiB")
	fs.IntVar(&cpus, "cpus", 1, "processors of the machine")
	fs.StringVar(&accel, "accel", "tcg", "tcg (works everywhere) or kvm")
	fs.DurationVar(&timeout, "timeout", 0, "end the machine after this time (default: never)")
	return cmd
}

// shutdownGrace is how long a system may take to shut down.
const shutdownGrace = time.Minute

// runMachine runs a machine to its end; when ctx ends first, the system is asked
// to shut down.
func (c *cli) runMachine(ctx context.Context, o boot.Options) error {
	m, err := boot.Start(context.WithoutCancel(ctx), o)
	if err != nil {
		return err
	}
	select {
	case <-m.Done():
	case <-ctx.Done():
		fmt.Fprintln(c.err, "seaworthy: asking the system to shut down")
		if !m.PowerOff(shutdownGrace) {
			fmt.Fprintf(c.err, "seaworthy: it did not within %s, and was ended\n", shutdownGrace)
		}
	}
	return m.Wait()
}

// machineOf takes the boot files from what was verified: copies that cannot
// change, so that nothing can come between the check and the boot.
func machineOf(r *verify.Result, o *boot.Options) error {
	o.Arch = r.Arch
	var cmdline *os.File
	var errs []error
	for _, f := range r.Files {
		into := map[string]**os.File{r.Name + image.KernelEnding: &o.Kernel, r.Name + image.InitrdEnding: &o.Initrd, r.Name + image.CmdlineEnding: &cmdline}[f.Name]
		if into == nil {
			continue
		}
		var err error
		*into, err = boot.Private(f.Name, f.Digest, r.Open(f.Name))
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if o.Kernel == nil || o.Initrd == nil || cmdline == nil {
		return system.BadInput("image %s has no kernel, initrd and command line to boot", r.Name).
			Suggest("build it with --format %s", strings.Join(image.Formats(func(f image.Format) bool { return f.Bootable }), " or "))
	}
	defer cmdline.Close()
	text, err := bounded.Read(cmdline, maxCmdline)
	if err != nil {
		return system.Unusable("command line").Because(err)
	}
	o.Cmdline = string(bytes.TrimSpace(text))
	return nil
}
