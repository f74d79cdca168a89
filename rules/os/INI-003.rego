# METADATA
# scope: package
# title: "Setting without effect"
# description: |-
#   os.yml asks for something that will not be so: a host name without a uts
#   namespace of its own, an entry of `trust` that names no image. LinuxKit ignores
#   such things in silence, the whole trust section too; here unknown keys are
#   errors, `trust` is honoured, and what has no effect is told.
# custom:
#   id: INI-003
#   severity: high
#   pack: baseline
#   controls: ["SSDF PW.9.1?"]
#   remediation: "Correct the setting, or take it out."
#   inputs: ["os.yml"]
#   since: 0.1.0
package seaworthy.rules.INI_003

import data.seaworthy.edit
import data.seaworthy.lib

# What belongs to a rule of its own: FIL-007.
elsewhere := {"files.source"}

checked contains lib.image_resource

fail contains {
	"id": "INI-003",
	"resource": resource(e),
	"path": "",
	"origin": e.origin,
	"actual": e.value,
	"expected": "a setting that has an effect",
	"key": sprintf("%s=%s", [e.key, e.value]),
	"message": e.reason,
	"fix": sprintf("correct %s, or take it out", [e.key]),
	"edits": edit.without_key(e.component, e.key),
} if {
	some e in lib.arr(input.ignored)
	not e.key in elsewhere
}

resource(e) := sprintf("component:%s", [e.component]) if {
	e.component != ""
} else := lib.image_resource
