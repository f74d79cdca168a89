# METADATA
# scope: package
# title: "seccomp profile allows unlisted system calls"
# description: |-
#   The profile lists forbidden system calls and allows all others. An attacker can use
#   every dangerous call that the profile does not list.
# custom:
#   id: SEC-002
#   severity: high
#   pack: baseline
#   controls: ["CIS-D 5.22", "PSS-B Seccomp?", "PSS-R Seccomp?", "NSA seccomp"]
#   remediation: "Use a profile whose defaultAction is SCMP_ACT_ERRNO."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.SEC_002

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("SEC-002", c, {
	"path": "/linux/seccomp/defaultAction",
	"actual": action,
	"expected": "SCMP_ACT_ERRNO or stricter",
	"key": "defaultAction",
	"message": sprintf("the seccomp profile of %s allows every system call that it does not list", [c.id]),
	"fix": sprintf("use `seccomp: default` for %s", [c.id]),
	"edits": edit.with_seccomp(c),
}) if {
	some c in lib.containers
	action := lib.seccomp(c).defaultAction
	action in lib.passing_actions
}
