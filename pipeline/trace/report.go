package trace

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/elastic/go-seccomp-bpf/arch"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/tracing"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// SchemaVersion is the version of the JSON form: docs/trace.schema.json.
const SchemaVersion = 1

// Report is what was measured, and what follows.
type Report struct {
	SchemaVersion int `json:"schemaVersion"`
	// Component is the container: "services/web".
	Component string `json:"component"`
	Arch      string `json:"arch"`
	// Runs are the runs of the service, in their order.
	Runs []Trial `json:"runs"`
	// Capabilities are those that the service has.
	Capabilities []Capability `json:"capabilities"`
	Calls        []Call       `json:"calls"`
	// Files are the files that the service changed, and Devices those that it opened.
	Files   []File `json:"files"`
	Devices []File `json:"devices"`
	// Changes are the edits of os.yml, each with its reason.
	Changes []Change `json:"changes"`
	// Notes say what was not proposed, and why.
	Notes []string `json:"notes"`
	// Profile is the seccomp profile, and Diff the change of os.yml together with the
	// profile, for patch -p1.
	Profile json.RawMessage `json:"profile"`
	Diff    string          `json:"diff"`

	folders map[string]tracing.Folder
}

func newReport(component, arch string) *Report {
	return &Report{SchemaVersion: SchemaVersion, Component: component, Arch: arch, Runs: []Trial{}, Capabilities: []Capability{}, Calls: []Call{},
		Files: []File{}, Devices: []File{}, Changes: []Change{}, Notes: []string{}, folders: map[string]tracing.Folder{}}
}

// Trial is one run of the service.
type Trial struct {
	// Without are the capabilities that were taken away.
	Without []string `json:"without"`
	// Failed says why the service did not work, "" if it worked.
	Failed string `json:"failed,omitempty"`
}

// Capability is one capability of the service.
type Capability struct {
	Name   string `json:"name"`
	Needed bool   `json:"needed"`
	// Without says what happened without it.
	Without string `json:"without,omitempty"`
	// Calls are the calls that were seen and may need it.
	Calls []string `json:"calls"`
}

// Call is a system call that the service made.
type Call struct {
	Name   string `json:"name"`
	Number int    `json:"number"`
	// Times is how often it was made in the first run that made it. It is not in the
	// profile, because it differs between runs.
	Times int `json:"times"`
	// Program is the thread that made it first, in Phase.
	Program string `json:"program"`
	Phase   string `json:"phase"`
	// Details are what it asked for: "port 80".
	Details []string `json:"details"`
}

// File is a file, and the call that used it first.
type File struct {
	Path    string `json:"path"`
	Kind    string `json:"kind"`
	Call    string `json:"call"`
	Program string `json:"program"`
	Phase   string `json:"phase"`
	// Write: a device was opened for writing.
	Write bool `json:"write"`
	// ReadOnly: the file system was read-only, so the call failed.
	ReadOnly bool `json:"readOnly"`
	// Device has the kind and the numbers of a device: "c 1:3".
	Device string `json:"device,omitempty"`
}

// seen says how a file was used.
func (f *File) seen() string {
	return fmt.Sprintf("%s: %s by %s (%s)", f.Path, f.Call, f.Program, f.Phase)
}

// Change is one edit of os.yml.
type Change struct {
	decision.Edit
	Reason string `json:"reason"`
}

// tableOf has the names of the system calls of an architecture. It is nil if they are
// not known.
func tableOf(goarch string) map[int]string {
	switch goarch {
	case "amd64":
		return arch.X86_64.SyscallNumbers
	case "arm64":
		return arch.AARCH64.SyscallNumbers
	}
	return nil
}

