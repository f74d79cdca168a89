# METADATA
# scope: package
# title: "SBOM in an unsupported format"
# description: |-
#   Other tools must be able to read the SBOM, for example to find vulnerabilities. They
#   read SPDX and CycloneDX in the versions of data.params.sbom_formats.
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

unknown contains {"resource": lib.resource(c), "reason": "it has no SBOM"} if {
	some c in input.components
	not c.sbom.present == true
}

fail contains lib.finding("SUP-010", c, {
	"path": "",
	"origin": c.image.origin,
	"actual": formats,
	"expected": given.params.sbom_formats,
	"key": "format",
	"message": sprintf("the SBOM of %s has no supported format", [c.id]),
	"fix": "write the SBOM as SPDX-2.3 or CycloneDX-1.6",
}) if {
	some c in input.components
	c.sbom.present == true
	formats := lib.arr(c.sbom.formats)
	count({f | some f in formats} & {f | some f in given.params.sbom_formats}) == 0
}
