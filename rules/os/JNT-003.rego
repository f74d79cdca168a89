# METADATA
# scope: package
# title: "Service can use io_uring without a seccomp filter"
# description: |-
#   No seccomp profile stops the service from using io_uring. An attacker can make system
#   calls through io_uring that seccomp filters do not see, and reaches more kernel code.
# custom:
#   id: JNT-003
#   severity: medium
#   pack: hardened
#   controls: ["CIS-D 5.22"]
#   remediation: "Add `seccomp: default`, or set the sysctl kernel.io_uring_disabled=2."
#   inputs: ["spec", "kernel config", "sysctls"]
#   since: 0.1.0
package seaworthy.rules.JNT_003

import data.seaworthy.edit
import data.seaworthy.fact
import data.seaworthy.kernel
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.services

unknown contains u if some u in lib.no_spec_services

unknown contains {"resource": lib.resource(c), "reason": kernel.config_missing} if {
	some c in lib.services
	exposed(c)
}

exposed(c) if not lib.blocks_call(c, "io_uring_setup")

# switch turns io_uring off for all processes, if the kernel has the sysctl.
switch := edit.set_sysctl("kernel.io_uring_disabled", "2") if {
	kernel.at_least("6.6")
} else := []

found contains lib.finding("JNT-003", c, {
	"path": "/linux/seccomp",
	"actual": "no seccomp profile blocks io_uring, and the kernel has it",
	"expected": "a seccomp profile that blocks io_uring, or io_uring off",
	"key": "io_uring",
	"message": sprintf("%s can use io_uring: no seccomp profile blocks it, and the kernel has it", [c.id]),
	"because": [fact.option("CONFIG_IO_URING"), fact.sysctl("kernel.io_uring_disabled")],
	"fix": sprintf("add `seccomp: default` to %s", [c.id]),
	"edits": edit.first_nonempty(edit.with_seccomp(c), switch),
}) if {
	some c in lib.services
	exposed(c)
	kernel.on("CONFIG_IO_URING")
	not switched_off(c)
}

# The sysctl exists since Linux 6.6. The value 1 permits io_uring only to processes with
# CAP_SYS_ADMIN and to members of kernel.io_uring_group. By default that is no group
# (Documentation/admin-guide/sysctl/kernel.rst).
switched_off(_) if {
	kernel.at_least("6.6")
	kernel.sysctl_is("kernel.io_uring_disabled", "2")
}

switched_off(c) if {
	kernel.at_least("6.6")
	kernel.sysctl_is("kernel.io_uring_disabled", "1")
	not "CAP_SYS_ADMIN" in lib.host_caps(c)
	not kernel.sysctl("kernel.io_uring_group")
}
