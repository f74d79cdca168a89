# METADATA
# scope: package
# title: "Service in a privileged group"
# description: |-
#   Group 0 and the groups for disks, memory and terminals can open files that other
#   groups cannot. An attacker in the service can read or change data through them.
# custom:
#   id: USR-005
#   severity: medium
#   pack: strict
#   controls: []
#   remediation: "Run the service with its own gid."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.USR_005

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.services

unknown contains u if some u in lib.no_spec_services

found contains lib.finding("USR-005", c, {
	"path": "/process/user",
	"actual": sort(bad),
	"expected": "no group 0 (root), 5 (tty), 6 (disk) or 15 (kmem)",
	"key": "gid",
	"message": sprintf("%s runs in group %s", [c.id, lib.one_line(bad)]),
	"fix": sprintf("add `gid: 101` to %s, and remove these groups from additionalGids", [c.id]),
	"edits": edit.set_op(c, "/gid", lib.uid(c)),
}) if {
	some c in lib.services
	lib.uid(c) != 0
	groups := {g | some g in array.concat([object.get(c.spec, ["process", "user", "gid"], 0)], lib.arr(object.get(c.spec, ["process", "user", "additionalGids"], [])))}
	bad := groups & {0, 5, 6, 15}
	count(bad) > 0
}
