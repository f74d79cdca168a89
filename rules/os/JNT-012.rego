# METADATA
# scope: package
# title: "seccomp profile without seccomp"
# description: |-
#   The spec has a profile, and the kernel cannot apply it.
# custom:
#   id: JNT-012
#   severity: critical
#   pack: baseline
#   controls: ["ANSSI R20", "CIS-D 5.22"]
#   remediation: "Use a kernel with CONFIG_SECCOMP_FILTER."
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
	"actual": sprintf("a profile, but not %s", [option]),
	"expected": "a kernel that applies it",
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

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
