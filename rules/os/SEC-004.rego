# METADATA
# scope: package
# title: "seccomp profile without architectures"
# description: |-
#   If a profile names no architecture, the runtime decides about system calls of other
#   architectures, for example 32-bit calls. An attacker may use such calls to avoid the
#   filter.
# custom:
#   id: SEC-004
#   severity: medium
#   pack: strict
#   controls: ["CIS-D 5.22?"]
#   remediation: "Name the architectures in the profile."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.SEC_004

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("SEC-004", c, {
	"path": "/linux/seccomp/architectures",
	"actual": [],
	"expected": "the architectures of the image",
	"key": "architectures",
	"message": sprintf("the seccomp profile of %s names no architecture", [c.id]),
	"fix": sprintf("use `seccomp: default` for %s", [c.id]),
	"edits": edit.with_seccomp(c),
}) if {
	some c in lib.containers
	lib.has_seccomp(c)
	count(lib.arr(object.get(lib.seccomp(c), "architectures", []))) == 0
}
