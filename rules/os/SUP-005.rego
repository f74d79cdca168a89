# METADATA
# scope: package
# title: "Image from a builder that is not trusted"
# description: |-
#   Verified provenance names a builder that is not in data.params.trusted_builders. An
#   attacker who controls this builder controls the image. An entry is the whole name of
#   a builder, or the start of a name and a star. With an empty list, the rule is not
#   applicable. Signatures are checked only with a trust policy (--trust). Without one,
#   the rule is not applicable in hardened, because images that you build yourself have
#   no signature. In strict it is unknown.
# custom:
#   id: SUP-005
#   severity: high
#   pack: hardened
#   controls: []
#   remediation: "Build the image with a trusted builder, or add it to data.params.trusted_builders."
#   inputs: ["signatures"]
#   since: 0.1.0
package seaworthy.rules.SUP_005

import data.seaworthy.given
import data.seaworthy.lib

# Provenance without a trusted signature proves nothing. SUP-003 and SUP-004 report it.
checked contains lib.resource(c) if {
	some c in lib.attested
	asked(c)
	count(lib.verified_provenances(c)) > 0
}

unknown contains u if some u in lib.unattested

unknown contains {"resource": lib.resource(c), "reason": "it has no verified provenance (SUP-003, SUP-004)"} if {
	some c in lib.attested
	asked(c)
	count(lib.verified_provenances(c)) == 0
}

not_applicable contains n if some n in lib.unattested_not_applicable

not_applicable contains {"resource": lib.resource(c), "reason": "data.params.trusted_builders names no builder"} if {
	some c in lib.attested
	not asked(c)
}

asked(_) if count(given.params.trusted_builders) > 0

found contains lib.finding("SUP-005", c, {
	"path": "",
	"origin": c.image.origin,
	"actual": a.provenance.builder,
	"expected": given.params.trusted_builders,
	"key": sprintf("builder:%s", [a.provenance.builder]),
	"message": sprintf("image %s of %s was built by %s, which is not a trusted builder", [c.image.reference, c.id, a.provenance.builder]),
	"fix": "build the image with a trusted builder, or add this one to data.params.trusted_builders",
}) if {
	some c in lib.attested
	asked(c)
	some a in lib.verified_provenances(c)
	not trusted(a.provenance.builder)
}

trusted(builder) if {
	some pattern in given.params.trusted_builders
	lib.matches_pattern(pattern, builder)
}
