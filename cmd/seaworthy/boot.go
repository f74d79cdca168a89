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

// maxCmdline limits the size of the command line file. The kernel's own limit is
// at most 4 KiB.
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
		Long: `Boot verifies a folder that build wrote (format kernel+initrd), as verify does. QEMU gets
exactly the bytes that were verified. The guest's console goes to stdout. The machine runs
until it powers off. An interrupt (Ctrl-C) asks it to shut down.

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
	fs.StringArrayVar(&publish, "publish", nil, "HOST:GUEST: forward TCP port HOST of 127.0.0.1 to port GUEST of the machine (repeatable)")
	fs.IntVar(&memory, "memory", 512, "memory of the machine, in MiB")
	fs.IntVar(&cpus, "cpus", 1, "number of processors of the machine")
	fs.StringVar(&accel, "accel", "tcg", "tcg (works everywhere) or kvm")
	fs.DurationVar(&timeout, "timeout", 0, "stop the machine after this time (default: never)")
	return cmd
}

// shutdownGrace is the time that a system gets to shut down.
const shutdownGrace = time.Minute

// runMachine runs a machine until it ends. If ctx ends first, it asks the system
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
			fmt.Fprintf(c.err, "seaworthy: the system did not shut down within %s; the machine was killed\n", shutdownGrace)
		}
	}
	return m.Wait()
}

// machineOf copies the verified boot files to memory that cannot change, so that
// QEMU gets the bytes that were verified.
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
		return system.BadInput("image %s cannot boot: it needs a kernel, an initrd and a command line", r.Name).
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
