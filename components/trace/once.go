//go:build linux

package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"syscall"

	"github.com/seaworthy-os/seaworthy/internal/mountinfo"
	"github.com/seaworthy-os/seaworthy/internal/tracing"
)

// onceVerb is the argument with which this program observes a container that PID 1 itself
// starts. The name of the container, the folder of its bundle and whether only calls
// matter follow, separated by spaces.
const onceVerb = "once"

// exited is the exit code of the container, which this program ends with.
type exited int

func (e exited) Error() string { return fmt.Sprint("exit code ", int(e)) }

// booted says that the boot came to the end of the section onboot.
func (c *call) booted() error {
	p, err := awaitPort()
	if err != nil {
		return err
	}
	if err := c.stand(); err != nil {
		return err
	}
	p.send(tracing.Message{Booted: true})
	return exited(0)
}

// once runs a traced container of onboot or onshutdown, and ends as it does.
func (c *call) once(runtime string, settings *tracing.Settings) error {
	section, name := c.container()
	w := &watched{container: section + "/" + name, bundle: c.bundle, callsOnly: settings.CallsOnly}
	without, err := withoutOfBoot()
	if err != nil {
		return err
	}
	args, listener, err := prepare(c, without, settings.Quiet, func(spec map[string]any) error { _, err := hidePtrace(spec); return err })
	if err != nil {
		return err
	}
	defer listener.Close()
	if c.verb == "create" {
		if section == onshutdown {
			return errors.New("the container has network interfaces or bound namespaces of its own, and such a container of onshutdown cannot be traced")
		}
		return w.created(runtime, args, listener)
	}
	p, err := awaitPort()
	if err != nil {
		return err
	}
	served := make(chan error, 1)
	w.begin(p)
	go func() { served <- w.journal.serve(listener) }()
	code, failed := runContainer(runtime, args)
	c.removed(runtime)
	listener.Close() // the runtime may have ended before it sent the filter
	w.end(failed, <-served)
	return exited(code)
}

// reported runs a container that is not observed, and says how it ended.
func (c *call) reported(runtime string) error {
	code, failed := runContainer(runtime, c.args)
	if c.verb == "run" {
		p, err := awaitPort()
		if err != nil {
			return err
		}
		section, name := c.container()
		p.send(tracing.Message{Once: &tracing.Once{Container: section + "/" + name, Failed: failed}})
	}
	return exited(code)
}

// runContainer runs the OCI runtime, and returns its exit code, and what failed.
func runContainer(runtime string, args []string) (code int, failed string) {
	run := exec.Command(runtime, args...)
	run.Stdout, run.Stderr = os.Stdout, os.Stderr
	err := run.Run()
	if err == nil {
		return 0, ""
	}
	return max(run.ProcessState.ExitCode(), 1), err.Error()
}

// removed ends what is left in the container.
func (c *call) removed(runtime string) {
	args := append(slices.Clone(c.args[:2]), "delete", "--force", c.name)
	_ = exec.Command(runtime, args...).Run() // it fails if the runtime has already deleted it
}

// watched is a traced container of onboot or onshutdown.
type watched struct {
	container, bundle string
	callsOnly         bool
	port              *port
	journal           *journal
}

func (w *watched) begin(p *port) {
	w.port, w.journal = p, newJournal(p.send)
	section, _ := path.Split(w.container)
	w.journal.begin(path.Clean(section), w.callsOnly)
}

// end reports what the container did, or why it could not be observed.
func (w *watched) end(failed string, err error) {
	if err != nil {
		w.port.send(tracing.Message{Failed: err.Error()})
		return
	}
	for _, f := range w.folders() {
		w.port.send(tracing.Message{Folder: &f})
	}
	once := tracing.Once{Container: w.container, Failed: failed, Observed: true}
	once.Calls, once.Lost = w.journal.totals()
	w.port.send(tracing.Message{Once: &once})
}

// folders describes the files of the image that the container changed, and the folders
// above them. There are none if its root is read-only.
func (w *watched) folders() []tracing.Folder {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil
	}
	for _, m := range mountinfo.Parse(text) {
		if m.Point != path.Join(w.bundle, "rootfs") || m.Kind != "overlay" {
			continue
		}
		return look(m.FSOption("lowerdir"), above(w.journal.changed()))
	}
	return nil
}

// above lists paths, and the folders above them except the root.
func above(paths []string) (out []string) {
	for _, p := range paths {
		for ; p != "/" && p != "."; p = path.Dir(p) {
			out = append(out, p)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// created observes a container that the OCI runtime only creates. PID 1 starts it later,
// and is then its parent. So another process observes it.
func (w *watched) created(runtime string, args []string, listener *net.UnixListener) error {
	file, err := listener.File()
	if err != nil {
		return err
	}
	defer file.Close()
	watch := exec.Command("/proc/self/exe", onceVerb, fmt.Sprintf("%s %s %t", w.container, w.bundle, w.callsOnly))
	watch.ExtraFiles = []*os.File{file}
	watch.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	out, err := watch.StdoutPipe()
	if err != nil {
		return err
	}
	if err := watch.Start(); err != nil {
		return err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if line != ready+"\n" {
		return fmt.Errorf("the container cannot be observed: %w", errors.Join(err, errors.New(line)))
	}
	code, _ := runContainer(runtime, args)
	if code != 0 {
		_ = watch.Process.Kill()
	}
	return exited(code)
}

// runOnce observes a container until its last process has ended.
func runOnce(what string) error {
	w := &watched{}
	if _, err := fmt.Sscanf(what, "%s %s %t", &w.container, &w.bundle, &w.callsOnly); err != nil {
		return err
	}
	file := os.NewFile(3, "listener")
	l, err := net.FileListener(file)
	file.Close()
	if err != nil {
		return err
	}
	listener, ok := l.(*net.UnixListener)
	if !ok {
		return errors.New("the listener is none of Unix")
	}
	p, err := awaitPort()
	if err != nil {
		return err
	}
	w.begin(p)
	fmt.Println(ready)
	os.Stdout.Close() // the other process reads no more
	w.end("", w.journal.serve(listener))
	return nil
}

// withoutOfBoot reads the capabilities that the traced containers do not get.
func withoutOfBoot() ([]string, error) {
	text, err := os.ReadFile("/proc/cmdline")
	return withoutOf(string(text)), err
}

func withoutOf(cmdline string) []string {
	for word := range strings.FieldsSeq(cmdline) {
		if list, ok := strings.CutPrefix(word, tracing.WithoutParameter+"="); ok && list != "" {
			return strings.Split(list, ",")
		}
	}
	return nil
}
