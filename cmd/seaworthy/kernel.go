package main

import (
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/builder"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/pipeline"
	"github.com/seaworthy-os/seaworthy/policy"
	"github.com/seaworthy-os/seaworthy/scanner"
)

func (c *cli) kernel() *cobra.Command {
	cmd := &cobra.Command{Use: "kernel", Short: "Check a kernel alone"}
	var kf kernelFlags
	var pf policyFlags
	var from resolveFlags
	check := &cobra.Command{
		Use:   "check CONFIG|IMAGE",
		Short: "Decide whether a kernel's configuration is fit to boot",
		Long: `Check decides by the rules that look at nothing but a kernel's configuration, its command
line and its sysctls. It reads a .config, as it is or compressed (/proc/config.gz), and
kernels that were built with CONFIG_IKCONFIG: bzImage, vmlinux, Image, Image.gz, EFI zboot.
What is not given is not decided about, and the report says so; a kernel without its command
line is judged as if nothing stood there. Files of sysctls are read as sysctl.d(5) says: "*"
for an interface is for all and default, save where a file names these or excepts them by
"-KEY". "-" is standard input.

` + exitHelp,
		Example: `  seaworthy kernel check /boot/config-6.1.0-41-amd64
  seaworthy kernel check --cmdline-file /proc/cmdline --policy hardened /proc/config.gz
  sysctl -a | seaworthy kernel check --sysctl - --report sarif=kernel.sarif arch/x86/boot/bzImage`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := applyConfig(cmd); err != nil {
				return err
			}
			reports, err := parseReports(pf.reports)
			if err != nil {
				return err
			}
			o, err := pf.options()
			if err != nil {
				return err
			}
			keys, err := pf.loadKeys()
			if err != nil {
				return err
			}
			alone, done, err := c.kernelInput(&kf, args[0])
			defer done()
			if err != nil {
				return err
			}
			d, err := pipeline.CheckKernel(cmd.Context(), alone, pipeline.CheckOptions{Policy: o, PolicyKeys: keys, Progress: c.progress(),
				Resolve: builder.Options{Cache: from.cacheDir(), Offline: from.offline, RedirectTo: from.redirectTo}})
			if err != nil {
				return err
			}
			if err := c.writeReports(reports, d, ""); err != nil {
				return err
			}
			return exitWith(policy.ExitCode(d))
		},
	}
	kf.add(check)
	pf.add(check)
	from.addCache(check)
	cmd.AddCommand(check)
	return cmd
}

// kernelFlags say what is known of a kernel beside its configuration.
type kernelFlags struct {
	arch, version, cmdline, cmdlineFile string
	sysctls                             []string
}

func (f *kernelFlags) add(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVar(&f.arch, "arch", "", "architecture: amd64, arm64 or riscv64 (default: what the configuration says)")
	fs.StringVar(&f.version, "kernel-version", "", "version of the kernel (default: what its header or banner says)")
	fs.StringVar(&f.cmdline, "cmdline", "", "command line that it boots with")
	fs.StringVar(&f.cmdlineFile, "cmdline-file", "", "file with that command line")
	fs.StringArrayVar(&f.sysctls, "sysctl", nil, "file of sysctls, as sysctl.conf has them or sysctl -a prints them (repeatable, in order)")
	for _, name := range []string{"arch", "kernel-version", "cmdline", "cmdline-file", "sysctl"} {
		own(cmd, name) // what is checked is for the command line alone to say
	}
}

// alone opens all inputs; done closes them.
func (c *cli) kernelInput(f *kernelFlags, file string) (k scanner.KernelInput, done func(), err error) {
	var opened []io.Closer
	done = func() {
		for _, o := range opened {
			o.Close()
		}
	}
	var errs []error
	if known := builder.Architectures(); f.arch != "" && !slices.Contains(known, f.arch) {
		errs = append(errs, system.BadInput("--arch %q", f.arch).Suggest("use one of %s", strings.Join(known, ", ")))
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
		errs = append(errs, system.BadInput("--cmdline and --cmdline-file: two command lines").Suggest("give one of them"))
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
		errs = append(errs, system.BadInput("standard input is wanted twice").Suggest("name files"))
	}
	return k, done, errors.Join(errs...)
}
