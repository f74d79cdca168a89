# METADATA
# scope: package
# title: "Setuid programs can give privileges"
# description: |-
#   The root filesystem holds setuid programs or file capabilities, and noNewPrivileges
#   is not set. An attacker in the component can use these programs to gain privileges.
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

unknown contains {"resource": lib.resource(c), "reason": sprintf("%s: there may be setuid programs among them", [lib.unseen_files(c)])} if {
	some c in lib.containers
	not lib.no_new_privileges(c)
}

found contains lib.finding("NNP-002", c, {
	"path": "/process/noNewPrivileges",
	"actual": sort(paths),
	"expected": "noNewPrivileges, or no setuid programs and no file capabilities",
	"key": "setid",
	"message": sprintf("%s can run %s with more privileges than it has", [c.id, lib.one_line(paths)]),
	"fix": sprintf("add `noNewPrivileges: true` to %s. Setuid programs and file capabilities then give it no privileges", [c.id]),
	"edits": edit.set_op(c, "/noNewPrivileges", true),
}) if {
	some c in lib.containers
	not lib.no_new_privileges(c)
	paths := {f.path | some kind in kinds; some f in lib.privileged_files(c, kind)}
	count(paths) > 0
}

# File capabilities count only if the format of the image keeps them.
kinds contains "setid"

kinds contains "fileCaps" if lib.keeps_attributes
