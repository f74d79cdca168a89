package report

import (
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"github.com/seaworthy-os/seaworthy/internal/mountinfo"
)

// Report is the answer to GET /.
type Report struct {
	UID    int   `json:"uid"`
	GID    int   `json:"gid"`
	Groups []int `json:"groups"`
	// UserIDs and GroupIDs are the ids that the container has, with their numbers
	// outside its user namespace. Without one of its own, it has all ids.
	UserIDs  []IDRange `json:"userIds"`
	GroupIDs []IDRange `json:"groupIds"`
	// Capabilities holds the capabilities by set: effective, permitted,
	// inheritable, bounding, ambient.
	Capabilities map[string][]string `json:"capabilities"`
	NoNewPrivs   bool                `json:"noNewPrivileges"`
	// Seccomp is disabled, strict or filter.
	Seccomp string `json:"seccomp"`
	// SeccompFilters is the number of loaded filters.
	SeccompFilters int `json:"seccompFilters"`
	// Cgroup has the limits of memory, processes and processor time.
	Cgroup Cgroup `json:"cgroup"`
	// AppArmor is the label, or "" without one.
	AppArmor string `json:"appArmor"`
	// Namespaces holds the kernel's names of the namespaces by kind:
	// "net:[4026531840]".
	Namespaces map[string]string `json:"namespaces"`
	Hostname   string            `json:"hostname"`
	Kernel     string            `json:"kernel"`
	Mounts     []Mount           `json:"mounts"`
	// Attempts are actions that were really tried.
	Attempts []Attempt `json:"attempts"`
	// Landlock is what the program has taken away from itself since then.
	Landlock Landlock `json:"landlock"`
	// Sysctls holds parameters by name, without those that cannot be read.
	Sysctls map[string]string `json:"sysctls"`
}

// IDRange is one line of /proc/self/uid_map: ids in the user namespace, and those that
// they are outside.
type IDRange struct {
	Inside  uint32 `json:"inside"`
	Outside uint32 `json:"outside"`
	Size    uint32 `json:"size"`
}

// Mount is one line of /proc/self/mountinfo.
type Mount struct {
	Path     string   `json:"path"`
	Type     string   `json:"type"`
	ReadOnly bool     `json:"readOnly"`
	Options  []string `json:"options"`
}

// Attempt is the result of one action.
type Attempt struct {
	Name    string `json:"name"`
	Allowed bool   `json:"allowed"`
	// Error is the kernel's error, or "" if the kernel allowed the action.
	Error string `json:"error,omitempty"`
}

// capabilities are the names of the capabilities by number
// (include/uapi/linux/capability.h).
var capabilities = []string{
	"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID", "CAP_SETUID",
	"CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK",
	"CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN",
	"CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE",
	"CAP_AUDIT_CONTROL", "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND",
	"CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
}

// capabilityNames parses a set as the kernel prints it, in hexadecimal.
func capabilityNames(hex string) ([]string, error) {
	set, err := strconv.ParseUint(hex, 16, 64)
	if err != nil {
		return nil, fmt.Errorf("capability set %q: %w", hex, err)
	}
	out := []string{} // [] in JSON, not null
	for ; set != 0; set &= set - 1 {
		n := bits.TrailingZeros64(set)
		if n < len(capabilities) {
			out = append(out, capabilities[n])
		} else {
			out = append(out, fmt.Sprintf("CAP_%d", n))
		}
	}
	return out, nil
}

// readStatus reads the content of /proc/self/status into the report.
func (r *Report) readStatus(text string) error {
	sets := map[string]string{"CapInh": "inheritable", "CapPrm": "permitted", "CapEff": "effective", "CapBnd": "bounding", "CapAmb": "ambient"}
	r.Capabilities = map[string][]string{}
	r.Groups = []int{}
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		value = strings.TrimSpace(value)
		if set, ok := sets[key]; ok {
			names, err := capabilityNames(value)
			if err != nil {
				return err
			}
			r.Capabilities[set] = names
			continue
		}
		switch key {
		case "Groups":
			for g := range strings.FieldsSeq(value) {
				n, err := strconv.Atoi(g)
				if err != nil {
					return fmt.Errorf("group %q: %w", g, err)
				}
				r.Groups = append(r.Groups, n)
			}
		case "NoNewPrivs":
			r.NoNewPrivs = value == "1"
		case "Seccomp":
			mode, ok := map[string]string{"0": "disabled", "1": "strict", "2": "filter"}[value]
			if !ok {
				return fmt.Errorf("seccomp mode %q", value)
			}
			r.Seccomp = mode
		case "Seccomp_filters":
			r.SeccompFilters, _ = strconv.Atoi(value)
		}
	}
	if len(r.Capabilities) != len(sets) || r.Seccomp == "" {
		return fmt.Errorf("/proc/self/status lacks capability sets or the seccomp mode")
	}
	return nil
}

// parseIDs parses /proc/self/uid_map and gid_map.
func parseIDs(text string) []IDRange {
	out := []IDRange{}
	for line := range strings.Lines(text) {
		var r IDRange
		if _, err := fmt.Sscan(line, &r.Inside, &r.Outside, &r.Size); err == nil {
			out = append(out, r)
		}
	}
	return out
}

// parseMounts parses /proc/self/mountinfo.
func parseMounts(text string) []Mount {
	out := []Mount{}
	for _, m := range mountinfo.Parse([]byte(text)) {
		readOnly := slices.Contains(m.Options, "ro") || slices.Contains(m.FSOptions, "ro")
		out = append(out, Mount{Path: m.Point, Type: m.Kind, ReadOnly: readOnly, Options: m.Options})
	}
	return out
}
