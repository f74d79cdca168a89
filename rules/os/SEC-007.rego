# METADATA
# scope: package
# title: "SELinux label without SELinux"
# description: |-
#   The spec has an SELinux label, but the kernel does not start SELinux. The label then
#   does not confine an attacker. JNT-011 checks the same for AppArmor.
# custom:
#   id: SEC-007
#   severity: high
#   pack: baseline
#   controls: ["ANSSI R46", "CIS-D 5.3", "NSA MAC"]
#   remediation: "Use a kernel with SELinux, and add selinux to lsm=."
#   inputs: ["spec", "kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.SEC_007

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

exposed(c) if label(c) != ""

label(c) := lib.str(object.get(c.spec, ["process", "selinuxLabel"], ""))

found contains lib.finding("SEC-007", c, {
	"path": "/process/selinuxLabel",
	"actual": sprintf("%s, no SELinux", [label(c)]),
	"expected": "SELinux in CONFIG_LSM or lsm=",
	"key": "selinux",
	"message": sprintf("%s has the SELinux label %s, but the kernel does not start SELinux", [c.id, label(c)]),
	"because": [fact.option("CONFIG_SECURITY_SELINUX"), fact.option("CONFIG_LSM"), fact.param("lsm")],
	"fix": "add selinux to lsm= in kernel.cmdline, or use a kernel that has it in CONFIG_LSM",
	"edits": edit.with_lsm(c, "selinux"),
}) if {
	some c in lib.containers
	exposed(c)
	kernel.config_known
	not kernel.lsm_active("selinux")
}
