# METADATA
# scope: package
# title: "Image for another platform"
# description: |-
#   The image is built for another architecture or operating system. Its programs do not
#   run, so a protection that they provide is missing.
# custom:
#   id: IMG-015
#   severity: medium
#   pack: baseline
#   controls: ["SSDF PW.4.4?"]
#   remediation: "Use an image for the architecture of the system."
#   inputs: ["image"]
#   since: 0.1.0
package seaworthy.rules.IMG_015

import data.seaworthy.lib

checked contains lib.resource(c) if some c in input.components

found contains lib.finding("IMG-015", c, {
	"path": "",
	"origin": c.image.origin,
	"actual": got,
	"expected": sprintf("linux/%s", [input.arch]),
	"key": "platform",
	"message": sprintf("the image of %s is built for %s, the system for linux/%s", [c.id, got, input.arch]),
	"fix": sprintf("use an image for linux/%s for %s", [input.arch, c.id]),
}) if {
	some c in input.components
	got := sprintf("%s/%s", [c.image.os, c.image.architecture])
	got != sprintf("linux/%s", [input.arch])
}
