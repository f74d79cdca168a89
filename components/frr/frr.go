//go:build linux

// Package frr is the program frr-start, which runs daemons of FRR. It does what FRR's own
// watchfrr does with shell scripts, and lets them run without CAP_SYS_ADMIN.
package frr

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/components/applet"
)

const (
	programs = "/usr/lib/frr"
	settings = "/etc/frr"
	state    = "/run/frr"
)

// Main runs the program.
func Main() {
	(&applet.Program{Name: "frr-start", Usage: "DAEMON...", Run: run}).Main()
}

func run(ctx context.Context, w io.Writer, names []string) error {
	if len(names) == 0 {
		return applet.Usagef("give the daemons, for example zebra bgpd")
	}
	for _, name := range names {
		if name != filepath.Base(name) {
			return applet.Usagef("%q is not the name of a daemon", name)
		}
		for _, need := range []string{filepath.Join(programs, name), filepath.Join(settings, name+".conf")} {
			if _, err := os.Stat(need); err != nil {
				return fmt.Errorf("daemon %s: %w", name, err)
			}
		}
	}
	if err := keepCapabilities(); err != nil {
		return fmt.Errorf("cannot filter system calls: %w", err)
	}
	fmt.Fprintf(w, "starting %s\n", strings.Join(names, ", "))
	return together(ctx, commands(names))
}

func commands(names []string) (all [][]string) {
	for _, name := range names {
		all = append(all, []string{
			filepath.Join(programs, name), "--config_file=" + filepath.Join(settings, name+".conf"),
			"--pid_file=" + filepath.Join(state, name+".pid"), "--socket=" + filepath.Join(state, "zserv.api"),
			"--group=frrvty", "--vty_socket=" + state, "--vty_port=0", "--log=stdout", "--log-level=notifications",
		})
	}
	return all
}

// together runs programs until one of them ends, or ctx. Then it ends all of them: a
// routing daemon is of no use without the others. SIGTERM lets them take back their routes.
func together(ctx context.Context, all [][]string) error {
	running, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var wait sync.WaitGroup
	for _, args := range all {
		cmd := exec.CommandContext(running, args[0], args[1:]...)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
		wait.Go(func() {
			err := cmd.Run()
			if err == nil {
				err = errors.New("exit status 0")
			}
			stop(fmt.Errorf("%s ended: %w", filepath.Base(args[0]), err))
		})
	}
	wait.Wait()
	if ctx.Err() != nil {
		return nil //nolint:nilerr // the system ends
	}
	return context.Cause(running)
}

// keepCapabilities makes capset and setgroups do nothing in this process and in the programs
// that it starts, though they say that they succeeded. FRR's daemons ask for CAP_SYS_ADMIN,
// which only VRFs in namespaces need, and for the groups of their user, and end if they do
// not get both. They use the ambient capabilities of the container.
func keepCapabilities() error {
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // the number of the system call
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: 1, K: unix.SYS_CAPSET},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: unix.SYS_SETGROUPS},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	// All threads of this process get the filter: each one can start a program.
	thread, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program)))
	switch {
	case errno != 0:
		return errno
	case thread != 0:
		return fmt.Errorf("thread %d has another filter", thread)
	}
	return nil
}
