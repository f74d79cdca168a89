// Package tracing has the messages between seaworthy trace and its program in the
// traced system (components/trace). Both sides write one JSON value per line.
package tracing

import (
	"fmt"
	"strings"

	"github.com/seaworthy-os/seaworthy/internal/health"
)

const (
	// Port is the name of the serial port that carries the messages.
	Port = "io.github.seaworthy-os.trace"
	// SettingsFile is the file of the traced system with Settings.
	SettingsFile = "/etc/seaworthy-trace.json"
	// BootedName is the name of a container at the end of the section onboot. Instead of
	// it, the program says that all onboot containers have ended with success.
	BootedName = "seaworthy-trace-booted"
	// WithoutParameter is the parameter of the kernel with the capabilities that the traced
	// containers of onboot and onshutdown do not get, separated by commas.
	WithoutParameter = "seaworthy.trace.without"
	// MaxLine limits the length of a message.
	MaxLine = 1 << 20
)

// Settings say what is traced.
type Settings struct {
	// Services are the names of the traced services. One is observed at a time.
	Services []string `json:"services,omitempty"`
	// Once are the traced containers of onboot and onshutdown, which run once in a boot:
	// "onboot/dhcp". The program does not start them: PID 1 does. There are none if
	// there are Services.
	Once []string `json:"once,omitempty"`
	// CallsOnly and Quiet are those of Command, for Once.
	CallsOnly bool     `json:"callsOnly,omitempty"`
	Quiet     []string `json:"quiet,omitempty"`
	// AsBuilt: nothing is observed or changed, and the service is only started and
	// asked.
	AsBuilt bool `json:"asBuilt,omitempty"`
}

// The values of Command.Do.
const (
	// DoStart starts the service. The reply follows when its first process exists.
	DoStart = "start"
	// DoHealth runs the checks once.
	DoHealth = "health"
	// DoRelay makes ports of the loopback address reachable from outside of the machine,
	// until the service is stopped.
	DoRelay = "relay"
	// DoPhase sets the phase of later observations.
	DoPhase = "phase"
	// DoStop ends the service. The reply has the numbers of its system calls.
	DoStop = "stop"
	// DoLook describes folders of the image.
	DoLook = "look"
)

// Command asks the program in the system to do one thing. It answers each with one
// Reply.
type Command struct {
	Do string `json:"do"`
	// Service is the name of the service that starts.
	Service string `json:"service,omitempty"`
	// CallsOnly: only the system calls of the service matter, and not the files that it
	// uses. That is faster.
	CallsOnly bool `json:"callsOnly,omitempty"`
	// Quiet are system calls that are not observed. Each notification stops the service for
	// two changes of the process, so the more of the frequent calls are here, the faster
	// the service runs.
	Quiet []string `json:"quiet,omitempty"`
	// Without are capabilities that the service does not get.
	Without []string `json:"without,omitempty"`
	// Checks are the health checks.
	Checks []health.Check `json:"checks,omitempty"`
	// Ports are those that are relayed.
	Ports []int `json:"ports,omitempty"`
	// Seconds limits a health check, and the time in which the service must stop.
	Seconds int    `json:"seconds,omitempty"`
	Phase   string `json:"phase,omitempty"`
	// Root is a folder of the system, and Paths are paths in it.
	Root  string   `json:"root,omitempty"`
	Paths []string `json:"paths,omitempty"`
}

// Message comes from the program in the system. It has one of its fields.
type Message struct {
	// Hello is the first message: the service can be started.
	Hello bool   `json:"hello,omitempty"`
	Reply *Reply `json:"reply,omitempty"`
	// Failed says why nothing can be observed. It is the last message.
	Failed string `json:"failed,omitempty"`
	Seen   *Seen  `json:"seen,omitempty"`
	// Ended says how a service ended that was not asked to stop.
	Ended string `json:"ended,omitempty"`
	// Booted: all onboot containers have ended with success.
	Booted bool `json:"booted,omitempty"`
	// Folder is a folder of the image of the container that Once then names.
	Folder *Folder `json:"folder,omitempty"`
	// Once says that a container of onboot or onshutdown has ended. All that was seen
	// since the last such message is about it.
	Once *Once `json:"once,omitempty"`
}

// Once is how a container of onboot or onshutdown has ended.
type Once struct {
	// Container is "onboot/dhcp".
	Container string `json:"container"`
	// Failed says how it failed. It is "" if it ended with success, and for an onboot
	// container whose parent is PID 1: the boot then fails.
	Failed string `json:"failed,omitempty"`
	// Observed is false for containers that are not traced.
	Observed bool    `json:"observed,omitempty"`
	Calls    []Count `json:"calls,omitempty"`
	Lost     int     `json:"lost,omitempty"`
}

