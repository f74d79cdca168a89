# METADATA
# scope: package
# title: "seccomp profile without kernel support"
# description: |-
#   The spec has a seccomp profile, but the kernel cannot apply it. The container does not
#   start, or an attacker in it can use every system call.
# custom:
#   id: JNT-012
#   severity: critical
#   pack: baseline
#   controls: ["ANSSI R20", "CIS-D 5.22"]
#   remediation: "Use a kernel with CONFIG_SECCOMP=y and CONFIG_SECCOMP_FILTER=y."
#   inputs: ["spec", "kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.JNT_012

import data.seaworthy.fact
import data.seaworthy.kernel
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

unknown contains {"resource": lib.resource(c), "reason": kernel.config_missing} if {
	some c in lib.containers
	exposed(c)
}

exposed(c) if lib.has_seccomp(c)

found contains lib.finding("JNT-012", c, {
	"path": "/linux/seccomp",
	"actual": sprintf("a seccomp profile, but %s is off", [option]),
	"expected": "a kernel that applies the profile",
	"key": option,
	"message": sprintf("%s has a seccomp profile that the kernel cannot apply (%s is off)", [c.id, option]),
	"because": [fact.option("CONFIG_SECCOMP"), fact.option("CONFIG_SECCOMP_FILTER")],
	"fix": sprintf("kernel.image: use a kernel that is built with %s=y", [option]),
}) if {
	some c in lib.containers
	exposed(c)
	some option in ["CONFIG_SECCOMP", "CONFIG_SECCOMP_FILTER"]
	kernel.off(option)
}
