package files

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// capabilityNames in the kernel's order (include/uapi/linux/capability.h).
var capabilityNames = strings.Fields(`chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap
	linux_immutable net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot
	sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write
	audit_control setfcap mac_override mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore`)

// capabilities returns the text form of a security.capability attribute:
// "cap_net_raw" or "cap_net_raw,cap_sys_admin". An attribute that cannot be
// read is "unreadable".
func capabilities(attr string) string {
	b := []byte(attr)
	if len(b) < 4 {
		return "unreadable"
	}
	var words int
	switch binary.LittleEndian.Uint32(b) & 0xff000000 { // VFS_CAP_REVISION_MASK
	case 0x01000000:
		words = 1
	case 0x02000000, 0x03000000:
		words = 2
	default:
		return "unreadable"
	}
	if len(b) < 4+8*words {
		return "unreadable"
	}
	var set uint64 // permitted or inheritable
	for w := range words {
		at := 4 + 8*w
		set |= uint64(binary.LittleEndian.Uint32(b[at:])|binary.LittleEndian.Uint32(b[at+4:])) << (32 * w)
	}
	var names []string
	for i := range 64 {
		switch {
		case set&(1<<i) == 0:
		case i < len(capabilityNames):
			names = append(names, "cap_"+capabilityNames[i])
		default:
			names = append(names, fmt.Sprintf("cap_%d", i))
		}
	}
	return strings.Join(names, ",")
}