// Reply is the result of a command.
type Reply struct {
	// Error is "" if the command worked.
	Error string `json:"error,omitempty"`
	// Calls are how often each system call was made.
	Calls []Count `json:"calls,omitempty"`
	// Lost is how many observations were left out because there were too many.
	Lost int `json:"lost,omitempty"`
	// Forced: the service was killed because it did not stop.
	Forced  bool     `json:"forced,omitempty"`
	Folders []Folder `json:"folders,omitempty"`
}

// Count is how often a system call was made.
type Count struct {
	Number int `json:"number"`
	Times  int `json:"times"`
}

// The kinds of files in Seen.
const (
	KindFile   = "file"
	KindFolder = "folder"
	KindDevice = "device"
	KindSocket = "socket"
	KindOther  = "other"
)

// Seen is a system call that was observed for the first time, or its first use of a
// file.
type Seen struct {
	// Number is that of the call, in the architecture's own table.
	Number int `json:"number"`
	// Foreign: the call uses the table of another architecture, such as a 32-bit one.
	Foreign bool `json:"foreign,omitempty"`
	// Program is the name of the thread that made the call.
	Program string `json:"program"`
	Phase   string `json:"phase"`
	// Detail says what the call asks for, such as "port 80".
	Detail string `json:"detail,omitempty"`
	File   *File  `json:"file,omitempty"`
}

// Plain are frequent calls of which only one thing is of interest: whether they are made.
// They have no paths, and no details.
var Plain = strings.Fields(`
	read readv write writev pread64 pwrite64 lseek close fstat fcntl getdents64 sendfile fsync fdatasync
	poll ppoll select pselect6 epoll_wait epoll_pwait epoll_ctl recvfrom recvmsg sendto sendmsg accept4 getsockopt setsockopt
	brk mmap mprotect munmap mremap madvise rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack tgkill restart_syscall
	futex set_robust_list rseq sched_yield clock_gettime clock_nanosleep nanosleep gettimeofday semop semtimedop
	getpid gettid getppid getuid geteuid getgid getegid getrandom getrusage wait4 exit exit_group`)

// NewNamespaces are the flags of clone for new namespaces: NEWNS, NEWCGROUP, NEWUTS,
// NEWIPC, NEWUSER, NEWPID and NEWNET. With one of them, clone needs CAP_SYS_ADMIN, or
// makes a user namespace.
const NewNamespaces = 0x7e020000

// families are the families of sockets that have a name, by their numbers in Linux.
var families = map[uint64]string{1: "AF_UNIX", 2: "AF_INET", 10: "AF_INET6", 16: "AF_NETLINK", 17: "AF_PACKET"}

// SocketDetail is the detail of the call socket: "AF_INET", "AF_PACKET raw".
func SocketDetail(family uint64, raw bool) string {
	text, ok := families[family]
	if !ok {
		text = fmt.Sprintf("family %d", family)
	}
	if raw {
		text += " raw"
	}
	return text
}

// SocketFamily is the number of the family in a detail of the call socket.
func SocketFamily(detail string) (number uint64, ok bool) {
	text := strings.TrimSuffix(detail, " raw")
	for n, name := range families {
		if name == text {
			return n, true
		}
	}
	_, err := fmt.Sscanf(text, "family %d", &number)
	return number, err == nil
}

// PortDetail is the detail of the call bind for a port of TCP or UDP.
func PortDetail(port uint16) string { return fmt.Sprintf("port %d", port) }

// PortOf is the port in a detail of the call bind.
func PortOf(detail string) (port int, ok bool) {
	_, err := fmt.Sscanf(detail, "port %d", &port)
	return port, err == nil
}

// File is what a system call does with a file.
type File struct {
	// Path is the path in the container, with symbolic links resolved.
	Path string `json:"path"`
	Kind string `json:"kind"`
	// Write: the call changes the file, or makes or removes it.
	Write bool `json:"write,omitempty"`
	// ReadOnly: the file system was mounted read-only.
	ReadOnly bool `json:"readOnly,omitempty"`
	// Device is the kind and the numbers of a device, such as "c 1:3".
	Device string `json:"device,omitempty"`
}

// Folder is a folder of the image, before the service changed it.
type Folder struct {
	Path string `json:"path"`
	// Exists is false if there is no such folder.
	Exists bool   `json:"exists"`
	Empty  bool   `json:"empty"`
	Mode   uint32 `json:"mode"`
	UID    uint32 `json:"uid"`
	GID    uint32 `json:"gid"`
}
