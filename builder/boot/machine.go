package boot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// panicGrace is the time that a panicked kernel has to print more lines.
const panicGrace = 2 * time.Second

// outputGrace is how long the console is read after QEMU has ended. Another
// process may have inherited the console, and a busy machine delivers output
// late.
const outputGrace = time.Minute

// Machine is a running virtual machine.
type Machine struct {
	cmd     *exec.Cmd
	cancel  context.CancelCauseFunc
	ctx     context.Context
	qmp     *os.File
	console *console
	port    *os.File
	forward []Forward
	ready   chan struct{}
	done    chan struct{}
	err     error
	timeout time.Duration
	stopped sync.Once
	tpm     *software
	stderr  tail
}

var (
	errStopped  = errors.New("stopped")
	errPanicked = errors.New("panicked")
	errTimeout  = errors.New("timeout")
	errRefused  = errors.New("refused")
)

// ErrBusy says that the kernel did not start because this computer was too busy to
// emulate its timer in time. Nothing of the system has run: it can start again.
var ErrBusy = errors.New("this computer is too busy to emulate the timer in time")

// timerPanic begins the panic of a kernel that got no timer interrupts for some
// hundredths of a second. It checks this before it starts anything.
const timerPanic = "IO-APIC + timer doesn't work"

// tries is how often a machine is started if the computer is too busy.
const tries = 5

// Retry calls run until it returns something other than ErrBusy, or ctx ends, but only
// a few times. It calls busy before each repetition.
func Retry(ctx context.Context, run func() error, busy func()) error {
	for try := 1; ; try++ {
		err := run()
		if try == tries || ctx.Err() != nil || !errors.Is(err, ErrBusy) {
			return err
		}
		busy()
	}
}

// Run boots a machine and waits until it powers itself off. If Options.Ready is
// set, it waits until the machine is ready. Both return nil. It returns an
// error if QEMU is missing or fails, if the kernel panics, if init fails, or if
// the context or the timeout ends first. The machine has ended when Run
// returns. After ErrBusy, the machine is started again.
func Run(ctx context.Context, o Options) error {
	return Retry(ctx, func() error { return runOnce(ctx, o) }, func() {})
}

func runOnce(ctx context.Context, o Options) error {
	m, err := Start(ctx, o)
	if err != nil {
		return err
	}
	select {
	case <-m.Ready():
		m.Kill()
		_ = m.Wait() // the machine was killed on purpose
		return nil
	case <-m.done:
		return m.Wait()
	}
}

