# METADATA
# scope: package
# title: "seccomp profile that allows by default"
# description: |-
#   Such a profile lists what is forbidden; whatever nobody thought of is allowed.
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
	"message": sprintf("the seccomp profile of %s allows what it does not name", [c.id]),
	"fix": sprintf("use `seccomp: default` at %s", [c.id]),
	"edits": edit.with_seccomp(c),
}) if {
	some c in lib.containers
	action := lib.seccomp(c).defaultAction
	action in lib.passing_actions
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
