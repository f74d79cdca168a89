# METADATA
# scope: package
# title: "Service without mandatory access control"
# description: |-
#   Neither AppArmor nor SELinux confines the service. An attacker who takes over the
#   service meets no second barrier.
# custom:
#   id: SEC-006
#   severity: medium
#   pack: strict
#   controls: ["CIS-D 5.2", "CIS-D 5.3", "ANSSI R37", "ANSSI R45?", "ANSSI R46?", "PSS-B AppArmor?", "800-190 4.4.3", "NSA MAC"]
#   remediation: "Add `apparmor` or `selinux`."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.SEC_006

import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.services

unknown contains u if some u in lib.no_spec_services

found contains lib.finding("SEC-006", c, {
	"path": "/process/apparmorProfile",
	"actual": object.get(c.spec, ["process", "apparmorProfile"], ""),
	"expected": "a profile or a label",
	"key": "lsm",
	"message": sprintf("neither AppArmor nor SELinux confines %s", [c.id]),
	"fix": sprintf("add `apparmor: PROFILE` to %s", [c.id]),
}) if {
	some c in lib.services
	object.get(c.spec, ["process", "apparmorProfile"], "") in {"", "unconfined"}
	unconfined(object.get(c.spec, ["process", "selinuxLabel"], ""))
}

unconfined("")

# SELinux policies do not confine these types.
unconfined(label) if regex.match(":(unconfined|spc)_t(:|$)", label)
