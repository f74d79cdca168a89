//go:build linux

// Command seaworthy-containerd runs one container of a booted system under
// containerd. PID 1 calls it as it calls crun or runc, so both ways have the same
// steps, logs and restarts. It is a program of its own, because containerd's API
// needs gRPC: systems without containerd do not have it.
//
//	seaworthy-containerd [--address SOCKET] [--namespace NAME] [--runtime PROGRAM] COMMAND
//
//	create --bundle DIR --pid-file FILE [--config FILE] NAME   create the container
//	start NAME                                                 start what create made
//	run --bundle DIR --pid-file FILE [--config FILE] NAME      create it and start it
//	delete [--status-file FILE] NAME                           kill it, and delete it
//
// No image is pulled and no snapshot is made: the root file system is in the bundle
// already. The container writes to the standard output and error of create or run,
// also after that command has ended. It runs until it ends itself or is deleted.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
)

// The defaults are those of LinuxKit.
const (
	defaultAddress   = "/run/containerd/containerd.sock"
	defaultNamespace = "services.linuxkit"
	defaultRuntime   = "/usr/bin/runc"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "seaworthy-containerd:", err)
		}
		os.Exit(1)
	}
}

// call is what the command line asks for.
type call struct {
	address, namespace, runtime         string
	command, name                       string
	bundle, config, pidFile, statusFile string
}

func run(ctx context.Context, args []string) error {
	c, err := parse(args)
	if err != nil {
		return err
	}
	d, err := dial(c.address, c.namespace)
	if err != nil {
		return err
	}
	defer d.close()
	switch c.command {
	case "create", "run":
		s, err := readSpec(c.config, c.bundle)
		if err != nil {
			return err
		}
		pid, err := d.create(ctx, c.name, c.runtime, s)
		if err != nil {
			return err
		}
		err = os.WriteFile(c.pidFile, fmt.Append(nil, pid), 0o600)
		if err == nil && c.command == "run" {
			err = d.start(ctx, c.name)
		}
		if err != nil {
			_, err2 := d.delete(ctx, c.name)
			return errors.Join(err, err2)
		}
		return nil
	case "start":
		return d.start(ctx, c.name)
	}
	status, err := d.delete(ctx, c.name)
	if err != nil || c.statusFile == "" {
		return err
	}
	return os.WriteFile(c.statusFile, fmt.Append(nil, status), 0o600)
}

// parse reads the command line.
func parse(args []string) (*call, error) {
	c := &call{}
	global := flag.NewFlagSet("seaworthy-containerd", flag.ContinueOnError)
	global.StringVar(&c.address, "address", defaultAddress, "containerd's socket")
	global.StringVar(&c.namespace, "namespace", defaultNamespace, "containerd's namespace")
	global.StringVar(&c.runtime, "runtime", defaultRuntime, "the OCI runtime, crun or runc")
	if err := global.Parse(args); err != nil {
		return nil, err
	}
	if global.NArg() == 0 {
		return nil, errors.New("no command: give create, start, run or delete")
	}
	c.command = global.Arg(0)
	local := flag.NewFlagSet("seaworthy-containerd "+c.command, flag.ContinueOnError)
	switch c.command {
	case "create", "run":
		local.StringVar(&c.bundle, "bundle", "", "the folder with config.json and the root file system")
		local.StringVar(&c.config, "config", "", "another config.json than that of the bundle")
		local.StringVar(&c.pidFile, "pid-file", "", "where the id of the container's first process is written")
	case "delete":
		local.StringVar(&c.statusFile, "status-file", "", "where the container's exit status is written")
	case "start":
	default:
		return nil, fmt.Errorf("unknown command %q: give create, start, run or delete", c.command)
	}
	if err := local.Parse(global.Args()[1:]); err != nil {
		return nil, err
	}
	if local.NArg() != 1 || local.Arg(0) == "" {
		return nil, fmt.Errorf("%s: give the name of one container", c.command)
	}
	c.name = local.Arg(0)
	if (c.command == "create" || c.command == "run") && (c.bundle == "" || c.pidFile == "") {
		return nil, fmt.Errorf("%s: give --bundle and --pid-file", c.command)
	}
	if c.config == "" {
		c.config = c.bundle + "/config.json"
	}
	return c, nil
}
