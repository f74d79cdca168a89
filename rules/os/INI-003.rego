# METADATA
# scope: package
# title: "Setting without effect"
# description: |-
#   A setting in os.yml has no effect, for example a host name without a separate uts
#   namespace, or an entry of `trust` that matches no image. A protection that its author
#   expects is then missing. LinuxKit ignores such settings without a message, and ignores
#   the whole trust section. Seaworthy refuses unknown keys, applies `trust`, and reports
#   settings without effect.
# custom:
#   id: INI-003
#   severity: high
#   pack: baseline
#   controls: ["SSDF PW.9.1?"]
#   remediation: "Correct the setting, or remove it."
#   inputs: ["os.yml"]
#   since: 0.1.0
package seaworthy.rules.INI_003

import data.seaworthy.edit
import data.seaworthy.lib

# Another rule reports these keys.
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
	"fix": sprintf("correct %s, or remove it", [e.key]),
	"edits": edit.without_key(e.component, e.key),
} if {
	some e in lib.arr(input.ignored)
	not e.key in elsewhere
}

resource(e) := sprintf("component:%s", [e.component]) if {
	e.component != ""
} else := lib.image_resource
