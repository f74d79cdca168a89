# METADATA
# scope: package
# title: "Build is not reproducible"
# description: |-
#   If two builds of the same inputs differ, the image may contain something that is not
#   in its sources. `verify --rebuilt DIR` compares the image with a second build of it.
#   Without a second build the rule is not applicable.
# custom:
#   id: SUP-018
#   severity: medium
#   pack: strict
#   controls: ["SSDF PW.6.2?"]
#   remediation: "Build twice from the same lock file, and look at the differences."
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

idle := "the image is not built yet: `seaworthy verify --rebuilt DIR` checks this" if {
	not input.output.present == true
} else := "no second build was given (verify --rebuilt DIR)"

fail contains {
	"id": "SUP-018",
	"resource": lib.image_resource,
	"path": "",
	"actual": path,
	"expected": "the same bytes in both builds",
	"key": path,
	"message": sprintf("%s differs between the image and its second build", [path]),
	"fix": "make both builds from the same lock file, with the same version of the builder. If they still differ, find the cause",
} if {
	looked
	some path in lib.arr(input.output.different)
}
