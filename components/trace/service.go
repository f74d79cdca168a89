//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/internal/mountinfo"
	"github.com/seaworthy-os/seaworthy/internal/tracing"
)

// observer does what seaworthy trace asks for, with one service at a time.
type observer struct {
	runtime string
	port    *port
	journal *journal
	now     *container
	// asBuilt: the service gets its own config.json.
	asBuilt bool
	// begun: an earlier container of the service may have changed the root file system.
	begun map[string]bool
}

// container is one start of the service.
type container struct {
	call  *call
	pid   int
	ended chan struct{}
	// status says how it ended. It is set before ended is closed.
	status   string
	stopping atomic.Bool
	observed sync.WaitGroup
	// relay is the input of the process that relays ports, or nil.
	relay io.Closer
	// told: seaworthy trace knows that it ended, if it was not asked to stop. A later
	// message would be about the next container.
	told sync.WaitGroup
}

// observe runs until the machine ends.
func observe(runtime string, asBuilt bool) error {
	p, err := openPort()
	if err != nil {
		return err
	}
	o := &observer{runtime: runtime, asBuilt: asBuilt, port: p, journal: newJournal(p.send), begun: map[string]bool{}}
	p.send(tracing.Message{Hello: true})
	for {
		cmd, err := p.next()
		if err != nil {
			return err
		}
		var reply tracing.Reply
		if err := o.do(cmd, &reply); err != nil {
			reply.Error = err.Error()
		}
		p.send(tracing.Message{Reply: &reply})
	}
}

func (o *observer) do(cmd tracing.Command, reply *tracing.Reply) error {
	switch cmd.Do {
	case tracing.DoStart:
		return o.start(cmd)
	case tracing.DoHealth:
		return o.health(cmd)
	case tracing.DoRelay:
		return o.relay(cmd.Ports)
	case tracing.DoPhase:
		o.journal.setPhase(cmd.Phase)
		return nil
	case tracing.DoStop:
		return o.stop(cmd, reply)
	case tracing.DoLook:
		reply.Folders = look(cmd.Root, cmd.Paths)
		return nil
	}
	return fmt.Errorf("unknown command %q", cmd.Do)
}

func (o *observer) start(cmd tracing.Command) error {
	if o.now != nil {
		return errors.New("the service runs already")
	}
	call, err := findCall(cmd.Service, time.Duration(cmd.Seconds)*time.Second)
	if err != nil {
		return err
	}
	if o.begun[cmd.Service] {
		if err := cleanRoot(path.Join(call.bundle, "rootfs")); err != nil {
			return err
		}
	}
	o.begun[cmd.Service] = true
	out, err := os.OpenFile(fmt.Sprintf("/proc/%d/fd/1", call.pid), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer out.Close()
	args, listener, err := o.prepare(call, cmd)
	if err != nil {
		return err
	}
	pidFile := argument(args, "--pid-file")
	_ = os.Remove(pidFile)
	o.journal.begin(cmd.Phase, cmd.CallsOnly)
	run := exec.Command(o.runtime, args...)
	run.Stdout, run.Stderr = out, out
	if err := run.Start(); err != nil {
		if listener != nil {
			listener.Close()
		}
		return err
	}
	c := &container{call: call, ended: make(chan struct{})}
	if listener != nil {
		c.observed.Go(func() {
			if err := o.journal.serve(listener); err != nil {
				fmt.Fprintln(os.Stderr, "trace:", err)
			}
		})
	}
	go func() {
		err := run.Wait()
		c.status = "it ended"
		if err != nil {
			c.status = err.Error()
		}
		close(c.ended)
	}()
	for {
		if text, err := os.ReadFile(pidFile); err == nil {
			if c.pid, err = strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
				break
			}
		}
		select {
		case <-c.ended:
			if listener != nil {
				listener.Close() // the runtime may have ended before it sent the filter
			}
			c.observed.Wait()
			o.remove(call)
			return fmt.Errorf("the service did not start: %s", c.status)
		case <-time.After(10 * time.Millisecond):
		}
	}
	o.now = c
	c.told.Go(func() {
		<-c.ended
		if !c.stopping.Load() {
			o.port.send(tracing.Message{Ended: c.status})
		}
	})
	return nil
}

// prepare returns the arguments of the OCI runtime. Unless the service runs as built,
// they name a changed config.json, and the runtime sends the descriptor of its filter to
// listener.
func (o *observer) prepare(call *call, cmd tracing.Command) (args []string, listener *net.UnixListener, err error) {
	if o.asBuilt {
		return call.args, nil, nil
	}
	return prepare(call, cmd.Without, cmd.Quiet, func(map[string]any) error { return nil })
}

// prepare writes a config.json whose filter notifies a listener. more changes it further.
func prepare(call *call, without, quiet []string, more func(spec map[string]any) error) (args []string, listener *net.UnixListener, err error) {
	spec, err := call.spec()
	if err != nil {
		return nil, nil, err
	}
	if err := more(spec); err != nil {
		return nil, nil, err
	}
	socket := filepath.Join(work, "notify.sock")
	withoutCapabilities(spec, without)
	if err := notifying(spec, socket, quiet); err != nil {
		return nil, nil, err
	}
	name, err := call.write(spec)
	if err != nil {
		return nil, nil, err
	}
	_ = os.Remove(socket)
	listener, err = net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
	return call.with(name), listener, err
}

