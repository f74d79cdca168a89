# METADATA
# scope: package
# title: "Component can load unsigned kernel modules"
# description: |-
#   The component has CAP_SYS_MODULE, and the kernel accepts modules without a signature. An
#   attacker can run any code in the kernel.
# custom:
#   id: JNT-001
#   severity: critical
#   pack: baseline
#   controls: ["ANSSI R18", "CIS-D 5.4", "ANSSI R10?"]
#   remediation: "Add module.sig_enforce=1 or lockdown=integrity to kernel.cmdline, or remove CAP_SYS_MODULE."
#   inputs: ["spec", "kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.JNT_001

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

exposed(c) if "CAP_SYS_MODULE" in lib.host_caps(c)

found contains lib.finding("JNT-001", c, {
	"path": "/process/capabilities",
	"actual": "CAP_SYS_MODULE, unsigned modules accepted",
	"expected": "no CAP_SYS_MODULE, or signatures enforced",
	"key": "CAP_SYS_MODULE",
	"message": sprintf("%s can run any code in the kernel: it can load modules, and the kernel accepts unsigned modules", [c.id]),
	"because": [fact.option("CONFIG_MODULE_SIG_FORCE"), fact.param("module.sig_enforce"), fact.lockdown],
	"fix": sprintf("add module.sig_enforce=1 (or lockdown=integrity) to kernel.cmdline. If the kernel supports neither parameter: %s", [edit.caps_fix(c, {"CAP_SYS_MODULE"})]),
	"edits": edit.first_nonempty(edit.require_signed_modules, edit.without_caps(c, {"CAP_SYS_MODULE"})),
}) if {
	some c in lib.containers
	exposed(c)
	kernel.config_known
	not kernel.modules_signed
}
