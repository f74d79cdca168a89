# METADATA
# scope: package
# title: "SBOM of the image lacks a component"
# description: |-
#   The merged SBOM must name every component that the image contains. Otherwise the
#   vulnerabilities of a component can be missed.
# custom:
#   id: SUP-009
#   severity: high
#   pack: baseline
#   controls: ["CRA I.II(1)"]
#   remediation: "Build the image again. If the finding appears again, report it as a bug."
#   inputs: ["sbom"]
#   since: 0.1.0
package seaworthy.rules.SUP_009

import data.seaworthy.lib

checked contains lib.resource(c) if {
	input.sbom.present == true
	some c in input.components
}

unknown contains {"resource": lib.image_resource, "reason": "the image has no merged SBOM"} if {
	not input.sbom.present == true
}

fail contains lib.finding("SUP-009", c, {
	"path": "",
	"origin": c.image.origin,
	"actual": "not named",
	"expected": "named in the SBOM of the image",
	"key": "missing",
	"message": sprintf("the SBOM of the image does not name %s", [c.id]),
	"fix": sprintf("build again, so that the SBOM names %s", [c.id]),
}) if {
	input.sbom.present == true
	some c in input.components
	not c.id in lib.arr(input.sbom.components)
}
