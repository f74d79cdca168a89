# METADATA
# scope: package
# title: "Image without provenance"
# description: |-
#   Nothing says how the image was built: no SLSA provenance lies beside it that
#   names the builder. SUP-004 asks whether one that does is to be believed.
#   Signatures are looked for where a trust policy says whose are believed
#   (--trust); without one this does not apply in hardened, since images that one
#   builds oneself carry none, and is unknown in strict.
# custom:
#   id: SUP-003
#   severity: medium
#   pack: hardened
#   controls: ["SSDF PS.3.2"]
#   remediation: "Have the build write SLSA provenance, and push it beside the image."
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
	"expected": "a SLSA provenance",
	"key": "provenance",
	"message": sprintf("nothing says how image %s of %s was built%s", [c.image.reference, c.id, why(c)]),
	"fix": sprintf("have the build of %s write SLSA provenance, and push it beside the image", [c.image.reference]),
}) if {
	some c in lib.attested
	count(lib.provenances(c)) == 0
}

actual(c) := "no provenance" if {
	count(lib.claimed_provenances(c)) == 0
} else := "a provenance without a builder"

why(c) := "" if {
	count(lib.claimed_provenances(c)) == 0
} else := ": its provenance names no builder"

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
