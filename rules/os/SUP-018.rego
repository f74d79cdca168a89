# METADATA
# scope: package
# title: "Build that cannot be repeated"
# description: |-
#   Two builds of the same inputs that differ leave room for what nobody wrote.
#   `verify --rebuilt DIR` decides it, by comparing the image with a second build
#   of it; without one it is not applicable.
# custom:
#   id: SUP-018
#   severity: medium
#   pack: strict
#   controls: ["SSDF PW.6.2?"]
#   remediation: "Build twice from the same lock, and look at what differs."
#   inputs: ["output"]
#   since: 0.1.0
package seaworthy.rules.SUP_018

import data.seaworthy.lib

checked contains lib.image_resource if looked

not_applicable contains {"resource": lib.image_resource, "reason": reason} if {
	not looked
	reason := idle
}

looked if {
	input.output.present == true
	input.output.compared == true
}

idle := "nothing is built yet: seaworthy verify --rebuilt decides it" if {
	not input.output.present == true
} else := "no second build was given: verify --rebuilt DIR"

fail contains {
	"id": "SUP-018",
	"resource": lib.image_resource,
	"path": "",
	"actual": path,
	"expected": "the same bytes in both builds",
	"key": path,
	"message": sprintf("%s differs between the image and its second build", [path]),
	"fix": "build both from the same lock with the same version of the builder, or find what differs",
} if {
	looked
	some path in lib.arr(input.output.different)
}
