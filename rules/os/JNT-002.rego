# METADATA
# scope: package
# title: "Component can read kernel memory through BPF"
# description: |-
#   An attacker with CAP_SYS_ADMIN or CAP_BPF can load BPF programs that read kernel
#   memory. Only lockdown=confidentiality prevents this. lockdown=integrity stops only
#   programs that write (LOCKDOWN_BPF_READ_KERNEL in include/linux/security.h).
# custom:
#   id: JNT-002
#   severity: high
#   pack: hardened
#   controls: ["CIS-D 5.4"]
#   remediation: "Remove the capability, or add lockdown=confidentiality to kernel.cmdline."
#   inputs: ["spec", "kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.JNT_002

import data.seaworthy.edit
import data.seaworthy.fact
import data.seaworthy.kernel
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

unknown contains {"resource": lib.resource(c), "reason": kernel.config_missing} if {
	some c in lib.containers
	exposed(c)
}

exposed(c) if count(powers(c)) > 0

powers(c) := lib.host_caps(c) & {"CAP_SYS_ADMIN", "CAP_BPF"}

severity := "critical" if {
	kernel.off("CONFIG_BPF_UNPRIV_DEFAULT_OFF")
} else := "high"

found contains lib.finding("JNT-002", c, {
	"path": "/process/capabilities",
	"actual": sprintf("%s, BPF, lockdown is %s", [power, kernel.lockdown]),
	"expected": "lockdown=confidentiality, or no such capability",
	"key": power,
	"severity": severity,
	"message": sprintf("%s can read kernel memory: it has %s, the kernel has BPF, and lockdown is %s", [c.id, power, kernel.lockdown]),
	"because": [fact.option("CONFIG_BPF_SYSCALL"), fact.option("CONFIG_BPF_UNPRIV_DEFAULT_OFF"), fact.lockdown],
	"fix": sprintf("add lockdown=confidentiality to kernel.cmdline. If the kernel has no lockdown: %s", [edit.caps_fix(c, {power})]),
	"edits": edit.first_nonempty(edit.lockdown("confidentiality"), edit.without_caps(c, {power})),
}) if {
	some c in lib.containers
	exposed(c)
	kernel.on("CONFIG_BPF_SYSCALL")
	kernel.lockdown != "confidentiality"
	some power in powers(c)
}
