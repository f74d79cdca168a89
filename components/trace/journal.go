//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/internal/tracing"
)

// maxSeen limits the number of observations: a service can use any number of files.
const maxSeen = 20000

// journal collects the system calls of the service.
type journal struct {
	send func(tracing.Message)

	mu    sync.Mutex
	phase string
	// callsOnly: files are not observed.
	callsOnly bool
	times     map[int]int
	seen      map[seenKey]bool
	lost      int
}

type seenKey struct {
	number       int
	detail, path string
	write        bool
}

func newJournal(send func(tracing.Message)) *journal {
	return &journal{send: send, times: map[int]int{}, seen: map[seenKey]bool{}}
}

// begin forgets what an earlier container did.
func (j *journal) begin(phase string, callsOnly bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.phase, j.callsOnly, j.lost = phase, callsOnly, 0
	clear(j.times)
	clear(j.seen)
}

func (j *journal) setPhase(p string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.phase = p
}

// totals returns how often each call was made, and how many observations were lost.
func (j *journal) totals() (out []tracing.Count, lost int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for n, t := range j.times {
		out = append(out, tracing.Count{Number: n, Times: t})
	}
	slices.SortFunc(out, func(a, b tracing.Count) int { return a.Number - b.Number })
	return out, j.lost
}

// changed lists the files that the container changed.
func (j *journal) changed() (paths []string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for key := range j.seen {
		if key.write {
			paths = append(paths, key.path)
		}
	}
	slices.Sort(paths)
	return paths
}

// add sends an observation that is new.
func (j *journal) add(s tracing.Seen) {
	key := seenKey{number: s.Number, detail: s.Detail}
	if s.File != nil {
		key.path, key.write = s.File.Path, s.File.Write
	}
	if s.Foreign {
		key.number = -1
	}
	j.mu.Lock()
	known, full := j.seen[key], len(j.seen) >= maxSeen
	switch {
	case known:
	case full:
		j.lost++
	default:
		j.seen[key] = true
	}
	s.Phase = j.phase
	j.mu.Unlock()
	if !known && !full {
		j.send(tracing.Message{Seen: &s})
	}
}

// count counts a call, and reports whether nothing else about it is of interest.
func (j *journal) count(number int) (enough bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.times[number]++
	return j.callsOnly && j.times[number] > 1 && number != unix.SYS_SOCKET && number != unix.SYS_CLONE
}

// notification is struct seccomp_notif of the kernel.
type notification struct {
	id         uint64
	pid, flags uint32
	number     int32
	arch       uint32
	ip         uint64
	args       [6]uint64
}

// response is struct seccomp_notif_resp.
type response struct {
	id    uint64
	value int64
	err   int32
	flags uint32
}

// flagContinue: the kernel executes the call.
const flagContinue = 1

// ownArch is the table of system calls of this architecture.
var ownArch = map[string]uint32{"amd64": unix.AUDIT_ARCH_X86_64, "arm64": unix.AUDIT_ARCH_AARCH64, "riscv64": unix.AUDIT_ARCH_RISCV64}[runtime.GOARCH]

// otherTable is set in the numbers of x32, which has the same arch as amd64.
const otherTable = 0x40000000

// serve receives the filter's descriptor from the OCI runtime, and lets the calls of the
// container happen until its last process has ended.
func (j *journal) serve(listener *net.UnixListener) error {
	conn, err := listener.AcceptUnix()
	listener.Close()
	if err != nil {
		return nil //nolint:nilerr // the service did not start, which start reports
	}
	defer conn.Close()
	fd, err := receive(conn)
	if err != nil {
		return fmt.Errorf("cannot get the notifications of the filter: %w", err)
	}
	defer unix.Close(fd)
	for {
		poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		if _, err := unix.Poll(poll, -1); err != nil {
			if errors.Is(err, unix.EINTR) {
				continue
			}
			return err
		}
		if poll[0].Revents&unix.POLLIN == 0 {
			return nil // no process uses the filter
		}
		var n notification
		if err := ioctl(fd, unix.SECCOMP_IOCTL_NOTIF_RECV, unsafe.Pointer(&n)); err != nil {
			if errors.Is(err, unix.EINTR) || errors.Is(err, unix.ENOENT) {
				continue // a signal ended the call
			}
			return err
		}
		j.record(fd, &n)
		r := response{id: n.id, flags: flagContinue}
		if err := ioctl(fd, unix.SECCOMP_IOCTL_NOTIF_SEND, unsafe.Pointer(&r)); err != nil && !errors.Is(err, unix.ENOENT) {
			return err
		}
	}
}

func ioctl(fd int, request uint, arg unsafe.Pointer) error {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), uintptr(request), uintptr(arg)); errno != 0 {
		return errno
	}
	return nil
}

// receive reads the state of a container, and returns the descriptor that it calls
// seccompFd.
func receive(conn *net.UnixConn) (int, error) {
	data, oob := make([]byte, 1<<20), make([]byte, 4096)
	n, oobn, _, _, err := conn.ReadMsgUnix(data, oob)
	if err != nil {
		return -1, err
	}
	messages, err := unix.ParseSocketControlMessage(oob[:oobn])
	if err != nil {
		return -1, err
	}
	var fds []int
	for i := range messages {
		list, err := unix.ParseUnixRights(&messages[i])
		if err != nil {
			return -1, err
		}
		fds = append(fds, list...)
	}
	var state struct {
		FDs []string `json:"fds"`
	}
	// The state can be longer than one message; its list of descriptors then is
	// missing, and there is only one.
	_ = json.Unmarshal(data[:n], &state)
	want := max(slices.Index(state.FDs, "seccompFd"), 0)
	got := -1
	for i, fd := range fds {
		if i == want {
			got = fd
			unix.CloseOnExec(fd)
		} else {
			unix.Close(fd)
		}
	}
	if got < 0 {
		return -1, errors.New("the OCI runtime sent no descriptor")
	}
	return got, nil
}

// record adds one call to the journal.
func (j *journal) record(fd int, n *notification) {
	s := tracing.Seen{Number: int(n.number)}
	if n.arch != ownArch || n.number&otherTable != 0 {
		s.Foreign, s.Program = true, comm(n.pid)
		j.add(s)
		return
	}
	if j.count(s.Number) {
		return
	}
	s.Program = comm(n.pid)
	p := &process{pid: n.pid}
	defer p.close()
	detail := p.detail(n)
	var files []tracing.File
	if !j.callsOnly {
		files = p.files(n)
	}
	if ioctl(fd, unix.SECCOMP_IOCTL_NOTIF_ID_VALID, unsafe.Pointer(&n.id)) != nil {
		detail, files = "", nil // the process has ended: what was read is that of another one
	}
	s.Detail = detail
	if len(files) == 0 {
		j.add(s)
	}
	for i := range files {
		s.File = &files[i]
		j.add(s)
	}
}

func comm(pid uint32) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
