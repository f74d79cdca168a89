# METADATA
# scope: package
# title: "Files that belong to no package"
# description: |-
#   The origin of these files is not known. An attacker may have added them, and their
#   vulnerabilities are not found.
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

unknown contains {"resource": lib.resource(c), "reason": "it has no SBOM"} if {
	some c in input.components
	not c.sbom.present == true
}

found contains lib.finding("SUP-017", c, {
	"path": "",
	"origin": lib.in_image(c),
	"actual": sprintf("%d of %d files", [f.owned, f.files]),
	"expected": "at least 90 percent",
	"key": "coverage",
	"message": sprintf("only %d of %d files of %s belong to packages", [f.owned, f.files, c.id]),
	"fix": sprintf("find the files of the image %s that belong to no package. Install them from packages, or describe them in an SBOM", [c.image.repository]),
}) if {
	some c in input.components
	c.sbom.present == true
	f := c.sbom.coverage
	f.files > 0
	(f.owned * 100) / f.files < 90
}
