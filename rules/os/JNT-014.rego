# METADATA
# scope: package
# title: "A process without root rights can become root"
# description: |-
#   The process is not root, but its root filesystem contains a setuid-root program. An
#   attacker can become root through it, with every capability of the bounding set.
# custom:
#   id: JNT-014
#   severity: high
#   pack: baseline
#   controls: ["CIS-D 5.26", "CIS-D 4.8", "ANSSI R56", "PSS-R Privilege Escalation"]
#   remediation: "Add `noNewPrivileges: true`, or remove the file from the image."
#   inputs: ["spec", "files"]
#   since: 0.1.0
package seaworthy.rules.JNT_014

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

unknown contains {"resource": lib.resource(c), "reason": sprintf("%s: they can contain setuid programs", [lib.unseen_files(c)])} if {
	some c in lib.containers
	lib.uid(c) != 0
	not lib.no_new_privileges(c)
}

severity(c) := "critical" if {
	count(lib.caps(c) & {"CAP_SYS_ADMIN", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH"}) > 0
} else := "high"

found contains lib.finding("JNT-014", c, {
	"path": "/process/noNewPrivileges",
	"actual": sprintf("uid %d, %s, noNewPrivileges is not set", [lib.uid(c), f.path]),
	"expected": "noNewPrivileges: true",
	"key": f.path,
	"severity": severity(c),
	"message": sprintf("uid %d in %s can become root through %s", [lib.uid(c), c.id, f.path]),
	"fix": sprintf("add `noNewPrivileges: true` to %s. Setuid bits and file capabilities then have no effect", [c.id]),
	"edits": edit.set_op(c, "/noNewPrivileges", true),
}) if {
	some c in lib.containers
	lib.uid(c) != 0
	not lib.no_new_privileges(c)
	lib.host_root(c)
	some f in lib.privileged_files(c, "setid")
	f.uid == 0
	f.type == "file"
	regex.match(`^0?[4567][0-7]{3}$`, f.mode)
}
