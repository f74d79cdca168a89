# METADATA
# scope: package
# title: "Tag latest, or none"
# description: |-
#   It means another image every week.
# custom:
#   id: IMG-002
#   severity: high
#   pack: baseline
#   controls: ["800-190 4.2.2"]
#   remediation: "Name a version."
#   inputs: ["image"]
#   since: 0.1.0
package seaworthy.rules.IMG_002

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in input.components

found contains lib.finding("IMG-002", c, {
	"path": "",
	"origin": c.image.origin,
	"actual": c.image.reference,
	"expected": "a version, or a digest",
	"key": "tag",
	"message": sprintf("%s does not say which version of %s it wants", [c.id, c.image.repository]),
	"fix": sprintf("write a version instead of %s", [c.image.reference]),
	"edits": edit.pinned(c),
}) if {
	some c in input.components
	c.image.pinned != true
	tag := lib.str(c.image.tag)
	tag in {"", "latest"}
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
