# METADATA
# scope: package
# title: "Image without a version"
# description: |-
#   The tag `latest`, or no tag, refers to another image after each release. A faulty or
#   malicious release gets into the system without a change of os.yml.
# custom:
#   id: IMG-002
#   severity: high
#   pack: baseline
#   controls: ["800-190 4.2.2"]
#   remediation: "Set a version as the tag, or write the digest."
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
	"message": sprintf("%s does not set a version of %s", [c.id, c.image.repository]),
	"fix": sprintf("replace %s with a reference that has a version or a digest", [c.image.reference]),
	"edits": edit.pinned(c),
}) if {
	some c in input.components
	c.image.pinned != true
	tag := lib.str(c.image.tag)
	tag in {"", "latest"}
}
