# METADATA
# scope: package
# title: "AppArmor profile without kernel support"
# description: |-
#   The spec names an AppArmor profile, but the kernel does not start AppArmor. The profile
#   does not limit an attacker in the container.
# custom:
#   id: JNT-011
#   severity: high
#   pack: baseline
#   controls: ["ANSSI R45", "CIS-D 5.2", "PSS-B AppArmor?", "NSA MAC"]
#   remediation: "Use a kernel with AppArmor, and add apparmor to lsm=."
#   inputs: ["spec", "kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.JNT_011

import data.seaworthy.edit
import data.seaworthy.fact
import data.seaworthy.kernel
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

unknown contains {"resource": lib.resource(c), "reason": kernel.config_missing} if {
	some c in lib.containers
	lib.apparmor(c) != ""
}

found contains lib.finding("JNT-011", c, {
	"path": "/process/apparmorProfile",
	"actual": sprintf("profile %s, AppArmor not started", [lib.apparmor(c)]),
	"expected": "apparmor in CONFIG_LSM or lsm=",
	"key": "apparmor",
	"message": sprintf("%s asks for the AppArmor profile %s, but the kernel does not start AppArmor", [c.id, lib.apparmor(c)]),
	"because": [fact.option("CONFIG_SECURITY_APPARMOR"), fact.option("CONFIG_LSM"), fact.param("lsm")],
	"fix": "add apparmor to lsm= in kernel.cmdline, or use a kernel that has apparmor in CONFIG_LSM",
	"edits": edit.with_lsm(c, "apparmor"),
}) if {
	some c in lib.containers
	lib.apparmor(c) != ""
	kernel.config_known
	not kernel.lsm_active("apparmor")
}
