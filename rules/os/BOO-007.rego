# METADATA
# scope: package
# title: "Verified boot of a kernel that is not locked down"
# description: |-
#   Secure Boot verifies what starts. Without lockdown, root can then change the running
#   kernel, or start another one with kexec. The verification at boot protects nothing
#   after that. Some kernels lock themselves down if Secure Boot is on.
# custom:
#   id: BOO-007
#   severity: high
#   pack: strict
#   controls: ["CRA I.I(2)(f)?"]
#   remediation: "Add lockdown=integrity to kernel.cmdline."
#   inputs: ["boot", "kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.BOO_007

import data.seaworthy.boot
import data.seaworthy.edit
import data.seaworthy.fact
import data.seaworthy.kernel
import data.seaworthy.lib

applies if count(boot.uefi) > 0

checked contains "cmdline:lockdown" if {
	applies
	kernel.config_known
}

not_applicable contains {"resource": "cmdline:lockdown", "reason": reason} if reason := boot.idle

unknown contains entry if {
	applies
	some entry in kernel.config_unknown
}

# A patch of Debian, Fedora and others.
by_firmware if kernel.is_confirmed("CONFIG_LOCK_DOWN_IN_EFI_SECURE_BOOT")

fail contains {
	"id": "BOO-007",
	"resource": "cmdline:lockdown",
	"path": "",
	"origin": lib.cmdline_origin,
	"actual": "none",
	"expected": "integrity or confidentiality",
	"key": "lockdown",
	"message": sprintf("UEFI firmware starts %s, but the kernel in it is not locked down", [lib.one_line({f.path | some f in boot.uefi})]),
	"because": [fact.lockdown, fact.option("CONFIG_SECURITY_LOCKDOWN_LSM"), fact.option("CONFIG_LOCK_DOWN_IN_EFI_SECURE_BOOT")],
	"fix": "add lockdown=integrity to kernel.cmdline",
	"edits": edit.lockdown("integrity"),
} if {
	applies
	kernel.lockdown == "none"
	not by_firmware
}