// stop ends the service: with SIGTERM, as PID 1 does, and with SIGKILL after
// cmd.Seconds.
func (o *observer) stop(cmd tracing.Command, reply *tracing.Reply) error {
	c := o.now
	if c == nil {
		return errors.New("the service does not run")
	}
	c.stopping.Store(true)
	o.journal.setPhase(cmd.Phase)
	ended := func(after time.Duration) bool {
		select {
		case <-c.ended:
			return true
		case <-time.After(after):
			return false
		}
	}
	if cmd.Seconds > 0 && !ended(0) {
		_ = unix.Kill(c.pid, unix.SIGTERM)
		reply.Forced = !ended(time.Duration(cmd.Seconds) * time.Second)
	}
	if !ended(0) {
		_ = unix.Kill(c.pid, unix.SIGKILL)
	}
	o.remove(c.call)
	<-c.ended
	if c.relay != nil {
		c.relay.Close()
	}
	c.observed.Wait()
	c.told.Wait()
	o.now = nil
	reply.Calls, reply.Lost = o.journal.totals()
	return nil
}

// remove deletes the container, and ends what is left in it.
func (o *observer) remove(call *call) {
	args := append(slices.Clone(call.args[:2]), "delete", "--force", call.name)
	_ = exec.Command(o.runtime, args...).Run() // it fails if the runtime has already deleted it
}

// cleanRoot removes what the last container wrote to its root file system.
func cleanRoot(root string) error {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	for _, m := range mountinfo.Parse(text) {
		if m.Point != root || m.Kind != "overlay" {
			continue
		}
		upper, work := m.FSOption("upperdir"), m.FSOption("workdir")
		if err := unix.Unmount(root, 0); err != nil {
			return fmt.Errorf("cannot unmount %s: %w", root, err)
		}
		for _, dir := range []string{upper, work} {
			entries, err := os.ReadDir(dir)
			if err != nil {
				return err
			}
			for _, e := range entries {
				if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
					return err
				}
			}
		}
		data := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", m.FSOption("lowerdir"), upper, work)
		return unix.Mount("overlay", root, "overlay", 0, data)
	}
	return nil // the root is read-only
}

// withoutCapabilities removes capabilities from all sets of a config.json.
func withoutCapabilities(spec map[string]any, remove []string) {
	process, _ := spec["process"].(map[string]any)
	sets, _ := process["capabilities"].(map[string]any)
	for name, set := range sets {
		list, _ := set.([]any)
		sets[name] = slices.DeleteFunc(list, func(c any) bool { text, _ := c.(string); return slices.Contains(remove, text) })
	}
}

// notifying changes the seccomp filter of a config.json: what the filter allows
// notifies a program that listens on socket, and is then executed. Calls of quiet do not
// notify, if the filter has only one rule for them, and allows them with all arguments.
func notifying(spec map[string]any, socket string, quiet []string) error {
	linux, ok := spec["linux"].(map[string]any)
	if !ok {
		return errors.New("config.json has no section linux")
	}
	filter, ok := linux["seccomp"].(map[string]any)
	if !ok {
		filter = map[string]any{"defaultAction": actAllow}
		linux["seccomp"] = filter
	}
	filter["listenerPath"] = socket
	rules, _ := filter["syscalls"].([]any)
	times := map[string]int{} // how many rules are about a call
	for _, r := range rules {
		for _, name := range namesOf(r) {
			times[name]++
		}
	}
	var out []any
	if allowed(filter["defaultAction"]) {
		silent := slices.DeleteFunc(slices.Clone(quiet), func(name string) bool { return times[name] > 0 })
		if len(silent) > 0 {
			out = append(out, map[string]any{"names": silent, "action": actAllow})
		}
		filter["defaultAction"] = actNotify
	}
	for _, r := range rules {
		rule, ok := r.(map[string]any)
		if !ok || !allowed(rule["action"]) {
			out = append(out, r)
			continue
		}
		var silent, others []string
		args, _ := rule["args"].([]any)
		for _, name := range namesOf(rule) {
			if times[name] == 1 && len(args) == 0 && slices.Contains(quiet, name) {
				silent = append(silent, name)
			} else {
				others = append(others, name)
			}
		}
		if len(silent) > 0 {
			same := maps.Clone(rule)
			same["names"], same["action"] = silent, actAllow
			out = append(out, same)
		}
		if len(others) > 0 {
			rule["names"], rule["action"] = others, actNotify
			out = append(out, rule)
		}
	}
	if len(out) > 0 {
		filter["syscalls"] = out
	}
	return nil
}

// allowed reports whether an action of a filter lets the kernel execute the call.
func allowed(action any) bool { return action == actAllow || action == actLog }

// namesOf are the calls of a rule of config.json.
func namesOf(rule any) (out []string) {
	tree, _ := rule.(map[string]any)
	list, _ := tree["names"].([]any)
	for _, n := range list {
		if name, ok := n.(string); ok {
			out = append(out, name)
		}
	}
	return out
}

const (
	actAllow  = "SCMP_ACT_ALLOW"
	actLog    = "SCMP_ACT_LOG"
	actNotify = "SCMP_ACT_NOTIFY"
)

// look describes folders below root.
func look(root string, paths []string) (out []tracing.Folder) {
	for _, p := range paths {
		f := tracing.Folder{Path: p}
		name := filepath.Join(root, p)
		var st unix.Stat_t
		if unix.Lstat(name, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFDIR {
			f.Exists, f.Mode, f.UID, f.GID = true, st.Mode&0o7777, st.Uid, st.Gid
			if d, err := os.Open(name); err == nil {
				_, err := d.Readdirnames(1)
				f.Empty = errors.Is(err, io.EOF)
				d.Close()
			}
		}
		out = append(out, f)
	}
	return out
}
