# METADATA
# scope: package
# title: "Kernel without seccomp filters"
# description: |-
#   The kernel cannot filter system calls, so a seccomp profile has no effect. An
#   attacker in any service can make every system call.
# custom:
#   id: SEC-008
#   severity: critical
#   pack: baseline
#   controls: ["ANSSI R20", "CIS-D 5.22"]
#   remediation: "Use a kernel with CONFIG_SECCOMP_FILTER."
#   inputs: ["spec", "kernel config"]
#   since: 0.1.0
package seaworthy.rules.SEC_008

import data.seaworthy.fact
import data.seaworthy.kernel
import data.seaworthy.lib

checked contains lib.resource(c) if {
	kernel.config_known
	some c in lib.services
}

unknown contains u if some u in lib.no_spec_services

unknown contains {"resource": lib.resource(c), "reason": kernel.config_missing} if some c in lib.services

fail contains lib.finding("SEC-008", c, {
	"path": "/linux/seccomp",
	"actual": "CONFIG_SECCOMP_FILTER is off",
	"expected": "a kernel that can filter system calls",
	"key": "SECCOMP_FILTER",
	"message": sprintf("nothing can filter the system calls of %s: the kernel has no CONFIG_SECCOMP_FILTER", [c.id]),
	"because": [fact.option("CONFIG_SECCOMP"), fact.option("CONFIG_SECCOMP_FILTER")],
	"fix": "kernel.image: use a kernel that is built with CONFIG_SECCOMP_FILTER=y",
}) if {
	some c in lib.services
	not lib.has_seccomp(c)
	kernel.off("CONFIG_SECCOMP_FILTER")
}
