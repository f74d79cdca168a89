# METADATA
# scope: package
# title: "Service can gain privileges"
# description: |-
#   Without noNewPrivileges, setuid programs and file capabilities work. An attacker in
#   the service can use them to get more privileges than the service was given.
# custom:
#   id: NNP-001
#   severity: medium
#   pack: hardened
#   controls: ["CIS-D 5.26", "PSS-R Privilege Escalation", "NSA Restricts escalation"]
#   remediation: "Add `noNewPrivileges: true`."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.NNP_001

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.services

unknown contains u if some u in lib.no_spec_services

found contains lib.finding("NNP-001", c, {
	"path": "/process/noNewPrivileges",
	"actual": false,
	"expected": true,
	"key": "noNewPrivileges",
	"message": sprintf("%s can gain privileges through setuid programs", [c.id]),
	"fix": sprintf("add `noNewPrivileges: true` to %s. Setuid programs and file capabilities then give it no privileges", [c.id]),
	"edits": edit.set_op(c, "/noNewPrivileges", true),
}) if {
	some c in lib.services
	not lib.no_new_privileges(c)
}
