# METADATA
# scope: package
# title: "Provenance that nobody signed"
# description: |-
#   Provenance lies beside the image, and no trusted key signed it, so that anybody
#   could have written it; or the one that is signed names no builder.
#   Signatures are looked for where a trust policy says whose are believed
#   (--trust); without one this does not apply in hardened, since images that one
#   builds oneself carry none, and is unknown in strict.
# custom:
#   id: SUP-004
#   severity: high
#   pack: strict
#   controls: []
#   remediation: "Have the builder sign its provenance with a key of the trust policy."
#   inputs: ["signatures"]
#   since: 0.1.0
package seaworthy.rules.SUP_004

import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.attested

unknown contains u if some u in lib.unattested

not_applicable contains n if some n in lib.unattested_not_applicable

found contains lib.finding("SUP-004", c, {
	"path": "",
	"origin": c.image.origin,
	"actual": reasons(c),
	"expected": "a provenance signed by a key of the trust policy",
	"key": "provenance",
	"message": sprintf("the provenance of image %s of %s is not to be believed: %s", [c.image.reference, c.id, reasons(c)]),
	"fix": "have the builder sign its provenance with a key of the trust policy",
}) if {
	some c in lib.attested
	count(lib.claimed_provenances(c)) > 0
	count(lib.verified_provenances(c)) == 0
}

reasons(c) := lib.one_line({reason(a) | some a in lib.claimed_provenances(c)})

reason(a) := a.reason if {
	not a.verified
} else := "it names no builder"

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
