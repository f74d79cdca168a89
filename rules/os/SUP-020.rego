# METADATA
# scope: package
# title: "Builder is not pinned"
# description: |-
#   Another version of the builder may build something else from the same files.
#   The lock names the version that it was written by; this one must be it.
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

unknown contains {"resource": lib.image_resource, "reason": "the builder does not say its version"} if {
	not lib.str(input.builder) != ""
}

pinned if input.lock.present == true

actual := "no lock" if {
	not pinned
} else := sprintf("%s, locked is %s", [input.builder, input.lock.builder])

fail contains {
	"id": "SUP-020",
	"resource": lib.image_resource,
	"path": "",
	"actual": actual,
	"expected": "the builder that the lock names",
	"key": "builder",
	"message": sprintf("the builder is not pinned: %s", [actual]),
	"fix": "run seaworthy lock and look at what changes, then use --locked",
} if {
	input.builder != ""
	not is_locked
}

is_locked if {
	pinned
	input.lock.builder == input.builder
}