// Start boots a machine. The machine is killed when ctx ends.
func Start(ctx context.Context, o Options) (*Machine, error) {
	if o.Kernel == nil && o.Disk == nil && o.CD == nil {
		return nil, system.BadInput("the image has no kernel to boot")
	}
	if o.SecureBoot != nil && o.Firmware != EFI {
		return nil, system.BadInput("Secure Boot needs an image that EFI firmware boots")
	}
	o.Forward = append([]Forward(nil), o.Forward...)
	for i := range o.Forward {
		if o.Forward[i].Host == 0 {
			port, err := freePort(o.Forward[i].UDP)
			if err != nil {
				return nil, system.Unusable("cannot find a free port").Because(err)
			}
			o.Forward[i].Host = port
		}
	}
	devices, err := o.devices()
	if err != nil {
		return nil, err
	}
	defer func() {
		for _, d := range devices {
			if d.owned {
				d.file.Close()
			}
		}
	}()
	tpm, err := o.startTPM()
	if err != nil {
		return nil, err
	}
	var port *os.File
	started := false
	defer func() {
		if !started {
			tpm.stop()
			port.Close()
		}
	}()
	if o.Port != "" {
		var theirs *os.File
		if port, theirs, err = socketPair(); err != nil {
			return nil, system.Unusable("cannot make a socket for QEMU").Because(err)
		}
		devices = append(devices, portDevice(o.Port, theirs))
	}
	if tpm != nil {
		devices = append(devices, tpm.device(o.arch()))
	}
	args, err := o.args(devices)
	if err != nil {
		return nil, err
	}
	program, err := o.program()
	if err != nil {
		return nil, err
	}
	ours, theirs, err := socketPair()
	if err != nil {
		return nil, system.Unusable("cannot make a socket for QEMU").Because(err)
	}
	defer theirs.Close()

	m := &Machine{qmp: ours, port: port, forward: o.Forward, ready: make(chan struct{}), done: make(chan struct{}), timeout: o.Timeout, tpm: tpm}
	m.ctx, m.cancel = context.WithCancelCause(ctx)
	m.console = &console{w: o.Console, ready: o.Ready, onReady: func() { close(m.ready) }, onPanic: func() {
		time.AfterFunc(panicGrace, func() { m.cancel(errPanicked) })
	}}
	if o.Firmware == EFI {
		m.console.onRefused = func() { m.cancel(errRefused) }
	}
	m.cmd = exec.Command(program, args...)
	m.cmd.ExtraFiles = []*os.File{theirs}
	for _, d := range devices {
		m.cmd.ExtraFiles = append(m.cmd.ExtraFiles, d.file)
	}
	m.cmd.Stdout = m.console
	m.cmd.Stderr = &m.stderr
	m.cmd.WaitDelay = outputGrace
	ownGroup(m.cmd)
	typed, err := o.keyboard(m.cmd)
	if err != nil {
		ours.Close()
		return nil, system.Unusable("cannot make a pipe for QEMU").Because(err)
	}
	defer typed()
	if err := m.cmd.Start(); err != nil {
		ours.Close()
		return nil, system.Unusable("cannot start %s", program).Because(err)
	}
	started = true
	go m.watch()
	go m.wait()
	return m, nil
}

