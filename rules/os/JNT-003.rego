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

exposed(c) if not lib.filters(c, "io_uring_setup")

found contains lib.finding("JNT-003", c, {
	"path": "/linux/seccomp",
	"actual": "no profile that stops it, io_uring built in",
	"expected": "a profile that stops it, or io_uring off",
	"key": "io_uring",
	"message": sprintf("no seccomp profile keeps %s from io_uring, which the kernel has", [c.id]),
	"because": [fact.option("CONFIG_IO_URING"), fact.sysctl("kernel.io_uring_disabled")],
	"fix": sprintf("add `seccomp: default` to %s", [c.id]),
	"edits": edit.either(edit.filtered(c), edit.sysctl("kernel.io_uring_disabled", "2")),
}) if {
	some c in lib.services
	exposed(c)
	kernel.on("CONFIG_IO_URING")
	not kernel.sysctl_is("kernel.io_uring_disabled", "2")
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
