package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/builder"
	"github.com/seaworthy-os/seaworthy/builder/boot"
	"github.com/seaworthy-os/seaworthy/builder/image"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/internal/atomicfile"
	"github.com/seaworthy-os/seaworthy/pipeline"
	"github.com/seaworthy-os/seaworthy/pipeline/remedy"
	"github.com/seaworthy-os/seaworthy/pipeline/trace"
)

// traceFlags say what is traced, and how.
type traceFlags struct {
	from               cli.ResolveFlags
	machine            machineFlags
	services           []string
	onboot, onshutdown []string
	exercise, profiles string
	format             string
	patience           time.Duration
}

func (c *verbs) trace() *cobra.Command {
	var f traceFlags
	cmd := &cobra.Command{
		Use:   "trace (--service | --onboot | --onshutdown) NAME OS.yml...",
		Short: "Measure what a container needs, and propose the smallest permissions",
		Long: `Trace boots the system in QEMU, with a program that observes the system calls of one container.
It runs a service as it is, with its health checks and the exercise, and then with fewer
capabilities. It proposes the capabilities, the seccomp profile, the writable folders and the
devices that the service needs. Then it builds and boots the system with the proposal, and fails
if the service does not work.

A container of onboot or onshutdown runs once in a boot, so each run is a boot, from the same disk.
It works if all containers of onboot end with success, and those of onshutdown too if it is one of
them. Add a container of the component check behind it that says what must hold.

The proposal is a diff of os.yml, with the profile as a new file, for patch -p1. Text before the
diff says what was seen for each change. No file is changed. docs/trace.md says what
trace cannot see.

With --image-profiles, trace measures only seccomp profiles, in one boot, for everyone who uses the
images of the containers: they also allow what any program may call at any time, and other forms of
the calls that were seen. The containers run with the default profile meanwhile. Containers with the
same image get one profile for all that they did, with the name of the first one.

The exercise is a command of the shell that uses the service from this machine. Its environment
has the ports of --publish: SEAWORTHY_PORT is the first one, and SEAWORTHY_PORT_80 the one that
leads to port 80 of the machine. SEAWORTHY_PORT_53_UDP leads to its UDP port 53, and
SEAWORTHY_SERVICE is the name of the service. It runs when the health checks have succeeded, once for each run
of the service. The service works if the command ends with exit code 0.

` + cli.ExitHelpPlain("QEMU is not installed, the system did not boot, or the service does not work"),
		Example: "  seaworthy trace --service redis os.yml\n" +
			"  seaworthy trace --onboot dhcp os.yml\n" +
			"  seaworthy trace --service nginx --publish 80 --exercise 'curl -f http://127.0.0.1:$SEAWORTHY_PORT/' os.yml | patch -p1",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error { return c.runTrace(cmd, &f, files) },
	}
	f.from.AddInputs(cmd)
	f.from.AddRescan(cmd)
	f.machine.add(cmd, 1024, "port of the machine that the exercise can reach, or HOST:GUEST; /udp at the end makes it a UDP port (repeatable)")
	cli.AddTextOrJSON(cmd, &f.format)
	fs := cmd.Flags()
	fs.StringArrayVar(&f.services, "service", nil, "name of the service (repeatable with --image-profiles)")
	fs.StringArrayVar(&f.onboot, "onboot", nil, "name of a container of the section onboot (repeatable with --image-profiles)")
	fs.StringArrayVar(&f.onshutdown, "onshutdown", nil, "name of a container of the section onshutdown (repeatable with --image-profiles)")
	fs.StringVar(&f.profiles, "image-profiles", "", "measure only seccomp profiles for the images of the containers, in one boot, and write NAME"+trace.ProfileEnding+" into this folder")
	fs.StringVar(&f.exercise, "exercise", "", "command that uses the service, for the shell")
	fs.DurationVar(&f.patience, "patience", 10*time.Minute, "how long the service may take until its checks succeed, or the boot until its end")
	for _, name := range []string{"service", "onboot", "onshutdown", "exercise", "report", "image-profiles"} {
		cli.Own(cmd, name) // only the command line chooses what runs
	}
	return cmd
}

