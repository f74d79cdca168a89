# METADATA
# scope: package
# title: "SBOM of something else"
# description: |-
#   An SBOM whose subject is not what was shipped says nothing about it. `verify`
#   decides it, by the digests that the signed statements name; before, there is
#   nothing to compare.
# custom:
#   id: SUP-012
#   severity: high
#   pack: hardened
#   controls: ["SSDF PS.2.1?"]
#   remediation: "Build the image again; do not boot this one."
#   inputs: ["output"]
#   since: 0.1.0
package seaworthy.rules.SUP_012

import data.seaworthy.lib

checked contains lib.image_resource if looked

not_applicable contains {"resource": lib.image_resource, "reason": reason} if {
	not looked
	reason := idle
}

looked if {
	input.output.present == true
	count(unverified) == 0
}

looked if count(different) > 0

# Digests are compared when all signatures are valid, and not before.
unverified := [r | some r in lib.arr(input.output.refused); r.check in {"folder", "signature", "predicate-type"}]

different := [r |
	input.output.present == true
	some r in lib.arr(input.output.refused)
	r.check in {"subject", "byproduct"}
]

idle := "nothing is built yet: seaworthy verify decides it" if not input.output.present == true

unknown contains {"resource": lib.image_resource, "reason": "its statements are not to be believed, so no digest was compared"} if {
	input.output.present == true
	not looked
}

fail contains {
	"id": "SUP-012",
	"resource": lib.image_resource,
	"path": "",
	"actual": r.path,
	"expected": "the files that the statements are about",
	"key": sprintf("%s:%s", [r.check, r.path]),
	"message": r.message,
	"fix": "do not boot it: fetch or build the image again",
} if some r in different
