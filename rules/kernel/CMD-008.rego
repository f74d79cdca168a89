# METADATA
# scope: package
# title: "The kernel loads unsigned modules"
# description: |-
#   Nothing makes the kernel refuse unsigned modules: not its configuration, not a parameter, not
#   lockdown. A process that can load a module runs its own code in the kernel.
# custom:
#   id: CMD-008
#   severity: high
#   pack: hardened
#   controls: ["ANSSI R18?", "SRG-OS-000366-GPOS-00153"]
#   remediation: "Add module.sig_enforce=1 to kernel.cmdline."
#   inputs: ["command line", "kernel config"]
#   since: 0.1.0
package seaworthy.rules.CMD_008

import data.seaworthy.edit
import data.seaworthy.fact
import data.seaworthy.kernel
import data.seaworthy.lib

checked contains "cmdline:module.sig_enforce" if kernel.config_known

unknown contains entry if some entry in kernel.config_unknown

fail contains {
	"id": "CMD-008",
	"resource": "cmdline:module.sig_enforce",
	"path": "",
	"origin": lib.cmdline_origin,
	"actual": kernel.values("module.sig_enforce"),
	"expected": "module.sig_enforce=1, CONFIG_MODULE_SIG_FORCE=y, lockdown, or CONFIG_MODULES=n",
	"key": "module.sig_enforce",
	"message": "the kernel loads unsigned modules",
	"because": [fact.option("CONFIG_MODULE_SIG"), fact.option("CONFIG_MODULE_SIG_FORCE"), fact.lockdown],
	"fix": "add module.sig_enforce=1 to kernel.cmdline",
	"edits": edit.require_signed_modules,
} if {
	kernel.config_known
	not kernel.modules_signed
}
