# METADATA
# scope: package
# title: "Output without a trusted seal"
# description: |-
#   A system that boots must be signed by a trusted key, with the provenance of your own
#   build. Otherwise an attacker can replace it. `verify` decides this rule. Before a
#   build there is no signature.
# custom:
#   id: SUP-019
#   severity: high
#   pack: hardened
#   controls: ["SSDF PS.3.2?", "CRA I.II(7)?", "SSDF PS.2.1"]
#   remediation: "Build with --key."
#   inputs: ["output"]
#   since: 0.1.0
package seaworthy.rules.SUP_019

import data.seaworthy.lib

checked contains lib.image_resource if looked

not_applicable contains {"resource": lib.image_resource, "reason": reason} if {
	not looked
	reason := idle
}

looked if input.output.present == true

idle := "the image is not built yet: `seaworthy verify` checks this"

fail contains {
	"id": "SUP-019",
	"resource": lib.image_resource,
	"path": "",
	"actual": r.path,
	"expected": "a seal by a trusted key",
	"key": sprintf("%s:%s", [r.check, r.path]),
	"message": r.message,
	"fix": "build the image with --key, and verify it with the builder's public key",
} if {
	looked
	some r in lib.arr(input.output.refused)
	r.check in {"signature", "predicate-type"}
}
