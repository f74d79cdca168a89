# METADATA
# scope: package
# title: "Component can reboot or start another kernel"
# description: |-
#   With CAP_SYS_BOOT an attacker can reboot the machine. If kexec is on and does not require
#   a signature, the attacker can start any kernel.
# custom:
#   id: JNT-007
#   severity: high
#   pack: hardened
#   controls: ["CIS-D 5.4", "ANSSI R23"]
#   remediation: "Remove CAP_SYS_BOOT, or set the sysctl kernel.kexec_load_disabled=1."
#   inputs: ["spec", "kernel config", "command line", "sysctls"]
#   since: 0.1.0
package seaworthy.rules.JNT_007

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

exposed(c) if "CAP_SYS_BOOT" in lib.host_caps(c)

what := "start any kernel" if {
	kexec_open
} else := "reboot the machine"

severity := "high" if {
	kexec_open
} else := "low"

kexec_open if {
	not kernel.locked_down
	not kernel.sysctl_is("kernel.kexec_load_disabled", "1")
	unsigned_kexec
}

unsigned_kexec if kernel.on("CONFIG_KEXEC")

unsigned_kexec if {
	kernel.on("CONFIG_KEXEC_FILE")
	not kernel.on("CONFIG_KEXEC_SIG_FORCE")
}

found contains lib.finding("JNT-007", c, {
	"path": "/process/capabilities",
	"actual": sprintf("CAP_SYS_BOOT, %s", [what]),
	"expected": "no CAP_SYS_BOOT",
	"key": "CAP_SYS_BOOT",
	"severity": severity,
	"message": sprintf("%s can %s", [c.id, what]),
	"because": [
		fact.option("CONFIG_KEXEC"),
		fact.option("CONFIG_KEXEC_FILE"),
		fact.option("CONFIG_KEXEC_SIG_FORCE"),
		fact.sysctl("kernel.kexec_load_disabled"),
		fact.lockdown,
	],
	"fix": edit.caps_fix(c, {"CAP_SYS_BOOT"}),
	"edits": edit.without_caps(c, {"CAP_SYS_BOOT"}),
}) if {
	some c in lib.containers
	exposed(c)
	kernel.config_known
}