// add adds what a run that worked has shown.
func (r *Report) add(names map[int]string, seen []tracing.Seen, reply *tracing.Reply) error {
	if reply.Lost > 0 || len(seen) >= maxSeen {
		return system.Unusable("the service used more files than can be observed").Suggest("use less of the service in the exercise")
	}
	times := map[int]int{}
	for _, c := range reply.Calls {
		times[c.Number] = c.Times
	}
	for i := range seen {
		s := &seen[i]
		if s.Foreign {
			return system.Unusable("the service makes system calls of another architecture (%s, number %d)", s.Program, s.Number).
				Suggest("trace it as a program of the system's architecture: the proposal would refuse its calls")
		}
		name, ok := names[s.Number]
		if !ok {
			return system.Unusable("the service makes the system call %d, which has no known name", s.Number).Suggest("use a newer version of seaworthy")
		}
		r.addCall(name, s, times[s.Number])
		if s.File != nil {
			r.addFile(name, s)
		}
	}
	slices.SortFunc(r.Calls, func(a, b Call) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(r.Files, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	slices.SortFunc(r.Devices, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	return nil
}

func (r *Report) addCall(name string, s *tracing.Seen, times int) {
	i := slices.IndexFunc(r.Calls, func(c Call) bool { return c.Name == name })
	if i < 0 {
		i = len(r.Calls)
		r.Calls = append(r.Calls, Call{Name: name, Number: s.Number, Times: times, Program: s.Program, Phase: s.Phase, Details: []string{}})
	}
	if c := &r.Calls[i]; s.Detail != "" && !slices.Contains(c.Details, s.Detail) {
		c.Details = append(c.Details, s.Detail)
		slices.Sort(c.Details)
	}
}

// plain are the calls that were seen, and of which nothing else is of interest.
func (r *Report) plain() (out []string) {
	for _, c := range r.Calls {
		if slices.Contains(tracing.Plain, c.Name) {
			out = append(out, c.Name)
		}
	}
	return out
}

func (r *Report) addFile(call string, s *tracing.Seen) {
	f := File{Path: s.File.Path, Kind: s.File.Kind, Call: call, Program: s.Program, Phase: s.Phase, Write: s.File.Write, ReadOnly: s.File.ReadOnly, Device: s.File.Device}
	list := &r.Files
	switch {
	case f.Kind == tracing.KindDevice:
		list = &r.Devices
	case !f.Write:
		return
	}
	i := slices.IndexFunc(*list, func(o File) bool { return o.Path == f.Path })
	if i < 0 {
		*list = append(*list, f)
		return
	}
	(*list)[i].Write = (*list)[i].Write || f.Write
}

// asks names calls that may need a capability. It is not complete: chmod and open, for
// example, need one only for files of others. What a service needs is measured; this
// only says what to try first, and explains the result.
var asks = map[string][]string{
	"CAP_CHOWN":           {"chown", "fchown", "lchown", "fchownat"},
	"CAP_FOWNER":          {"chmod", "fchmod", "fchmodat", "utime", "utimes", "utimensat"},
	"CAP_KILL":            {"kill", "tkill", "tgkill", "pidfd_send_signal", "rt_sigqueueinfo"},
	"CAP_SETUID":          {"setuid", "setreuid", "setresuid", "setfsuid"},
	"CAP_SETGID":          {"setgid", "setregid", "setresgid", "setfsgid", "setgroups"},
	"CAP_SETPCAP":         {"capset"},
	"CAP_SYS_CHROOT":      {"chroot"},
	"CAP_SYS_ADMIN":       {"mount", "umount2", "pivot_root", "setns", "unshare", "sethostname", "setdomainname", "swapon", "swapoff", "quotactl", "fanotify_init", "move_mount", "fsopen", "open_tree", "fspick"},
	"CAP_MKNOD":           {"mknod", "mknodat"},
	"CAP_SYS_NICE":        {"setpriority", "sched_setscheduler", "sched_setparam", "sched_setattr", "sched_setaffinity", "ioprio_set", "mbind", "migrate_pages", "move_pages"},
	"CAP_SYS_TIME":        {"settimeofday", "clock_settime", "adjtimex", "clock_adjtime"},
	"CAP_SYS_BOOT":        {"reboot", "kexec_load", "kexec_file_load"},
	"CAP_SYS_MODULE":      {"init_module", "finit_module", "delete_module"},
	"CAP_SYS_RAWIO":       {"iopl", "ioperm"},
	"CAP_IPC_LOCK":        {"mlock", "mlock2", "mlockall", "shmctl"},
	"CAP_SYS_RESOURCE":    {"setrlimit", "prlimit64"},
	"CAP_SYS_PTRACE":      {"ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp"},
	"CAP_BPF":             {"bpf"},
	"CAP_PERFMON":         {"perf_event_open"},
	"CAP_SYSLOG":          {"syslog"},
	"CAP_SYS_PACCT":       {"acct"},
	"CAP_DAC_READ_SEARCH": {"open_by_handle_at"},
	"CAP_SYS_TTY_CONFIG":  {"vhangup"},
}

// hints lists, for each capability, the calls that were seen and may need it.
func (r *Report) hints() map[string][]string {
	out := map[string][]string{}
	if len(r.Files) > 0 {
		// Root needs it to change files in folders of others.
		out["CAP_DAC_OVERRIDE"] = []string{"changes of files"}
	}
	for _, c := range r.Calls {
		for capability, names := range asks {
			if slices.Contains(names, c.Name) {
				out[capability] = append(out[capability], c.Name)
			}
		}
		for _, d := range c.Details {
			port, isPort := tracing.PortOf(d)
			switch {
			case c.Name == "socket" && (strings.HasPrefix(d, "AF_PACKET") || strings.HasSuffix(d, " raw")):
				out["CAP_NET_RAW"] = append(out["CAP_NET_RAW"], "socket "+d)
			case c.Name == "socket" && d == "AF_NETLINK":
				out["CAP_NET_ADMIN"] = append(out["CAP_NET_ADMIN"], "socket "+d)
			case c.Name == "bind" && isPort && port > 0 && port < 1024:
				out["CAP_NET_BIND_SERVICE"] = append(out["CAP_NET_BIND_SERVICE"], "bind "+d)
			}
		}
	}
	return out
}
