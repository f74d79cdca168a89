# METADATA
# scope: package
# title: "Image without provenance"
# description: |-
#   No SLSA provenance beside the image names its builder. It is not known how the image
#   was built, so an attacker may have changed the build. SUP-004 checks whether
#   existing provenance is trusted. Signatures are checked only with a trust policy
#   (--trust). Without one, the rule is not applicable in hardened, because images that
#   you build yourself have no signature. In strict it is unknown.
# custom:
#   id: SUP-003
#   severity: medium
#   pack: hardened
#   controls: ["SSDF PS.3.2"]
#   remediation: "Let the build write SLSA provenance, and push it beside the image."
#   inputs: ["signatures"]
#   since: 0.1.0
package seaworthy.rules.SUP_003

import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.attested

unknown contains u if some u in lib.unattested

not_applicable contains n if some n in lib.unattested_not_applicable

found contains lib.finding("SUP-003", c, {
	"path": "",
	"origin": c.image.origin,
	"actual": actual(c),
	"expected": "SLSA provenance that names the builder",
	"key": "provenance",
	"message": sprintf("image %s of %s has no usable provenance: %s", [c.image.reference, c.id, why(c)]),
	"fix": sprintf("let the build of %s write SLSA provenance, and push it beside the image", [c.image.reference]),
}) if {
	some c in lib.attested
	count(lib.provenances(c)) == 0
}

actual(c) := "no provenance" if {
	count(lib.claimed_provenances(c)) == 0
} else := "provenance without a builder"

why(c) := "no SLSA provenance exists beside it" if {
	count(lib.claimed_provenances(c)) == 0
} else := "its SLSA provenance names no builder"
