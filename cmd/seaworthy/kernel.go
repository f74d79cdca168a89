package main

import (
	"errors"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/builder"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/pipeline"
	"github.com/seaworthy-os/seaworthy/policy"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/scanner"
)

func (c *verbs) kernel() *cobra.Command {
	cmd := &cobra.Command{Use: "kernel", Short: "Check a kernel alone, write its configuration, and list the CVEs that concern it"}
	var kf kernelFlags
	var pf cli.PolicyFlags
	var from cli.ResolveFlags
	check := &cobra.Command{
		Use:   "check CONFIG|IMAGE",
		Short: "Check a kernel's configuration, command line and sysctls",
		Long: `Check applies the rules that need only a kernel's configuration, its command line and its
sysctls. CONFIG is a .config file, plain or compressed (/proc/config.gz). IMAGE is a kernel
that was built with CONFIG_IKCONFIG: bzImage, vmlinux, Image, Image.gz or EFI zboot. "-" is
standard input. IMAGE can also be a disk, an ISO, a UKI or a tar with one kernel inside. The
configuration is then that inside the kernel, or else that in /boot or /lib/modules of the
root. If there is none, the exit code is 3. The command line of the image is used too, if it
has exactly one.

Rules about an input that is not given are left out, and the report says so. If the command
line is not given, rules that read both the configuration and the command line assume an
empty command line.

Sysctl files are read as sysctl.d(5) describes. "*" in place of an interface name means
"all" and "default". It does not change a key that a file sets by its full name, or excludes
with "-KEY".

` + strings.Replace(cli.ExitHelp, cli.BadComponent, "a file cannot be read", 1),
		Example: `  seaworthy kernel check /boot/config-6.1.0-41-amd64
  seaworthy kernel check --cmdline-file /proc/cmdline --policy hardened /proc/config.gz
  sysctl -a | seaworthy kernel check --sysctl - --report sarif=kernel.sarif arch/x86/boot/bzImage`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := cli.ApplyConfig(cmd); err != nil {
				return err
			}
			reports, err := cli.ParseReports(pf.Reports)
			if err != nil {
				return err
			}
			o, err := pf.Options()
			if err != nil {
				return err
			}
			signers, err := pf.Signers()
			if err != nil {
				return err
			}
			alone, done, err := c.kernelInput(&kf, args[0])
			defer done()
			if err != nil {
				return err
			}
			options := pipeline.CheckOptions{Policy: o, PolicySigners: signers, Progress: c.Progress(),
				Resolve: builder.Options{Cache: from.CacheDir(), Offline: from.Offline, RedirectTo: from.RedirectTo}}
			var d *decision.Decision
			if pipeline.HoldsKernel(args[0]) {
				d, err = pipeline.CheckImageKernel(cmd.Context(), alone, pipeline.ImageFiles{Paths: args}, options)
			} else {
				d, err = pipeline.CheckKernel(cmd.Context(), alone, options)
			}
			if err != nil {
				return err
			}
			if err := c.WriteReports(reports, d, ""); err != nil {
				return err
			}
			return exitWith(policy.ExitCode(d))
		},
	}
	kf.add(check)
	pf.Add(check)
	from.AddCache(check)
	cmd.AddCommand(check, c.fragment(), c.kernelVEX())
	return cmd
}

// kernelFlags are the inputs of kernel check besides the configuration.
type kernelFlags struct {
	arch, version, cmdline, cmdlineFile string
	sysctls                             []string
}

func (f *kernelFlags) add(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVar(&f.arch, "arch", "", "architecture: amd64, arm64 or riscv64 (default: from the configuration)")
	fs.StringVar(&f.version, "kernel-version", "", "version of the kernel (default: from its header or banner)")
	fs.StringVar(&f.cmdline, "cmdline", "", "command line of the kernel")
	fs.StringVar(&f.cmdlineFile, "cmdline-file", "", "file with the command line of the kernel")
	fs.StringArrayVar(&f.sysctls, "sysctl", nil, "file with sysctls, in the format of sysctl.conf or sysctl -a (repeatable, in order)")
	for _, name := range []string{"arch", "kernel-version", "cmdline", "cmdline-file", "sysctl"} {
		cli.Own(cmd, name) // only the command line chooses what is checked
	}
}

// kernelInput opens all inputs; done closes them.
func (c *verbs) kernelInput(f *kernelFlags, file string) (k scanner.KernelInput, done func(), err error) {
	var opened []io.Closer
	done = func() {
		for _, o := range opened {
			o.Close()
		}
	}
	var errs []error
	if f.arch != "" {
		errs = append(errs, cli.CheckArch(f.arch))
	}
	stdin := 0
	open := func(file string) scanner.Text {
		if file == "-" {
			stdin++
		}
		in, name, err := c.open(file)
		if err != nil {
			errs = append(errs, err)
			return scanner.Text{}
		}
		opened = append(opened, in)
		return scanner.Text{File: name, Content: in}
	}
	whole := open(file)
	k = scanner.KernelInput{File: whole.Content, Name: whole.File, Arch: f.arch, Version: f.version}
	switch {
	case f.cmdline != "" && f.cmdlineFile != "":
		errs = append(errs, system.BadInput("both --cmdline and --cmdline-file are given").Suggest("give only one of them"))
	case f.cmdline != "":
		k.Cmdline = &scanner.Text{Content: strings.NewReader(f.cmdline)}
	case f.cmdlineFile != "":
		text := open(f.cmdlineFile)
		k.Cmdline = &text
	}
	for _, name := range f.sysctls {
		k.Sysctls = append(k.Sysctls, open(name))
	}
	if stdin > 1 {
		errs = append(errs, system.BadInput("standard input is given more than once").Suggest("give a file instead of the other \"-\""))
	}
	return k, done, errors.Join(errs...)
}