func (c *verbs) runTrace(cmd *cobra.Command, f *traceFlags, files []string) error {
	if err := cli.ApplyConfig(cmd); err != nil {
		return err
	}
	if err := cli.TextOrJSON(f.format); err != nil {
		return err
	}
	targets, err := f.targets()
	if err != nil {
		return err
	}
	for _, file := range files {
		if !builder.IsLocal(file) {
			return system.BadInput("%s cannot be traced: the proposal is a change of a file", file).Suggest("give the path of a file")
		}
	}
	machine, err := f.machine.options()
	if err != nil {
		return err
	}
	machine.Arch, machine.Console = f.from.Arch, c.Err
	o := trace.Options{Target: targets[0], Patience: f.patience, Say: c.Note, Machine: machine}
	if f.exercise != "" {
		o.Exercise = func(ctx context.Context, service string, ports []boot.Forward) error {
			return c.exercise(ctx, f.exercise, service, ports)
		}
	}
	if o.Sources, err = remedy.Files(files); err != nil {
		return err
	}
	check, done, err := c.ScanOptions(cmd, &f.from, &cli.PolicyFlags{}, files)
	if err != nil {
		return err
	}
	defer done()
	o.Build = pipeline.BuildOptions{CheckOptions: check, Tools: image.Tools{Dirs: f.from.Tools}, Version: cli.Version(), Kept: f.from.Kept(cmd)}
	defer f.machine.close(&o.Machine)
	if err := f.machine.set(cmd.Context(), c.Note, &o.Machine); err != nil {
		return err
	}
	if f.profiles != "" {
		return c.imageProfiles(cmd.Context(), o, targets, f)
	}
	r, err := trace.Run(cmd.Context(), o)
	if err != nil {
		return err
	}
	if f.format == "json" {
		return c.JSON(r)
	}
	r.WriteText(c.Text)
	for _, s := range o.Sources {
		if s.Path != "" {
			c.Note(s.Path + " is not below the current folder, so patch -p1 does not find it: run trace in its folder")
		}
	}
	return nil
}

// portVariables has the ports for the exercise. A UDP port has another name: a machine can
// have a TCP port with the same number.
func portVariables(ports []boot.Forward) (env []string) {
	for i, p := range ports {
		if i == 0 {
			env = append(env, fmt.Sprintf("SEAWORTHY_PORT=%d", p.Host))
		}
		name := fmt.Sprintf("SEAWORTHY_PORT_%d", p.Guest)
		if p.UDP {
			name += "_UDP"
		}
		env = append(env, fmt.Sprintf("%s=%d", name, p.Host))
	}
	return env
}

// targets are the containers that are traced.
func (f *traceFlags) targets() (all []trace.Target, err error) {
	for _, section := range []struct {
		name  system.Section
		names []string
	}{{system.SectionServices, f.services}, {system.SectionOnboot, f.onboot}, {system.SectionOnshutdown, f.onshutdown}} {
		for _, name := range section.names {
			all = append(all, trace.Target{Section: section.name, Name: name})
		}
	}
	switch {
	case len(all) == 0:
		return nil, system.BadInput("no container is given").Suggest("add --service NAME, --onboot NAME or --onshutdown NAME")
	case len(all) > 1 && f.profiles == "":
		return nil, system.BadInput("more than one container is given").Suggest("trace one at a time, or add --image-profiles FOLDER")
	case len(f.services) > 0 && len(f.services) < len(all):
		return nil, system.BadInput("services cannot be traced together with containers of onboot and onshutdown").Suggest("trace them with two commands")
	case len(f.services) == 0 && f.exercise != "":
		return nil, system.BadInput("--exercise is for services: the exercise of other containers is the boot").
			Suggest("add a container of the component check to the section, which says what must hold")
	}
	return all, nil
}

// imageProfiles writes the profiles of the containers that worked.
func (c *verbs) imageProfiles(ctx context.Context, o trace.Options, targets []trace.Target, f *traceFlags) error {
	reports, err := trace.Images(ctx, o, targets)
	errs := []error{err}
	for _, r := range reports {
		name := filepath.Join(f.profiles, path.Base(r.Component)+trace.ProfileEnding)
		if err := atomicfile.Write(name, r.Profile, 0o644); err != nil {
			errs = append(errs, system.Unusable("cannot write %s", name).Because(err))
			continue
		}
		c.Note(fmt.Sprintf("%s: %d system calls were seen", name, len(r.Calls)))
	}
	if err := errors.Join(errs...); err != nil || f.format != "json" {
		return err
	}
	return c.JSON(reports)
}

// exercise runs the user's command.
func (c *verbs) exercise(ctx context.Context, command, service string, ports []boot.Forward) error {
	sh := exec.CommandContext(ctx, "/bin/sh", "-c", command)
	sh.Env = append(os.Environ(), "SEAWORTHY_SERVICE="+service)
	sh.Env = append(sh.Env, portVariables(ports)...)
	sh.Stdout, sh.Stderr = c.Err, c.Err
	// A process that the command left in the background can keep its output open.
	sh.WaitDelay = time.Second
	if err := sh.Run(); !errors.Is(err, exec.ErrWaitDelay) {
		return err
	}
	return nil
}
