# METADATA
# scope: package
# title: "Core dumps are not disabled"
# description: |-
#   A core dump writes the memory of a service to disk. An attacker who can read it gets
#   the secrets of the service.
# custom:
#   id: RES-005
#   severity: low
#   pack: strict
#   controls: ["ANSSI R14?", "CIS-D 5.19?", "SRG-OS-000480-GPOS-00227"]
#   remediation: "Add `rlimits: [\"core,0,0\"]`."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.RES_005

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.services

unknown contains u if some u in lib.no_spec_services

found contains lib.finding("RES-005", c, {
	"path": "/process/rlimits",
	"actual": "none",
	"expected": "RLIMIT_CORE 0",
	"key": "core",
	"message": sprintf("%s can write core dumps", [c.id]),
	"fix": sprintf("add `rlimits: [\"core,0,0\"]` to %s", [c.id]),
	"edits": edit.core_zero(c),
}) if {
	some c in lib.services
	not lib.core_is_zero(c)
}
