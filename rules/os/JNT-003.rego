# METADATA
# scope: package
# title: "io_uring without a filter"
# description: |-
#   Without seccomp the service reaches io_uring, whose requests no filter sees afterwards.
# custom:
#   id: JNT-003
#   severity: medium
#   pack: hardened
#   controls: ["CIS-D 5.22"]
#   remediation: "Add `seccomp: default`, or set kernel.io_uring_disabled=2."
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

# switch turns it off for all, where the kernel has the switch.
switch := edit.set_sysctl("kernel.io_uring_disabled", "2") if {
	kernel.at_least("6.6")
} else := []

found contains lib.finding("JNT-003", c, {
	"path": "/linux/seccomp",
	"actual": "no profile that stops it, io_uring built in",
	"expected": "a profile that stops it, or io_uring off",
	"key": "io_uring",
	"message": sprintf("no seccomp profile keeps %s from io_uring, which the kernel has", [c.id]),
	"because": [fact.option("CONFIG_IO_URING"), fact.sysctl("kernel.io_uring_disabled")],
	"fix": sprintf("add `seccomp: default` to %s", [c.id]),
	"edits": edit.first_nonempty(edit.with_seccomp(c), switch),
}) if {
	some c in lib.services
	exposed(c)
	kernel.on("CONFIG_IO_URING")
	not switched_off(c)
}

# The sysctl came with Linux 6.6. With 1 it is for those with CAP_SYS_ADMIN and
# the members of kernel.io_uring_group, which is no group until it is set
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

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
