# METADATA
# scope: package
# title: "Service runs as root with capabilities"
# description: |-
#   uid 0 uses every capability that the service holds, and owns every file of the host that it can reach.
# custom:
#   id: USR-001
#   severity: medium
#   pack: hardened
#   controls: ["CIS-D 4.1", "PSS-R Running as Non-root", "800-190 4.1.2", "NSA Non-root"]
#   remediation: "Give the service a uid of its own."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.USR_001

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.services

unknown contains u if some u in lib.no_spec_services

found contains lib.finding("USR-001", c, {
	"path": "/process/user/uid",
	"actual": 0,
	"expected": "a uid above 0",
	"key": "uid",
	"message": sprintf("%s runs as root with %s", [c.id, lib.one_line(lib.caps(c))]),
	"fix": sprintf("add `uid: 101` to %s", [c.id]),
	"edits": edit.as_user(c),
}) if {
	some c in lib.services
	lib.uid(c) == 0
	count(lib.caps(c)) > 0
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
