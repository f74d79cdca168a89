# METADATA
# scope: package
# title: "Provenance without a trusted signature"
# description: |-
#   Provenance exists beside the image, but no trusted key signed it, so an attacker
#   could have written it. Or the signed provenance names no builder. Signatures are
#   checked only with a trust policy (--trust). Without one, the rule is not applicable
#   in hardened, because images that you build yourself have no signature. In strict it
#   is unknown.
# custom:
#   id: SUP-004
#   severity: high
#   pack: strict
#   controls: []
#   remediation: "Let the builder sign its provenance with a key of the trust policy."
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
	"expected": "provenance that is signed by a key of the trust policy",
	"key": "provenance",
	"message": sprintf("the provenance of image %s of %s is not trusted: %s", [c.image.reference, c.id, reasons(c)]),
	"fix": "let the builder sign its provenance with a key of the trust policy",
}) if {
	some c in lib.attested
	count(lib.claimed_provenances(c)) > 0
	count(lib.verified_provenances(c)) == 0
}

reasons(c) := lib.one_line({reason(a) | some a in lib.claimed_provenances(c)})

reason(a) := a.reason if {
	not a.verified
} else := "it names no builder"
