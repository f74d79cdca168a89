//go:build linux

// Package guestagent is the program guest-agent-start, which starts QEMU's guest agent with
// a list of commands that the hypervisor may give: the agent refuses all others, also those
// that a later version adds.
package guestagent

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/components/applet"
	"github.com/seaworthy-os/seaworthy/components/landlock"
)

// Main runs the program.
func Main() {
	s := starter{sys: "/sys", poll: 5 * time.Second, state: "/state"}
	(&applet.Program{Name: "guest-agent-start", Usage: "-allow COMMAND,...", Flags: s.flags, FlagsOnly: true, Run: s.run}).Main()
}

type starter struct {
	allow, port string
	sys, state  string
	poll        time.Duration
}

func (s *starter) flags(fs *flag.FlagSet) {
	fs.StringVar(&s.allow, "allow", "", "commands that the hypervisor may give, with commas between them")
	fs.StringVar(&s.port, "port", "org.qemu.guest_agent.0", "name of the serial port to the hypervisor")
}

func (s *starter) run(ctx context.Context, w io.Writer, _ []string) error {
	help, err := applet.Output(ctx, "qemu-ga", "--block-rpcs=help")
	if err != nil {
		return err
	}
	allow := strings.FieldsFunc(s.allow, func(r rune) bool { return r == ',' })
	block, err := others(strings.Fields(help), allow)
	if err != nil {
		return err
	}
	device, err := s.wait(ctx, w)
	if err != nil {
		return err
	}
	agent, err := applet.Find("qemu-ga")
	if err != nil {
		return err
	}
	// The number of the device is not known before boot, so the container can open every
	// character device. From here on, the agent can open only this one.
	version, err := landlock.Restrict(landlock.Needs{
		Read: []string{"/etc", "/proc", "/sys"}, Run: []string{filepath.Dir(agent), "/usr/lib", "/lib", "/lib64"},
		Write: []string{s.state}, Open: []string{device},
	})
	if err != nil {
		return err
	}
	if version == 0 {
		fmt.Fprintln(w, "the kernel has no Landlock: the agent can open other character devices too")
	}
	fmt.Fprintf(w, "the hypervisor may give %d commands on %s\n", len(allow), device)
	return unix.Exec(agent, []string{agent, "--method=virtio-serial", "--path=" + device, "--statedir=" + s.state,
		"--block-rpcs=" + strings.Join(block, ",")}, []string{"PATH="})
}

// others returns the commands that are not allowed.
func others(all, allow []string) (block []string, err error) {
	if len(allow) == 0 {
		return nil, applet.Usagef("give the commands with -allow")
	}
	for _, name := range allow {
		if !slices.Contains(all, name) {
			return nil, fmt.Errorf("-allow %s: the agent has no such command; it has %s", name, strings.Join(all, ", "))
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(name string) bool { return slices.Contains(allow, name) }), nil
}

// wait waits until the machine has the serial port, and returns its device. A hypervisor can
// add it later.
func (s *starter) wait(ctx context.Context, w io.Writer) (string, error) {
	for told := false; ; told = true {
		device, err := s.device()
		if !errors.Is(err, errNoPort) {
			return device, err
		}
		if !told {
			fmt.Fprintf(w, "waiting for the serial port %s: the machine does not have it, or the kernel has no driver for it (virtio_console)\n", s.port)
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(s.poll):
		}
	}
}

var errNoPort = errors.New("there is no such port")

func (s *starter) device() (string, error) {
	names, err := filepath.Glob(filepath.Join(s.sys, "class/virtio-ports/*/name"))
	if err != nil {
		return "", err
	}
	for _, name := range names {
		if text, err := os.ReadFile(name); err == nil && strings.TrimSpace(string(text)) == s.port {
			return filepath.Join("/dev", filepath.Base(filepath.Dir(name))), nil
		}
	}
	return "", errNoPort
}
