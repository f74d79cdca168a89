package guest

import (
	"context"
	"encoding/binary"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// shutdown is one way to end the system.
type shutdown struct {
	name string
	cmd  int
}

var (
	powerOff = shutdown{"power off", unix.LINUX_REBOOT_CMD_POWER_OFF}
	reboot   = shutdown{"reboot", unix.LINUX_REBOOT_CMD_RESTART}
	halt     = shutdown{"halt", unix.LINUX_REBOOT_CMD_HALT}
)

// signalMeaning maps signals to shutdowns: SIGTERM, SIGPWR and SIGUSR2 power
// off, SIGINT (ctrl-alt-del) reboots, and SIGUSR1 halts.
var signalMeaning = map[os.Signal]shutdown{
	syscall.SIGTERM: powerOff, syscall.SIGPWR: powerOff, syscall.SIGUSR2: powerOff,
	syscall.SIGINT: reboot, syscall.SIGUSR1: halt,
}

// watchSignals reaps children and passes on requests to shut down.
func (i *initSystem) watchSignals() {
	_ = unix.Reboot(unix.LINUX_REBOOT_CMD_CAD_OFF) // ctrl-alt-del becomes SIGINT
	ch := make(chan os.Signal, 64)
	signal.Notify(ch, syscall.SIGCHLD, syscall.SIGHUP, syscall.SIGPIPE)
	for s := range signalMeaning {
		signal.Notify(ch, s)
	}
	go func() {
		for s := range ch {
			if s == syscall.SIGCHLD {
				i.kids.reap()
			} else if how, ok := signalMeaning[s]; ok {
				i.ask(how)
			}
		}
	}()
}

// ask requests a shutdown. Only the first request counts.
func (i *initSystem) ask(how shutdown) {
	select {
	case i.asked <- how:
	default:
	}
}

// watchPowerButton powers off when a power button is pressed. Hypervisors use
// this button to stop a virtual machine. It needs the kernel's evdev. The package
// boot reads the message that there is no button.
func (i *initSystem) watchPowerButton() {
	const (
		size     = 24 // struct input_event on 64-bit
		evKey    = 1
		keyPower = 116
	)
	devices, _ := filepath.Glob("/dev/input/event*")
	watched := 0
	for _, d := range devices {
		f, err := os.Open(d)
		if err != nil {
			continue
		}
		watched++
		go func() {
			defer f.Close()
			var e [size]byte
			for {
				if _, err := io.ReadFull(f, e[:]); err != nil {
					return
				}
				typ, code, value := binary.NativeEndian.Uint16(e[16:]), binary.NativeEndian.Uint16(e[18:]), binary.NativeEndian.Uint32(e[20:])
				if typ == evKey && code == keyPower && value == 1 {
					i.ask(powerOff)
				}
			}
		}()
	}
	if watched == 0 {
		i.console.Printf("no power button")
	}
}

// stopLimit is the time that a service may need to stop in addition to its
// grace time. After that, the shutdown continues without it.
const stopLimit = 20 * time.Second

// down waits for the services to stop and runs the onshutdown containers. It
// prints errors of these containers and continues.
func (i *initSystem) down() {
	stopped := make(chan struct{})
	go func() {
		i.services.Wait()
		close(stopped)
	}()
	select {
	case <-stopped:
	case <-time.After(i.grace + stopLimit):
		i.console.Printf("some services did not stop; the shutdown continues")
	}
	i.stopContainerd()
	for _, b := range i.onshutdown {
		began := uptime()
		i.report("onshutdown", b, began, i.oneShot(context.Background(), b))
	}
}

// halt kills all remaining processes, unmounts the file systems, and ends the
// machine.
func (i *initSystem) halt(how shutdown) {
	_ = unix.Kill(-1, unix.SIGTERM)
	for range 20 { // two seconds
		if i.hasNoChildren() {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	_ = unix.Kill(-1, unix.SIGKILL)
	unix.Sync()
	for _, err := range unmountAll() {
		i.console.Printf("unmount: %v", err)
	}
	unix.Sync()
	i.console.Printf("%s", how.name)
	drainConsole()
	if err := unix.Reboot(how.cmd); err != nil {
		i.console.Printf("reboot: %v", err)
	}
	select {} // the machine has halted; PID 1 must not end
}

// hasNoChildren reports whether PID 1 has no children left.
func (i *initSystem) hasNoChildren() bool {
	i.kids.mu.Lock()
	defer i.kids.mu.Unlock()
	for {
		pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil)
		if err == unix.ECHILD {
			return true
		}
		if pid <= 0 {
			return false
		}
	}
}

// unmountAll unmounts all file systems except the kernel's own, the last mount
// first. A disk that is still in use becomes read-only.
func unmountAll() (errs []error) {
	info, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return []error{err}
	}
	lines := strings.Split(strings.TrimSpace(string(info)), "\n")
	slices.Reverse(lines)
	for _, line := range lines {
		f := strings.Fields(line)
		if len(f) < 4 || f[1] == "/" || f[1] == "/dev" || f[1] == "/proc" || f[1] == "/sys" {
			continue
		}
		dir := unescapeMount(f[1])
		if err := unix.Unmount(dir, unix.UMOUNT_NOFOLLOW); err == nil {
			continue
		}
		if strings.HasPrefix(f[0], "/dev/") {
			if err := unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
				errs = append(errs, &os.PathError{Op: "remount read-only", Path: dir, Err: err})
			}
		}
		_ = unix.Unmount(dir, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW)
	}
	return errs
}

// unescapeMount decodes the octal escapes of /proc/self/mounts.
func unescapeMount(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}

// drainConsole waits until the console has sent everything.
func drainConsole() { _ = unix.IoctlSetInt(1, unix.TCSBRK, 1) }
