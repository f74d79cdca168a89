# METADATA
# scope: package
# title: "SBOM is about other files"
# description: |-
#   An SBOM whose subject differs from the shipped files says nothing about these files.
#   An attacker may have replaced them. `verify` decides this rule with the digests in
#   the signed statements. Before `verify` there is nothing to compare.
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

# Digests are compared only after all signatures are valid.
unverified := [r | some r in lib.arr(input.output.refused); r.check in {"folder", "signature", "predicate-type"}]

different := [r |
	input.output.present == true
	some r in lib.arr(input.output.refused)
	r.check in {"subject", "byproduct"}
]

idle := "the image is not built yet: `seaworthy verify` checks this" if not input.output.present == true

unknown contains {"resource": lib.image_resource, "reason": "its statements are not trusted, so no digest was compared"} if {
	input.output.present == true
	not looked
}

fail contains {
	"id": "SUP-012",
	"resource": lib.image_resource,
	"path": "",
	"actual": r.path,
	"expected": "the files that the signed statements name",
	"key": sprintf("%s:%s", [r.check, r.path]),
	"message": r.message,
	"fix": "do not boot this image. Fetch or build it again",
} if some r in different
