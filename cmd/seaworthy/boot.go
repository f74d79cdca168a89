package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/boot"
	"github.com/seaworthy-os/seaworthy/builder/image"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/pipeline"
)

func (c *verbs) boot() *cobra.Command {
	var vf cli.VerifyFlags
	var redirectTo []string
	var format string
	var mf machineFlags
	var timeout time.Duration
	var secure, typed bool
	var vars string
	cmd := &cobra.Command{
		Use:   "boot DIR|FILE|REFERENCE",
		Short: "Verify an image, then run it in QEMU",
		Long: `Boot verifies a folder that build wrote, as verify does. QEMU gets exactly the bytes that
were verified. Kernel and initrd are started directly; disks and ISOs are started by the
firmware, and are read-only. The guest's console goes to stdout. The machine runs until it
powers off. An interrupt (Ctrl-C) asks it to shut down. FILE is a disk or an ISO in such a
folder; only this file is then verified and started. REFERENCE is an image in a registry: it
is fetched into a temporary folder, which is removed at the end.

--disk gives the system a second disk that it can write to, --cdrom a CD-ROM, and --tpm a TPM.
--guest-agent makes a socket on which programs such as virsh talk to the agent of the system. --input
types the lines of standard input on the console: a line appears when it is complete. --accel auto tests KVM by starting a small machine with it: a /dev/kvm that exists may not work.

With --secure-boot, the firmware starts the image only if a key of the variable store has
signed it. If it refuses the image, boot ends with exit status 4.

` + cli.ExitHelpPlain("QEMU is not installed, the system did not boot, or the registry cannot be reached"),
		Example: "  seaworthy boot --key seaworthy.pub --publish 8080:8080 --publish 5353:53/udp dist/os\n" +
			"  seaworthy boot --key seaworthy.pub --accel auto --disk data.img:4G --tpm dist/os\n" +
			"  seaworthy boot --key seaworthy.pub --secure-boot --secure-boot-vars keys/OVMF_VARS.fd dist/os",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := cli.ApplyConfig(cmd); err != nil {
				return err
			}
			o, err := mf.options()
			if err != nil {
				return err
			}
			o.Timeout, o.Console = timeout, c.Out
			if typed {
				o.Input = cmd.InOrStdin()
			}
			if o.SecureBoot, err = secureBootStore(secure, vars); err != nil {
				return err
			}
			v, certs, err := vf.Checks(cmd.Context(), c.Streams)
			if err != nil {
				return err
			}
			r, done, err := c.verifiedImage(cmd, args[0], redirectTo, cli.Seen{V: v, Certs: certs})
			defer done()
			if err != nil {
				return err
			}
			if err := pipeline.Machine(r, format, &o); err != nil {
				return err
			}
			defer mf.close(&o)
			if err := mf.set(cmd.Context(), c.Note, &o); err != nil {
				return err
			}
			scope := ""
			if r.Scope == verify.ScopeFile {
				scope = "only this file, "
			}
			fmt.Fprintf(c.Err, "seaworthy: verified %s (%spolicy %s); booting\n", args[0], scope, cli.Printable(r.Summary.Policy))
			return c.runMachine(cmd.Context(), o)
		},
	}
	vf.Add(cmd)
	vf.AddOpinion(cmd)
	cli.AddAllowRedirect(cmd, &redirectTo)
	fs := cmd.Flags()
	fs.StringVar(&format, "format", "", "image format to boot, if the image has several: "+strings.Join(image.Formats(image.Bootable), ", "))
	fs.BoolVar(&typed, "input", false, "type the lines of standard input on the machine's console, for example to log in with the component getty")
	mf.add(cmd, 512, "HOST:GUEST: forward TCP port HOST of 127.0.0.1 to port GUEST of the machine; HOST:GUEST/udp: a UDP port (repeatable)")
	fs.BoolVar(&secure, "secure-boot", false, "enforce Secure Boot: the firmware starts only what is signed by a key of --secure-boot-vars")
	fs.StringVar(&vars, "secure-boot-vars", "", "variable store with the enrolled keys, made by seaworthy key generate --secure-boot; it is not changed")
	fs.DurationVar(&timeout, "timeout", 0, "stop the machine after this time (default: never)")
	return cmd
}

// verifiedImage verifies an image in a registry, a folder that build wrote, or one
// file of it. The caller calls done at the end, also after an error.
func (c *verbs) verifiedImage(cmd *cobra.Command, path string, redirectTo []string, how cli.Seen) (r *verify.Result, done func(), err error) {
	if cli.IsReference(path) {
		f, err := c.Fetch(cmd, path, redirectTo, how, nil)
		if err != nil {
			return nil, func() {}, err
		}
		return f.R, func() { f.Close() }, nil
	}
	none := func() {}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, none, cli.NoOutput("boot", path)
	case err != nil:
		return nil, none, system.NotRead(path, err)
	case info.IsDir():
		r, err = how.V.Dir(path)
	default:
		r, err = how.V.File(path, "")
	}
	if err != nil {
		return nil, none, err
	}
	return r, func() { r.Close() }, cli.CheckBootImage(path, r, how.Certs)
}

// shutdownGrace is the time that a system gets to shut down.
const shutdownGrace = time.Minute

// runMachine runs a machine until it ends. If ctx ends first, it asks the system
// to shut down. If the computer is too busy for the kernel, it starts the machine again.
func (c *verbs) runMachine(ctx context.Context, o boot.Options) error {
	return boot.Retry(ctx, func() error { return c.runOnce(ctx, o) }, func() {
		fmt.Fprintf(c.Err, "seaworthy: %v; starting the machine again\n", boot.ErrBusy)
	})
}

func (c *verbs) runOnce(ctx context.Context, o boot.Options) error {
	m, err := boot.Start(context.WithoutCancel(ctx), o)
	if err != nil {
		return err
	}
	select {
	case <-m.Done():
	case <-ctx.Done():
		if m.NoPowerButton() {
			fmt.Fprintln(c.Err, "seaworthy: the system has no power button; the machine was killed")
			m.Kill()
			break
		}
		fmt.Fprintln(c.Err, "seaworthy: asking the system to shut down")
		if !m.PowerOff(shutdownGrace) {
			fmt.Fprintf(c.Err, "seaworthy: the system did not shut down within %s; the machine was killed\n", shutdownGrace)
		}
	}
	return m.Wait()
}
