# METADATA
# scope: package
# title: "Builder is not pinned"
# description: |-
#   A different version of the builder can build a different image from the same files.
#   The lock file names the version that wrote it. The builder must have this version.
# custom:
#   id: SUP-020
#   severity: medium
#   pack: hardened
#   controls: []
#   remediation: "Run seaworthy lock, and build with --locked."
#   inputs: ["lock"]
#   since: 0.1.0
package seaworthy.rules.SUP_020

import data.seaworthy.lib

checked contains lib.image_resource

unknown contains {"resource": lib.image_resource, "reason": "the version of the builder is not known"} if {
	not lib.str(input.builder) != ""
}

pinned if input.lock.present == true

actual := "no lock file" if {
	not pinned
} else := sprintf("%s, but the lock file has %s", [input.builder, input.lock.builder])

fail contains {
	"id": "SUP-020",
	"resource": lib.image_resource,
	"path": "",
	"actual": actual,
	"expected": "the version of the builder in the lock file",
	"key": "builder",
	"message": sprintf("the builder is not pinned: %s", [actual]),
	"fix": "run `seaworthy lock`, review the changes, then use --locked",
} if {
	input.builder != ""
	not is_locked
}

is_locked if {
	pinned
	input.lock.builder == input.builder
}
