# METADATA
# scope: package
# title: "Setuid programs that work"
# description: |-
#   The root filesystem holds setuid programs or file capabilities, and nothing keeps them from working.
# custom:
#   id: NNP-002
#   severity: high
#   pack: baseline
#   controls: ["CIS-D 5.26", "CIS-D 4.8", "ANSSI R56", "ANSSI R57", "PSS-R Privilege Escalation"]
#   remediation: "Add `noNewPrivileges: true`, or remove the files from the image."
#   inputs: ["spec", "files"]
#   since: 0.1.0
package seaworthy.rules.NNP_002

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

unknown contains {"resource": lib.resource(c), "reason": sprintf("%s: setuid programs may be among them", [lib.unseen_files(c)])} if {
	some c in lib.containers
	not lib.no_new_privileges(c)
}

found contains lib.finding("NNP-002", c, {
	"path": "/process/noNewPrivileges",
	"actual": sort(paths),
	"expected": "noNewPrivileges, or no such file",
	"key": "setid",
	"message": sprintf("%s can run %s with more privileges than it has", [c.id, lib.one_line(paths)]),
	"fix": sprintf("add `noNewPrivileges: true` to %s: setuid programs and file capabilities then give it nothing", [c.id]),
	"edits": edit.set_op(c, "/noNewPrivileges", true),
}) if {
	some c in lib.containers
	not lib.no_new_privileges(c)
	paths := {f.path | some kind in kinds; some f in lib.privileged_files(c, kind)}
	count(paths) > 0
}

# A format that drops the capabilities of files leaves them without any.
kinds contains "setid"

kinds contains "fileCaps" if lib.keeps_attributes

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
