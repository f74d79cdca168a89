# METADATA
# scope: package
# title: "The kernel is not locked down"
# description: |-
#   Without lockdown, root can write to kernel memory in several ways: /dev/mem, unsigned modules,
#   kexec, MSRs, ACPI tables. A process that becomes root can then take over the kernel.
# custom:
#   id: CMD-007
#   severity: medium
#   pack: hardened
#   controls: []
#   remediation: "Add lockdown=confidentiality (or lockdown=integrity) to kernel.cmdline."
#   inputs: ["command line", "kernel config"]
#   since: 0.1.0
package seaworthy.rules.CMD_007

import data.seaworthy.edit
import data.seaworthy.fact
import data.seaworthy.kernel
import data.seaworthy.lib

checked contains "cmdline:lockdown" if kernel.config_known

unknown contains entry if some entry in kernel.config_unknown

fail contains {
	"id": "CMD-007",
	"resource": "cmdline:lockdown",
	"path": "",
	"origin": lib.cmdline_origin,
	"actual": "none",
	"expected": "integrity or confidentiality",
	"key": "lockdown",
	"message": sprintf("the kernel is not locked down: %s", [why]),
	"because": [fact.option("CONFIG_SECURITY_LOCKDOWN_LSM"), fact.option("CONFIG_LSM"), fact.param("lsm")],
	"fix": "add lockdown=confidentiality to kernel.cmdline",
	"edits": edit.lockdown("confidentiality"),
} if {
	kernel.lockdown == "none"
}

why := "neither its configuration nor the command line switches lockdown on" if {
	kernel.lockdown_possible
	not kernel.has_param("lockdown")
} else := sprintf("lockdown=%s is not a mode", [kernel.last_value("lockdown")]) if {
	kernel.lockdown_possible
} else := "the lockdown module is not built in, or not in the list of lsm="
