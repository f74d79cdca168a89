package spec

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Capability is the full name of a Linux capability, or "all" or "none". "all"
// and "none" must be the only entry of their list.
type Capability string

// CapAll and CapNone are the names of the full and the empty set.
const (
	CapAll  Capability = "all"
	CapNone Capability = "none"
)

// capabilities are the capabilities of Linux (linux/capability.h, as of 6.12),
// sorted. The list is part of the program so that `all` does not depend on the
// build machine.
var capabilities = []string{
	"CAP_AUDIT_CONTROL", "CAP_AUDIT_READ", "CAP_AUDIT_WRITE", "CAP_BLOCK_SUSPEND", "CAP_BPF",
	"CAP_CHECKPOINT_RESTORE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER",
	"CAP_FSETID", "CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_KILL", "CAP_LEASE", "CAP_LINUX_IMMUTABLE",
	"CAP_MAC_ADMIN", "CAP_MAC_OVERRIDE", "CAP_MKNOD", "CAP_NET_ADMIN", "CAP_NET_BIND_SERVICE",
	"CAP_NET_BROADCAST", "CAP_NET_RAW", "CAP_PERFMON", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP",
	"CAP_SETUID", "CAP_SYSLOG", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_CHROOT", "CAP_SYS_MODULE",
	"CAP_SYS_NICE", "CAP_SYS_PACCT", "CAP_SYS_PTRACE", "CAP_SYS_RAWIO", "CAP_SYS_RESOURCE",
	"CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_WAKE_ALARM",
}

// Capabilities returns the names of all capabilities, sorted.
func Capabilities() []string { return slices.Clone(capabilities) }

func (c *Capability) fromNode(d *decoder, n *yaml.Node) {
	text, ok := d.text(n)
	switch {
	case !ok:
	case strings.EqualFold(text, "cap_all"):
		d.errorf(n, "write all as the only entry of the list", "unknown capability %q", text)
	case strings.EqualFold(text, "cap_none"):
		d.errorf(n, "write none as the only entry of the list, or an empty list", "unknown capability %q", text)
	case strings.EqualFold(text, "all"):
		*c = CapAll
	case strings.EqualFold(text, "none"):
		*c = CapNone
	case slices.Contains(capabilities, text):
		*c = Capability(text)
	default:
		next := "write the full name in upper case: CAP_CHOWN"
		if near := nearest(text, capabilities); near != "" {
			next = fmt.Sprintf("did you mean %s?", near)
		} else if full := "CAP_" + strings.ToUpper(text); slices.Contains(capabilities, full) {
			next = fmt.Sprintf("did you mean %s?", full)
		}
		d.errorf(n, next, "unknown capability %q", text)
	}
}
