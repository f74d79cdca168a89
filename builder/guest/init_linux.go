package guest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// initSystem is the state of PID 1.
type initSystem struct {
	console *Console
	kids    *children
	runner  *runner
	grace   time.Duration
	// asked receives requests to shut down.
	asked chan shutdown
	// services counts the running services. onshutdown are the containers that
	// run after them. down waits for the services and runs onshutdown.
	services   sync.WaitGroup
	onshutdown []*Bundle
	// stopContainerd stops containerd, after the services have stopped.
	stopContainerd context.CancelFunc
}

// errShutdown is the error of work that stops because a shutdown was requested.
var errShutdown = errors.New("shutdown was requested")

// Init is PID 1. It starts the system, keeps it running, and ends with
// reboot(2), so it never returns. If the system cannot start as it was built,
// Init prints "boot failed: REASON" and powers off.
func Init() {
	i := &initSystem{console: NewConsole(os.Stdout, uptime), kids: newChildren(), grace: graceDefault, asked: make(chan shutdown, 8), stopContainerd: func() {}}
	defer func() {
		if r := recover(); r != nil {
			i.console.Printf("boot failed: %v", r)
			i.halt(powerOff)
		}
	}()
	unix.Umask(0o022)
	for _, step := range []func() error{firstMount, i.openRoot} {
		if err := step(); err != nil {
			i.console.Printf("boot failed: %v", err)
			i.halt(powerOff)
		}
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	i.watchSignals()
	how := powerOff
	stopped := make(chan struct{})
	go func() {
		how = <-i.asked
		i.console.Printf("%s was requested", how.name)
		close(stopped)
		cancel(errShutdown)
	}()
	if err := i.up(ctx); err != nil && !errors.Is(err, errShutdown) {
		for _, e := range flatten(err) {
			i.console.Printf("boot failed: %v", e)
		}
		i.halt(powerOff) // no service has started yet
	}
	<-stopped
	i.down()
	i.halt(how)
}

// up does the one-time work and starts the services.
func (i *initSystem) up(ctx context.Context) error {
	text, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		return err
	}
	cmdline := ParseCmdline(string(text))
	if i.grace, err = cmdline.Grace(); err != nil {
		i.console.Printf("command line: %v", err)
	}
	for _, step := range []func() error{leaveRootfs, restMount, sealRoot, setHostname, loopbackUp} {
		if err := step(); err != nil {
			return err
		}
	}
	root := os.DirFS("/")
	onboot, err1 := Bundles(root, "onboot")
	services, err2 := Bundles(root, "services")
	onshutdown, err3 := Bundles(root, "onshutdown")
	volumes, err4 := Volumes(root)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return err
	}
	i.console.Printf("the system has %s, %s, %s, %s", count(len(onboot), "onboot"), count(len(services), "service"),
		count(len(onshutdown), "onshutdown"), count(len(volumes), "volume"))
	act, err := i.loadModules(cmdline)
	if err != nil {
		return err
	}
	if err := i.loadAppArmor(root, apparmorLoad); err != nil {
		return err
	}
	go i.watchPowerButton()
	device, persistent, err := i.openData(cmdline, volumes)
	if err != nil {
		return err
	}
	for _, v := range volumes {
		steps := v.Steps()
		if v.Name == persistent {
			steps = v.PersistentSteps(device)
		}
		err := act.all(steps, 0)
		if err == nil && v.Name == persistent {
			err = growData(device, v.Dir+"/tmp")
		}
		if err != nil {
			return fmt.Errorf("volume %s: %w", v.Name, err)
		}
	}
	if len(onboot)+len(services)+len(onshutdown) > 0 {
		path, err := findRuntime()
		if err != nil {
			return err
		}
		i.runner = &runner{path: path, kids: i.kids, act: act}
	}
	i.onshutdown = onshutdown
	for _, b := range onboot {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		began := uptime()
		err := i.oneShot(ctx, b)
		i.report("onboot", b, began, err)
		if err != nil {
			return fmt.Errorf("onboot %s: %w", b.Name, err)
		}
	}
	if len(services) > 0 {
		i.startContainerd()
	}
	i.start(ctx, services)
	return nil
}

// startContainerd starts containerd if the init section has it. As in LinuxKit, it
// starts after the onboot containers, which may mount a disk for its files.
func (i *initSystem) startContainerd() {
	path := findContainerd()
	if path == "" {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	i.stopContainerd = cancel
	i.runner.containerd = &containerd{path: path, runtime: i.runner.path, kids: i.kids, console: i.console, up: make(chan struct{})}
	go i.runner.containerd.run(ctx)
}

// start starts the services in parallel. It prints a line when each service has
// started or has failed for the first time.
func (i *initSystem) start(ctx context.Context, services []*Bundle) {
	first := make(chan bool, len(services))
	for _, b := range services {
		var once sync.Once
		i.services.Go(func() {
			i.keep(ctx, b, func(ok bool) { once.Do(func() { first <- ok }) })
		})
	}
	go func() {
		n := 0
		for range services {
			if <-first {
				n++
			}
		}
		if ctx.Err() == nil {
			i.console.Printf("ready: %d of %d services started", n, len(services))
		}
	}()
}

// report prints the result of an onboot or onshutdown container.
func (i *initSystem) report(section string, b *Bundle, began time.Duration, err error) {
	took := (uptime() - began).Seconds()
	if err != nil {
		i.console.Printf("%s %s: failed: %v (%.1f s)", section, b.Name, err, took)
		return
	}
	i.console.Printf("%s %s: ok (%.1f s)", section, b.Name, took)
}

// loadModules loads the modules in /etc/modules-load.d and the drivers of the
// devices. It is an error if a module in /etc/modules-load.d cannot be loaded.
// A driver that cannot be loaded is only printed.
func (i *initSystem) loadModules(cmdline Cmdline) (*actor, error) {
	began := uptime()
	loader, err := newModuleLoader(cmdline)
	if err != nil {
		return nil, err
	}
	names, err := modulesLoad(os.DirFS("/"))
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		if err := loader.load(n); err != nil {
			return nil, fmt.Errorf("/etc/modules-load.d: %w", err)
		}
	}
	loader.coldplug()
	for _, err := range loader.errs {
		i.console.Printf("modules: %v", err)
	}
	if loader.dir != "" {
		i.console.Printf("modules: %d loaded (%.1f s)", loader.count, (uptime() - began).Seconds())
	}
	return &actor{modules: loader}, nil
}

func count(n int, what string) string { return fmt.Sprintf("%d %s", n, what) }

// flatten returns the errors that errors.Join has joined.
func flatten(err error) []error {
	if j, ok := err.(interface{ Unwrap() []error }); ok {
		var out []error
		for _, e := range j.Unwrap() {
			out = append(out, flatten(e)...)
		}
		return out
	}
	return []error{err}
}
