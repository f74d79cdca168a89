# METADATA
# scope: package
# title: "SBOM in no accepted format"
# description: |-
#   Others must be able to read it: SPDX and CycloneDX, in versions that tools know.
# custom:
#   id: SUP-010
#   severity: medium
#   pack: baseline
#   controls: ["CRA I.II(1)"]
#   remediation: "Write SPDX 2.3 or CycloneDX 1.6."
#   inputs: ["sbom"]
#   since: 0.1.0
package seaworthy.rules.SUP_010

import data.seaworthy.given
import data.seaworthy.lib

checked contains lib.resource(c) if {
	some c in input.components
	c.sbom.present == true
}

unknown contains {"resource": lib.resource(c), "reason": "there is no SBOM of it"} if {
	some c in input.components
	not c.sbom.present == true
}

fail contains lib.finding("SUP-010", c, {
	"path": "",
	"origin": c.image.origin,
	"actual": formats,
	"expected": given.params.sbom_formats,
	"key": "format",
	"message": sprintf("the SBOM of %s is in no format that tools read", [c.id]),
	"fix": "write SPDX-2.3 or CycloneDX-1.6",
}) if {
	some c in input.components
	c.sbom.present == true
	formats := lib.arr(c.sbom.formats)
	count({f | some f in formats} & {f | some f in given.params.sbom_formats}) == 0
}
