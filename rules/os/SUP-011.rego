# METADATA
# scope: package
# title: "Package without version or purl"
# description: |-
#   Vulnerability databases cannot find such a package, so its vulnerabilities are
#   missed. Programs that are built from a working copy have no version. For this reason
#   the rule is in strict only.
# custom:
#   id: SUP-011
#   severity: low
#   pack: strict
#   controls: ["CRA I.II(1)?"]
#   remediation: "Add package data with versions to the image."
#   inputs: ["sbom"]
#   since: 0.1.0
package seaworthy.rules.SUP_011

import data.seaworthy.lib

checked contains lib.resource(c) if {
	some c in input.components
	c.sbom.present == true
}

unknown contains {"resource": lib.resource(c), "reason": "it has no SBOM"} if {
	some c in input.components
	not c.sbom.present == true
}

found contains lib.finding("SUP-011", c, {
	"path": "",
	"origin": lib.in_image(c),
	"actual": sprintf("%s without %s", [p.name, lib.one_line(missing)]),
	"expected": "a version and a purl",
	"key": p.name,
	"message": sprintf("package %s of %s has no %s", [p.name, c.id, lib.one_line(missing)]),
	"fix": sprintf("add package data with a version for %s to the image %s", [p.name, c.image.repository]),
}) if {
	some c in input.components
	c.sbom.present == true
	some p in lib.arr(c.sbom.packages)
	not described(p)
	missing := {field | some field in ["version", "purl"]; lib.str(object.get(p, field, "")) == ""}
}

described(p) if {
	p.version != ""
	p.purl != ""
}