// keyboard gives QEMU a pipe from Input. The caller calls done when QEMU has it. The
// machine does not wait for Input to end.
func (o *Options) keyboard(cmd *exec.Cmd) (done func(), err error) {
	if o.Input == nil {
		return func() {}, nil
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.Stdin = r
	go func() {
		_, _ = io.Copy(w, o.Input) // it fails when the machine has ended
		w.Close()
	}()
	return func() { r.Close() }, nil
}

func (o *Options) program() (string, error) {
	m, err := o.machine()
	if err != nil {
		return "", err
	}
	name := o.Program
	if name == "" {
		name = m.program
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", system.Unusable("%s is not installed: it is needed to boot a system", name).
			Suggest("install it: apt-get install --no-install-recommends %s", m.pkg)
	}
	return path, nil
}

// watch kills the machine when the context or the timeout ends.
func (m *Machine) watch() {
	var over <-chan time.Time
	if m.timeout > 0 {
		t := time.NewTimer(m.timeout)
		defer t.Stop()
		over = t.C
	}
	select {
	case <-m.done:
		return
	case <-over:
		m.cancel(errTimeout)
	case <-m.ctx.Done():
	}
	killGroup(m.cmd)
}

// wait waits for QEMU to end and reports the result.
func (m *Machine) wait() {
	err := m.cmd.Wait()
	m.console.Close()
	m.qmp.Close()
	m.tpm.stop()
	cause := context.Cause(m.ctx)
	m.err = m.outcome(err, cause)
	m.cancel(errStopped)
	close(m.done)
}

// outcome returns the error of a machine that has ended. exit is the error of
// the QEMU process. cause says why this package ended it; it is nil if it did
// not.
func (m *Machine) outcome(exit, cause error) error {
	unusable := func(what, next string, err error) error {
		return system.Unusable("%s", what).Because(err).Suggest("%s", next)
	}
	switch {
	case strings.HasPrefix(m.console.panicked, timerPanic):
		return unusable("the kernel panicked: "+m.console.panicked, "run the command again when this computer is less busy", ErrBusy)
	case m.console.panicked != "":
		return unusable("the kernel panicked: "+m.console.panicked, "read the console output above for the cause", nil)
	case len(m.console.failed) > 0:
		return unusable("the system did not boot: "+strings.Join(m.console.failed, "; "), "read the console output above for the cause", nil)
	case m.console.refused != "":
		return refusal(m.console.refused, m.console.reason)
	case errors.Is(cause, errStopped):
		return nil
	case errors.Is(cause, errTimeout):
		return unusable(fmt.Sprintf("the machine was still running after %v", m.timeout), "read the console output above; emulation is slow, so allow more time with --timeout", nil)
	case cause != nil:
		return cause
	case exit != nil:
		text := strings.TrimSpace(clean([]byte(strings.ReplaceAll(m.stderr.String(), "\n", " "))))
		next := ""
		if strings.Contains(text, "host forwarding") {
			next = "another program uses the port: forward another host port"
		}
		if strings.Contains(text, "\"write\" lock") {
			next = "another machine uses the disk: stop it, or give another --disk"
		}
		if text == "" {
			text = exit.Error()
		}
		if said := m.tpm.failed(); said != "" {
			text += "; swtpm: " + said
		}
		return unusable("QEMU failed: "+text, next, nil)
	}
	return nil
}

// accessDenied is the reason of firmware for a program that Secure Boot refuses.
const accessDenied = "Access Denied"

// refusal is about a program that firmware has not started.
func refusal(what, reason string) error {
	if reason == accessDenied {
		return system.Mismatch("the firmware refused to start %s: %s", what, reason).
			Suggest("build with --secure-boot-key, and with a certificate that is enrolled in the variable store and not revoked")
	}
	return system.Unusable("the firmware could not start %s: %s", what, reason).
		Suggest("read the console output above for the cause")
}

// Ready returns a channel that is closed when Options.Ready has returned true.
func (m *Machine) Ready() <-chan struct{} { return m.ready }

// Done returns a channel that is closed when the machine has ended.
func (m *Machine) Done() <-chan struct{} { return m.done }

// Forwarded returns the forwarded ports, including the host ports that Start
// has chosen.
func (m *Machine) Forwarded() []Forward { return m.forward }

// Wait waits for the machine to end. It returns nil if the machine powered
// itself off or was ended by PowerOff or Kill.
func (m *Machine) Wait() error {
	<-m.done
	return m.err
}

// Kill ends the machine immediately and waits for its end.
func (m *Machine) Kill() {
	m.cancel(errStopped)
	<-m.done
}

// Port returns this side of the serial port with the name Options.Port. It ends with
// the machine.
func (m *Machine) Port() *os.File { return m.port }

// NoPowerButton reports whether the system printed that it has no power button.
// PowerOff then cannot work. An example is an arm64 machine without firmware, and
// so without ACPI, whose kernel has no driver for buttons on GPIO lines.
func (m *Machine) NoPowerButton() bool { return m.console.noButton.Load() }

// NotBooted says, for a machine that has ended, why init could not start the system, such as
// an onboot container that failed. It is "" if init did not fail.
func (m *Machine) NotBooted() string {
	<-m.done
	return strings.Join(m.console.failed, "; ")
}

// PowerOff presses the power button and waits for the system to shut down.
// After the time grace it kills the machine and returns false.
func (m *Machine) PowerOff(grace time.Duration) (clean bool) {
	m.stopped.Do(func() {
		_, _ = io.WriteString(m.qmp, `{"execute":"qmp_capabilities"}`+"\n"+`{"execute":"system_powerdown"}`+"\n")
	})
	select {
	case <-m.done:
		return true
	case <-time.After(grace):
		m.Kill()
		return false
	}
}

// tail keeps the last 4096 bytes that were written.
type tail struct{ buf bytes.Buffer }

func (t *tail) Write(p []byte) (int, error) {
	t.buf.Write(p)
	if n := t.buf.Len() - 4096; n > 0 {
		t.buf.Next(n)
	}
	return len(p), nil
}

func (t *tail) String() string { return t.buf.String() }
