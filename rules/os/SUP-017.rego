# METADATA
# scope: package
# title: "Files that no package owns"
# description: |-
#   Nobody knows where they come from.
# custom:
#   id: SUP-017
#   severity: low
#   pack: strict
#   controls: ["CRA I.II(1)?"]
#   remediation: "Take the files from packages, or describe them in an SBOM."
#   inputs: ["sbom"]
#   since: 0.1.0
package seaworthy.rules.SUP_017

import data.seaworthy.lib

checked contains lib.resource(c) if {
	some c in input.components
	c.sbom.present == true
}

unknown contains {"resource": lib.resource(c), "reason": "there is no SBOM of it"} if {
	some c in input.components
	not c.sbom.present == true
}

found contains lib.finding("SUP-017", c, {
	"path": "",
	"origin": c.image.origin,
	"actual": sprintf("%d of %d files", [f.owned, f.files]),
	"expected": "at least 90 in 100",
	"key": "coverage",
	"message": sprintf("packages own only %d of %d files of %s", [f.owned, f.files, c.id]),
	"fix": sprintf("take the other files of the image %s from packages, or describe them", [c.image.repository]),
}) if {
	some c in input.components
	c.sbom.present == true
	f := c.sbom.coverage
	f.files > 0
	(f.owned * 100) / f.files < 90
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
